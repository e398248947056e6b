"""`trendel clip flash`: a new image onto a clip that runs, checked first; or the first one onto a bare board."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from trendel.app.clip_reach import STATUS_S, Reached, with_clip
from trendel.app.clip_selftest import trial
from trendel.app.progress import fraction_bar
from trendel.app.screen import stderr_console, stdout_console
from trendel.errors import FirmwareError
from trendel.links.firmware_image import Firmware, check_signature, read_firmware
from trendel.links.image_slots import read_slots
from trendel.links.update import Outcome, Patience, Update, check_fits


def flash(moniker: str, file: Path, key: Path | None, *, force: bool, as_json: bool) -> None:
    """Update the clip at `moniker`. Raises TrendelError before anything is changed; exit code 1 where the new image
    does not run in the end."""
    firmware = read_firmware(file)
    if key is not None:
        check_signature(firmware, key)

    with fraction_bar(f"sending {firmware.name}") as bar:

        async def work(clip: Reached) -> Outcome:
            return await update(clip, firmware, force=force, as_json=as_json, bar=bar)

        outcome = with_clip(moniker, work, certain=True)
    if as_json:
        print(json.dumps(_told(outcome, firmware)))
    else:
        stdout_console().print(outcome.sentence, markup=False, soft_wrap=True)
    if not outcome.good:
        raise SystemExit(1)


async def update(
    clip: Reached,
    firmware: Firmware,
    *,
    force: bool = False,
    as_json: bool = False,
    bar: Any = None,
    patience: Patience | None = None,
) -> Outcome:
    """Check, then update. Raises FirmwareError where it does not fit, and LinkError, with nothing changed."""
    slots = await read_slots(clip.management)
    running = next((slot for slot in slots if slot.active), None)
    if running is None:
        raise FirmwareError("The clip does not say which image it runs: it has no bootloader that can be updated over.")
    status = await clip.heard.status_within(STATUS_S)
    check_fits(firmware, int(clip.hello.fields["hardware"]), running, status, usb=clip.is_usb, force=force)
    console = stderr_console()

    def say(sentence: str) -> None:
        if as_json:
            print(json.dumps({"type": "progress", "sentence": sentence}), flush=True)
        else:
            console.print(sentence, markup=False, soft_wrap=True)

    say(f"{clip.name} runs {running.version}; {firmware.name} is {firmware.version_text}, {len(firmware.raw):,} bytes.")
    if firmware.version[:3] < running.numbers:
        say("It is older: the clip may refuse it, at once or at its restart.")
    tell = _teller(bar, as_json)
    known = set()  # what failed before is not the new image's fault: a clip with a broken sensor can be updated
    if running.hash != firmware.hash:
        known = {line.name for line in await trial(clip)}
        if known:
            say(f"It fails parts of its self-test already: {', '.join(sorted(known))}.")

    async def test() -> list[str]:
        return [line.sentence() for line in await trial(clip) if line.name not in known]

    work = Update(firmware, clip.management, clip.heard, test, say, tell)
    if patience is not None:
        work.patience = patience
    return await work.run()


def _teller(bar: Any, as_json: bool) -> Any:
    told = -1

    def tell(done: int, total: int) -> None:
        nonlocal told
        percent = 100 * done // total
        if bar is not None and not as_json:
            bar(done / total)
        elif as_json and percent // 10 != told:
            told = percent // 10
            print(json.dumps({"type": "upload", "sent": done, "of": total}), flush=True)

    return tell


def _told(outcome: Outcome, firmware: Firmware) -> dict[str, Any]:
    running = outcome.running
    return {
        "type": "outcome",
        "result": outcome.result,
        "file": firmware.name,
        "version": firmware.version_text,
        "hash": firmware.hash.hex(),
        "running": None
        if running is None
        else {"version": running.version, "hash": running.hash.hex(), "confirmed": running.confirmed},
        "sentence": outcome.sentence,
    }
