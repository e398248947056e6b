"""`trendel clip info`, `faults`, `selftest`, `restart`: what a clip is and how it is."""

from __future__ import annotations

import contextlib
import json
import math
from typing import Any

from smpclient.requests.os_management import BootloaderInformationRead

from trendel.app.clip_reach import STATUS_S, Reached, with_clip
from trendel.app.clip_selftest import Line, faults_of, selftest
from trendel.app.clip_selftest import as_json as lines_as_json
from trendel.app.screen import stdout_console
from trendel.errors import LinkError, WireError
from trendel.links.image_slots import Slot, read_slots, reset
from trendel.links.log_reading import read_table
from trendel.links.management import RefusedError
from trendel.wire.boards import board_name
from trendel.wire.layout import STATES
from trendel.wire.packets import Hello
from trendel.wire.settings import Sectors, decode_setting

_NOT_TOLD = "not told"
_RESTART_S = 60.0


def show_info(moniker: str, *, as_json: bool) -> None:
    """Print it. Raises TrendelError."""
    found = with_clip(moniker, info)
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    console = stdout_console()
    for line in _lines(found):
        console.print(line, markup=False, soft_wrap=True)


async def info(clip: Reached) -> dict[str, Any]:
    """Everything that the clip tells; None where it does not. Raises LinkError."""
    fields = clip.hello.fields
    status = await clip.heard.status_within(STATUS_S)
    return {
        "name": clip.hello.name.rstrip("\0"),
        "serial": f"{clip.serial:016x}",
        "hardware": {
            "board": int(fields["hardware"]),
            "name": board_name(int(fields["hardware"])),
            "sensor": f"WHO_AM_I {int(fields['sensor']):#04x}" if fields["sensor"] else None,
            "rate_hz": int(fields["rate_mhz"]) / 1e3,
            "range_code": int(fields["range_code"]),
        },
        "firmware": {
            "version": ".".join(str(int(part)) for part in fields["firmware"][:3]),
            "changed_sources": bool(fields["firmware"][3]),
            "source_hash": f"{int(fields['firmware_hash']):08x}",
            "layout_hash": f"{int(fields['layout_hash']):08x}",
            "kernel_layout_hash": f"{int(fields['kernel_layout_hash']):08x}",
            "kernel_hash": f"{int(fields['kernel_hash']):08x}",
            "parameter_hash": f"{int(fields['param_hash']):08x}",
        },
        "images": await _images(clip),
        "bootloader": await _bootloader(clip),
        "calibration": await _calibration(clip),
        "bonds": None,  # no clip tells its bonds: only the two that are bonded know
        "boots": clip.hello.boot_n,
        "state": STATES[int(status["state"])] if 0 <= status.get("state", -1) < len(STATES) else None,
        "battery": {"percent": _known(status, "battery_percent"), "mv": _known(status, "battery_mv")},
        "log": await _log(clip, status),
        "faults": await _faults(clip),
    }


async def _images(clip: Reached) -> list[dict[str, Any]] | None:
    try:
        return [_slot(slot) for slot in await read_slots(clip.management)]
    except RefusedError:
        return None


def _slot(slot: Slot) -> dict[str, Any]:
    marks = ("active", "confirmed", "pending", "permanent")
    return {
        "slot": slot.slot,
        "version": slot.version,
        "hash": slot.hash.hex(),
        "marks": [mark for mark in marks if getattr(slot, mark)],
    }


async def _bootloader(clip: Reached) -> str | None:
    with contextlib.suppress(RefusedError):
        return (await clip.management.ask(BootloaderInformationRead, "its bootloader")).bootloader
    return None


async def _calibration(clip: Reached) -> dict[str, Any] | None:
    try:
        record = decode_setting("calibration", await clip.management.get("calibration"))
    except (RefusedError, WireError):
        return None
    shown = {name: [float(x) for x in record[name]] for name in ("acc_matrix", "acc_bias", "gyr_matrix", "gyr_bias")}
    used = int(clip.hello.fields["calibration_hash"]) == int(record["crc"])
    return {"hash": f"{int(record['crc']):08x}", "used": used} | shown


async def _log(clip: Reached, status: dict[str, float]) -> dict[str, Any]:
    try:
        table = await read_table(clip.management)
    except RefusedError:
        return {"bytes": int(clip.hello.fields["log_bytes"]), "used_percent": _known(status, "log_used_percent")}
    return log_summary(table)


def log_summary(table: Sectors) -> dict[str, Any]:
    """Sectors of the log by what is in them."""
    rows, size = table.sectors, int(table.header["sector_bytes"])
    used = rows["sequence"] > 0
    return {
        "bytes": len(rows) * size,
        "used_percent": round(100.0 * float(used.mean()), 1),
        "sectors": len(rows),
        "used": int(used.sum()),
        "records": int((used & (rows["class_id"] == 0)).sum()),
        "raw": int((used & (rows["class_id"] == 1)).sum()),
        "released": int((used & (rows["released"] > 0)).sum()),
        "bad": int((rows["bad"] > 0).sum()),
        "newest_sequence": int(rows["sequence"].max(initial=0)),
    }


