"""The simulated clip: the clip's own C, on an emulated IMU, flash, store and radio. Bytes in, bytes out."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from trendel.wire.layout import RESETS, STATES
from trendel_core.binding import load
from trendel_core.kernels import kernel_functions
from trendel_core.rates import RATES_HZ, nominal_rate

__all__ = ["FILES", "RATES_HZ", "STATES", "Outputs", "Sent", "SettingRefusedError", "SimulatedClip"]
FILES = ("/log/flash", "/log/sectors", "/faults")
POWER_ON, WATCHDOG, SOFTWARE, BROWN_OUT = map(RESETS.index, ("power_on", "watchdog", "software", "brownout"))
"""Reasons of a reset."""
_SENT = struct.Struct("<QH")
_VALUE_MAX = 4112


class SettingRefusedError(Exception):
    """A write, read or deletion of a setting that the clip refused; `code` as in docs/settings.md."""

    def __init__(self, key: str, code: int) -> None:
        super().__init__(f"The clip refuses {key} (code {code}).")
        self.code = code


@dataclass(frozen=True)
class Sent:
    """A packet as it left the radio; time_us: on the simulation's clock."""

    time_us: int
    raw: bytes


@dataclass(frozen=True)
class Outputs:
    """What the clip shows from time_us (of the simulation) on: light, vibration, advertising, its alert flag."""

    time_us: int
    light: bool
    vibration: bool
    advertising: bool
    advertised: int


