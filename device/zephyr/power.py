"""`python device/zephyr/power.py`: the clip's power budget, by arithmetic, as the table of docs/firmware.md.

Typical values at 3 V and 25 degrees, charge at the battery (the board's regulator is linear: what flows into the clip
flows out of the cell). Nothing of it was measured on a clip."""

from __future__ import annotations

from dataclasses import dataclass

CELL_MAH = 100.0
USABLE = 0.85  # down to 3.3 V, at some age, at 10 degrees

# (value, source). "*": the data sheet was not at hand when this was written; look it up before a board is made.
NRF = "nRF52840 product specification"
TX_MA = (11.2, f"{NRF}: between 6.40 mA at 0 dBm and 16.40 mA at +8 dBm, 1 Mbit/s, DC/DC; +4 dBm *")
RX_MA = (6.26, f"{NRF}: radio receiving, 1 Mbit/s, DC/DC")
CPU_MA = (3.3, f"{NRF}: CPU running CoreMark from flash, cache, DC/DC *")
SLEEP_MA = (0.0032, f"{NRF}: System ON, all RAM kept, RTC *")
TWIM_MA = (0.7, f"{NRF}: TWIM at 400 kbit/s, and the clock that it keeps on *")
IMU_MA = (0.90, "LSM6DS3TR-C data sheet: accelerometer and gyroscope, high performance *")
IMU_WAKE_MA = (0.010, "LSM6DS3TR-C data sheet: accelerometer at 26 Hz, low power *")
NOR_WRITE_MA = (4.0, "P25Q16H data sheet: programming or erasing *")
NOR_PAGE_MS = (2.0, "P25Q16H data sheet: page program *")
NOR_ERASE_MS = (12.0, "P25Q16H data sheet: 4 KiB erase *")
BOARD_MA = (0.0056, "XIAO: whole board asleep on the cell, measured by a user (Seeed's forum, 274333)")
DIVIDER_MA = (4.0 / 1510.0, "battery over 1.51 MOhm, on for good (Seeed's schematic)")
MOTOR_MA = (80.0, "10 mm coin motor at 3 V: 60 to 100 mA by make *")
LIGHT_MA = (2.0, "one light through the board's resistor *")

# How much of it: the firmware's own figures.
RATE_HZ, BLOCK_N = 208.0, 18
BYTES_PER_SAMPLE, PACKED = 12.0, 1.6  # docs/log.md
INSTRUCTIONS_PER_SAMPLE, CYCLES_PER_INSTRUCTION = 7800.0, 1.5  # of the whole clip (`make bench-device`); waits, divides
CLOCK_HZ = 64e6
INTERVAL_S = 0.030  # of connection events (prj.conf)
PACKET_BYTES = 244 + 3 + 4 + 2 + 4 + 4 + 3 + 2  # ATT, L2CAP, header, MIC, access address, CRC, preamble
AIR_BITS_PER_S = 2e6
RAMP_S = 0.00014  # radio's start, twice an event
LISTEN_S = 0.00010  # a central's empty packet, and the window that waits for it
ISR_S = 0.00035  # CPU for one event
ADVERTISING_S, ADVERTISING_EVERY_S = 0.0016, 1.1  # three channels, each with a window for answers
ALERTS_PER_HOUR, ALERT_S = 4.0, 1.0


@dataclass(frozen=True)
class Row:
    """A part of the budget: mA averaged over time, when streaming to a host and when alone."""

    what: str
    streaming_ma: float
    alone_ma: float
    how: str


def rows() -> list[Row]:
    """The budget of a run, part by part."""
    blocks_per_s = RATE_HZ / BLOCK_N
    air = blocks_per_s * PACKET_BYTES * 8 / AIR_BITS_PER_S * TX_MA[0]
    events = (2 * RAMP_S * CPU_MA[0] + LISTEN_S * RX_MA[0] + 0.00005 * TX_MA[0]) / INTERVAL_S
    advertising = ADVERTISING_S / ADVERTISING_EVERY_S * (TX_MA[0] + RX_MA[0]) / 2
    cpu = RATE_HZ * INSTRUCTIONS_PER_SAMPLE * CYCLES_PER_INSTRUCTION / CLOCK_HZ * CPU_MA[0]
    radio_cpu = ISR_S / INTERVAL_S * CPU_MA[0]
    bus = RATE_HZ * BYTES_PER_SAMPLE * 9 / 400e3 * TWIM_MA[0]
    log_bytes_per_s = RATE_HZ * BYTES_PER_SAMPLE / PACKED
    pages, erasures = log_bytes_per_s / 256, log_bytes_per_s / 4096
    log = (pages * NOR_PAGE_MS[0] + erasures * NOR_ERASE_MS[0]) / 1e3 * NOR_WRITE_MA[0]
    alerts = ALERTS_PER_HOUR * ALERT_S / 3600 * (MOTOR_MA[0] + LIGHT_MA[0])
    rest = SLEEP_MA[0] + BOARD_MA[0] + DIVIDER_MA[0]
    return [
        Row("IMU at 208 Hz", IMU_MA[0], IMU_MA[0], IMU_MA[1]),
        Row("radio, samples", air, 0.0, f"{blocks_per_s:.1f} packets a second of {PACKET_BYTES} bytes; {TX_MA[1]}"),
        Row("radio, connection or advertising", events, advertising, f"each 30 ms, or each 1.1 s; {RX_MA[1]}"),
        Row("CPU, kernels and log", cpu, cpu, f"7,800 instructions a sample at 1.5 cycles; {CPU_MA[1]}"),
        Row("CPU, radio", radio_cpu, 0.0, "0.35 ms a connection event, assumed"),
        Row("I2C", bus, bus, TWIM_MA[1]),
        Row("log", log, log, f"{log_bytes_per_s:.0f} bytes a second; {NOR_WRITE_MA[1]}"),
        Row("vibration and light", alerts, alerts, f"4 alerts an hour of 1 s; {MOTOR_MA[1]}"),
        Row("sleep, regulator, divider", rest, rest, f"{BOARD_MA[1]}; {DIVIDER_MA[1]}; {SLEEP_MA[1]}"),
    ]


def hours(current_ma: float) -> float:
    """How long the cell lasts."""
    return CELL_MAH * USABLE / current_ma


def table() -> str:
    """The budget as Markdown."""
    parts = rows()
    streaming, alone = sum(row.streaming_ma for row in parts), sum(row.alone_ma for row in parts)
    idle = IMU_WAKE_MA[0] + ADVERTISING_S / ADVERTISING_EVERY_S * (TX_MA[0] + RX_MA[0]) / 2 + parts[-1].alone_ma
    lines = ["| part | streaming, mA | alone, mA | from |", "|---|---|---|---|"]
    lines += [f"| {row.what} | {row.streaming_ma:.3f} | {row.alone_ma:.3f} | {row.how} |" for row in parts]
    lines += [
        f"| **all** | **{streaming:.2f}** | **{alone:.2f}** | |",
        f"| hours from {CELL_MAH:.0f} mAh, {USABLE:.0%} usable | {hours(streaming):.0f} | {hours(alone):.0f} | |",
        f"| on the belt, not moved | | {idle:.3f} | {hours(idle) / 24:.0f} days |",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
