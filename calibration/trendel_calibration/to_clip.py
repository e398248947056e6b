"""Writing a calibration to a clip: checked against what the clip says of itself, written, read back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from trendel.app.calibration_choice import read_record
from trendel.errors import CalibrationError
from trendel.links import Link, make_link
from trendel.links.intake import clip_name
from trendel.links.protocol import Arrival
from trendel.recording.calibration import check_belongs, hash_of, setting_of
from trendel.recording.calibration_store import nearest
from trendel.recording.clip_metadata import about_clip
from trendel.wire.packets import Hello

NEAREST = "nearest"
_HELLO_S = 15.0


def write_to_clip(moniker: str, wanted: str | Mapping[str, Any]) -> str:
    """Write the record to the clip at `moniker`; a sentence about it.

    wanted: a record, the file of one, or 'nearest': the clip's nearest in time of the history. Raises CalibrationError
    where it is of another clip, sensor or range, before anything is changed, and LinkError."""
    if isinstance(wanted, str) and wanted != NEAREST:
        wanted = read_record(Path(wanted))
        setting_of(wanted, "the calibration")
    return asyncio.run(_written(make_link(moniker), wanted))


async def _written(link: Link, wanted: str | Mapping[str, Any]) -> str:
    async with link:
        try:
            hello = await asyncio.wait_for(_hello(link), _HELLO_S)
        except TimeoutError:
            raise CalibrationError(
                f"{link.moniker}: the clip does not say who it is, so nothing was written."
            ) from None
        about = about_clip(hello)
        if isinstance(wanted, str):
            stored = nearest(about, datetime.now(UTC))
            if stored is None:
                raise CalibrationError(
                    f"no calibration of clip {clip_name(hello)} at its range is kept: calibrate it first."
                )
            wanted = stored.record
        check_belongs(wanted, about, "the calibration")
        value = setting_of(wanted, "the calibration")
        before = int(hello.fields["calibration_hash"])
        # Events have to be taken, or the link holds them all.
        taking = asyncio.create_task(_take(link))
        try:
            await link.management.set("calibration", value)
            back = await link.management.get("calibration")
        finally:
            taking.cancel()
            await asyncio.gather(taking, return_exceptions=True)
    if back != value:
        raise CalibrationError(f"clip {clip_name(hello)}: what was read back is not what was written: try again.")
    replaced = f", in place of {before:08x}" if before else ""
    return f"Written to clip {clip_name(hello)} and read back: {hash_of(value)}{replaced}."


async def _hello(link: Link) -> Hello:
    async for event in link.events():
        if isinstance(event, Arrival) and isinstance(event.received.packet, Hello):
            return event.received.packet
    raise CalibrationError(f"{link.moniker}: the link ended before the clip said who it is; nothing was written.")


async def _take(link: Link) -> None:
    async for _ in link.events():
        pass
