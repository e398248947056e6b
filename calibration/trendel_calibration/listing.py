"""`trendel calibrate --history`: what was kept on this computer."""

from __future__ import annotations

import json

from rich.box import SIMPLE_HEAD
from rich.table import Table

from trendel.app.screen import stdout_console
from trendel.recording.calibration_store import calibrations_folder
from trendel.recording.calibration_store import history as kept


def list_history(serial: str | None, *, as_json: bool) -> None:
    """Print the calibrations of the clip `serial`, or of all, oldest first."""
    found = kept(serial)
    if as_json:
        print(json.dumps([s.record | {"file": str(s.path)} for s in found], indent=1))
        return
    console = stdout_console()
    if not found:
        console.print(f"No calibration is kept in {calibrations_folder()}.", markup=False, soft_wrap=True)
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("when (UTC)", "clip", "method", "who", "gravity left", "hash"):
        table.add_column(heading, no_wrap=True)
    for stored in found:
        r = stored.record
        rms = r.get("gravity_rms_mps2")
        table.add_row(
            str(r.get("when", ""))[:16].replace("T", " "),
            str(r.get("clip_serial") or "-"),
            str(r.get("method")),
            str(r.get("who") or "-"),
            f"{rms:.4f} m/s2" if isinstance(rms, float) else "-",
            str(r.get("hash") or "-"),
        )
    console.print(table)