async def _faults(clip: Reached) -> dict[str, int] | None:
    try:
        return await faults_of(clip)
    except RefusedError:
        return None


def _known(status: dict[str, float], name: str) -> float | None:
    value = status.get(name, math.nan)
    return None if math.isnan(value) else value


def _lines(found: dict[str, Any]) -> list[str]:
    hardware, firmware, log, battery = found["hardware"], found["firmware"], found["log"], found["battery"]
    lines = [
        f"{found['name'] or 'unnamed'}, serial {found['serial']}, boot {found['boots']}, "
        f"state {found['state'] or _NOT_TOLD}",
        f"board        {hardware['name']} ({hardware['board']}), sensor {hardware['sensor'] or 'simulated'}, "
        f"{hardware['rate_hz']:g} Hz",
        f"firmware     {firmware['version']}{' from changed sources' if firmware['changed_sources'] else ''}, "
        f"sources {firmware['source_hash']}",
        f"hashes       kernels {firmware['kernel_hash']}, their layout {firmware['kernel_layout_hash']}, parameters "
        f"{firmware['parameter_hash']}, records {firmware['layout_hash']}",
    ]
    for image in found["images"] or []:
        marks = ", ".join(image["marks"]) or "not marked"
        lines.append(f"image {image['slot']}      {image['version']}, {marks}, {image['hash'][:16]}")
    if found["images"] is None:
        lines.append(f"images       {_NOT_TOLD}")
    calibration = found["calibration"]
    shown = "none" if calibration is None else calibration["hash"]
    if calibration is not None and not calibration["used"]:
        shown += ", used from the next start of sampling on"
    percent = _NOT_TOLD if battery["percent"] is None else f"{battery['percent']:.0f} %"
    volts = "" if battery["mv"] is None else f", {battery['mv'] / 1e3:.2f} V"
    sectors = f", {log['used']} of {log['sectors']} sectors, {log['released']} released" if "sectors" in log else ""
    fill = _NOT_TOLD if log["used_percent"] is None else f"{log['used_percent']:g} %"
    counted = {name: n for name, n in (found["faults"] or {}).items() if n}
    lines += [
        f"bootloader   {found['bootloader'] or _NOT_TOLD}",
        f"calibration  {shown}",
        f"bonds        {_NOT_TOLD}",
        f"battery      {percent}{volts}",
        f"log          {fill} of {log['bytes'] // 1024} KiB{sectors}",
        f"faults       {', '.join(f'{name} {n}' for name, n in counted.items()) or 'none counted'}",
    ]
    return lines


def show_faults(moniker: str, *, as_json: bool) -> None:
    """Print the clip's fault counters. Raises TrendelError."""
    counted = with_clip(moniker, faults_of)
    if as_json:
        print(json.dumps(counted, indent=2))
        return
    console = stdout_console()
    for name, n in counted.items():
        console.print(f"{n:>10}  {name}", markup=False)


def show_selftest(moniker: str, seconds: float, *, as_json: bool) -> None:
    """Run it and print it; exit code 1 where something fails. Raises TrendelError."""

    async def work(clip: Reached) -> tuple[str, list[Line]]:
        return clip.name, await selftest(clip, seconds)

    name, lines = with_clip(moniker, work)
    passed = all(line.passed is not False for line in lines)
    if as_json:
        print(json.dumps({"clip": name, "passed": passed, "tests": lines_as_json(lines)}, indent=2))
    else:
        console = stdout_console()
        words = {True: "pass", False: "FAIL", None: "  - "}
        for line in lines:
            text = f"{words[line.passed]}  {line.name}: {line.measured} ({line.limits})"
            console.print(text, markup=False, soft_wrap=True)
        console.print(f"{name} {'passes' if passed else 'FAILS'} its self-test.", markup=False)
    if not passed:
        raise SystemExit(1)


def restart(moniker: str) -> None:
    """Restart the clip, and wait until it is there again. Raises TrendelError."""

    async def work(clip: Reached) -> tuple[str, Hello]:
        try:
            await reset(clip.management)
        except RefusedError:
            raise
        except LinkError:
            pass  # only the answer was lost, or it restarts already
        return clip.name, await clip.heard.hello_within(_RESTART_S, not_of=clip.hello.boot_n)

    name, hello = with_clip(moniker, work)
    version = ".".join(str(int(part)) for part in hello.fields["firmware"][:3])
    print(f"{name} has restarted, boot {hello.boot_n}, firmware {version}.")