class SimulatedClip:
    """A clip that is worn by a recording.

    Its clock is turned by advance(). Times given and returned are microseconds of the simulation: they go on over
    reboots; packets hold the clip's own, from its boot on. Nothing happens between calls. For one thread at a time.

    Args:
        counts: (n, 6) int16, accelerometer and gyroscope at 16 g and 2000 deg/s, one row each true interval. Before
            play(), and after its end, the clip rests in the recording's mean attitude.
        rate_hz: true rate of the rows. The clip is set to the nearest of RATES_HZ; one that is off by more than a
            hundredth is taken as an IMU of another make, and the hello says its rate. Set to another rate by its
            settings, the clip gets rows again, or some of them only.
        sectors: of 4 KiB in the log. records_quota: of them for strides and events (default: as 280 of 512).
        boot: False leaves it without power until reboot().

    Raises CoreError without a C compiler.
    """

    def __init__(
        self,
        counts: npt.NDArray[np.int16],
        rate_hz: float,
        *,
        serial: int = 1,
        firmware: tuple[int, int, int, int] = (0, 0, 0, 0),
        firmware_hash: int = 0,
        hardware: int = 0,
        sensor: int = 0,
        sectors: int = 512,
        records_quota: int | None = None,
        clock_ppm: float = 0.0,
        boot: bool = True,
    ) -> None:
        core, kernels = load(), kernel_functions()
        self._ffi, self._lib = core.ffi, core.lib
        new = self._ffi.new
        counts = np.ascontiguousarray(counts, dtype="<i2")
        if counts.ndim != 2 or counts.shape[1] != 6 or not len(counts):
            raise ValueError(f"counts have the shape {counts.shape}; they must be (n, 6).")
        self._counts, self.rate_hz = counts, float(rate_hz)
        self.rows_n = len(counts)
        nominal, told_ppm = nominal_rate(rate_hz)
        self._sim, self._kernels = new("sim_clip_t *"), kernels
        functions = new("trendel_kernels_t *")
        # The same signature, but that numba's pointers are to structs of other names.
        functions.init = self._ffi.cast(self._ffi.typeof(functions.init), kernels.init)
        functions.step = self._ffi.cast(self._ffi.typeof(functions.step), kernels.step)
        functions.layout_hash, functions.kernel_hash = kernels.layout_hash, kernels.kernel_hash
        identity = new(
            "trendel_identity_t *",
            {
                "serial": serial,
                "firmware": list(firmware),
                "firmware_hash": firmware_hash,
                "hardware": hardware,
                "sensor": sensor,
            },
        )
        samples = self._ffi.from_buffer("trendel_imu_sample_t[]", counts)
        quota = records_quota if records_quota is not None else max(1, sectors * 280 // 512)
        dt_ns = 1e9 / rate_hz * (1.0 + clock_ppm * 1e-6)
        odr_code = round(np.log2(nominal / 26)) + 2
        if not self._lib.sim_clip_open(
            self._sim, functions, identity, samples, len(counts), dt_ns, odr_code, told_ppm, sectors, quota
        ):
            raise MemoryError
        self._samples = samples
        rest = np.rint(counts[:, :3].mean(axis=0, dtype=np.float64)).astype(int)
        self._sim.imu.rest.acc = rest.tolist()
        self._payload_n, self._connected, self._subscribed = 0, False, False
        if nominal != 208:  # as a clip that was set to that rate before it was switched on
            raw = struct.pack("<BBH", 1, 0, nominal)
            self.store_setting("rate_hz", raw + zlib.crc32(raw).to_bytes(4, "little"))
        if boot:
            self.reboot(POWER_ON)

    def store_setting(self, key: str, value: bytes) -> None:
        """Put bytes into the store as they are, good or not: what a clip finds there at its next boot."""
        if len(value) > _VALUE_MAX:
            raise ValueError(f"A value of {len(value)} bytes is too long.")
        place = self._sim.store[self._key(key)]
        place.n, place.bytes[0 : len(value)] = len(value), value

    # ---- time and power ----

    @property
    def now_us(self) -> int:
        """The simulation's clock."""
        return int(self._sim.now_us)

    @property
    def clip_us(self) -> int:
        """The clip's own clock: since its boot."""
        return int(self._lib.sim_clip_time_us(self._sim))

    @property
    def powered(self) -> bool:
        """False after power was cut, until reboot()."""
        return bool(self._sim.on)

    @property
    def state(self) -> str:
        """Of STATES."""
        return STATES[self._sim.clip.sampling.state]

    @property
    def boot_n(self) -> int:
        """Boots so far."""
        return int(self._sim.clip.log.boot_n)

    def advance(self, to_us: int) -> bool:
        """Turn the clock on to to_us. False if the clip has no power (any more)."""
        return bool(self._lib.sim_clip_advance(self._sim, int(to_us)))

    def play(self) -> None:
        """The recording begins: with the first sample that the clip keeps if it is sampling, else at once."""
        self._lib.sim_clip_play(self._sim)

    @property
    def played_n(self) -> int:
        """Rows of the recording that have happened, 0 to rows_n."""
        past = (self.now_us * 1e3 - self._sim.imu.play_ns) / self._sim.imu.row_ns
        return min(max(0, int(np.floor(past)) + 1), self.rows_n)

    def reboot(self, reason: int = SOFTWARE) -> int:
        """Reset, for one of the reasons above; the host is gone then. What waits is lost (flush() commits it). Returns
        0, or the log's error."""
        self._payload_n, self._connected, self._subscribed = 0, False, False
        return int(self._lib.sim_clip_boot(self._sim, reason))

    def set_firmware(self, version: tuple[int, int, int, int]) -> None:
        """What the hello says of the firmware from the next boot on."""
        self._sim.world.identity.firmware[0:4] = list(version)

    def cut_power(self, operations: int | None = None, tear: int = 0) -> None:
        """Power goes: now, or within the flash operation after so many (tear: 0 prefix, 1 bits, 2 unstable)."""
        if operations is None:
            self._sim.on = False
            self._sim.nor.off = True
        else:
            self._sim.nor.cut_at, self._sim.nor.tear = self._sim.nor.operation_n + operations, tear

    def flush(self) -> None:
        """Commit what waits: before a reset that was asked for."""
        self._lib.trendel_clip_flush(self._clip)

    @property
    def _clip(self) -> Any:
        return self._ffi.addressof(self._sim, "clip")

    # ---- the host ----

    def connect(self, mtu: int = 247) -> None:
        """A host has connected; ATT MTU. It gets packets once it has subscribed."""
        self._connected, self._payload_n = True, mtu - 3
        self._tell_host()

    def subscribe(self, on: bool = True) -> None:
        """The host wants the stream (again), or no longer."""
        self._subscribed = on
        self._tell_host()

    def disconnect(self) -> None:
        """The host has gone; what waited for it is dropped and counted."""
        self._connected = self._subscribed = False
        self._tell_host()

    def _tell_host(self) -> None:
        if not self.powered:
            return
        host = (self._connected, self._subscribed, min(self._payload_n, 65535))
        self._lib.trendel_clip_host(self._clip, self._ffi.new("trendel_host_t *", host), self.clip_us)

    @property
    def budget(self) -> int | None:
        """Packets that the radio will still take; None: any number. Set it, then pump() or advance()."""
        return None if self._sim.budget < 0 else int(self._sim.budget)

    @budget.setter
    def budget(self, packets: int | None) -> None:
        self._sim.budget = -1 if packets is None else packets

    def pump(self) -> int:
        """The radio has room: packets that still wait."""
        return int(self._lib.trendel_clip_pump(self._clip)) if self.powered else 0

    @property
    def dropped_n(self) -> int:
        """Packets dropped since boot because the queue was full or the host had gone."""
        return int(self._sim.clip.dropped_n)

    def take_sent(self) -> list[Sent]:
        """The packets that have left since the last call, in order."""
        raw = bytes(self._ffi.buffer(self._sim.sent, self._sim.sent_n)) if self._sim.sent_n else b""
        self._sim.sent_n = 0
        found, at = [], 0
        while at < len(raw):
            time_us, n = _SENT.unpack_from(raw, at)
            at += _SENT.size + n
            found.append(Sent(time_us, raw[at - n : at]))
        return found

    # ---- settings and files ----

    def _key(self, name: str) -> int:
        return int(self._lib.trendel_clip_key(name.encode(), len(name.encode())))

    def setting_set(self, key: str, value: bytes) -> None:
        """Write a setting. Raises SettingRefusedError."""
        code = self._lib.trendel_clip_setting_write(self._clip, self._key(key), value, len(value), self.clip_us)
        if code:
            raise SettingRefusedError(key, code)

    def setting_get(self, key: str) -> bytes:
        """Read a setting. Raises SettingRefusedError."""
        into, n = self._ffi.new("uint8_t[]", _VALUE_MAX), self._ffi.new("size_t *")
        code = self._lib.trendel_clip_setting_read(self._clip, self._key(key), into, _VALUE_MAX, n)
        if code:
            raise SettingRefusedError(key, code)
        return bytes(self._ffi.buffer(into, n[0]))

    def setting_delete(self, key: str) -> None:
        """Forget a setting: the default is used again. Raises SettingRefusedError."""
        code = self._lib.trendel_clip_setting_delete(self._clip, self._key(key))
        if code:
            raise SettingRefusedError(key, code)

    def file_bytes(self, path: str) -> int:
        """Bytes of a file of FILES. Raises FileNotFoundError."""
        return int(self._lib.trendel_clip_file_bytes(self._clip, self._file(path)))

    def read_file(self, path: str, offset: int = 0, n: int | None = None) -> bytes:
        """Bytes of a file of FILES from an offset on; fewer than n at its end. Raises FileNotFoundError."""
        file = self._file(path)
        wanted = self.file_bytes(path) - offset if n is None else n
        if wanted <= 0:
            return b""
        into = self._ffi.new("uint8_t[]", wanted)
        got = self._lib.trendel_clip_file_read(self._clip, file, offset, into, wanted, self.clip_us)
        return bytes(self._ffi.buffer(into, got))

    def log_entries(self, class_id: int) -> list[bytes]:
        """The packets of a class (0 records, 1 raw) that are committed in the log, as the clip itself reads them."""
        reader = self._ffi.new("trendel_log_reader_t *", {"class_id": class_id})
        out, found = self._ffi.new("uint8_t[2048]"), []
        while n := self._lib.trendel_log_next(self._ffi.addressof(self._sim.clip, "log"), reader, out):
            found.append(bytes(self._ffi.buffer(out, n)))
        return found

    def _file(self, path: str) -> int:
        file = int(self._lib.trendel_clip_file(path.encode(), len(path.encode())))
        if file >= len(FILES):
            raise FileNotFoundError(path)
        return file

    # ---- the world ----

    @property
    def battery(self) -> tuple[int, int]:
        """(per cent, millivolts)."""
        return int(self._sim.battery.percent), int(self._sim.battery.mv)

    @battery.setter
    def battery(self, level: tuple[int, int]) -> None:
        self._sim.battery.percent, self._sim.battery.mv = level

    def charger(self) -> None:
        """The charger is connected: the way out of shipping."""
        self._lib.trendel_clip_charger(self._clip, self.clip_us)

    def mark(self) -> None:
        """A tap on the clip."""
        self._lib.trendel_clip_mark(self._clip, self.clip_us)

    def break_imu(self, *, deaf: bool = False, stuck: bool = False) -> None:
        """The IMU no longer answers (deaf) or measures (stuck); both False mends it."""
        self._sim.imu.deaf, self._sim.imu.stuck = deaf, stuck

    @property
    def outputs(self) -> list[Outputs]:
        """Light, vibration and advertising as they changed; the last 512."""
        rows = [self._sim.outputs[i] for i in range(self._sim.outputs_n)]
        return [
            Outputs(row.time_us, o.light, o.vibration, o.advertising, o.advertised)
            for row in rows
            for o in [row.outputs]
        ]

    @property
    def parameters(self) -> bytes:
        """The kernels' parameters as the clip uses them."""
        return bytes(self._ffi.buffer(self._ffi.addressof(self._sim.clip, "params")))

    @property
    def kernel_state(self) -> bytes:
        """The kernels' state now."""
        return bytes(self._ffi.buffer(self._ffi.addressof(self._sim.clip, "state")))

    def close(self) -> None:
        """Give the memory back; may be called again."""
        if self._sim.nor.bytes != self._ffi.NULL:
            self._lib.sim_clip_close(self._sim)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
