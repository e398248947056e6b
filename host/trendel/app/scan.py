"""`trendel scan`: which clips can be reached, and by which name."""

import asyncio
import json
from typing import Any

from trendel.app.screen import say, stdout_console
from trendel.errors import LinkError


def scan_clips(seconds: float, *, as_json: bool) -> None:
    """List the clips on Bluetooth and USB. What cannot be searched is said; raises LinkError where nothing can."""
    found: list[dict[str, Any]] = []
    troubles: list[str] = []
    for search in (_usb, lambda: _ble(seconds)):
        try:
            found += search()
        except LinkError as error:
            troubles.append(str(error))
    if len(troubles) == 2:
        raise LinkError(" ".join(troubles))
    say(troubles)
    if as_json:
        print(json.dumps({"clips": found, "not_searched": troubles}, indent=2, ensure_ascii=False))
        return
    console = stdout_console()
    for clip in found:
        strength = f", heard at {clip['rssi_dbm']} dBm" if "rssi_dbm" in clip else ""
        console.print(f"{clip['link']}  {clip['name']}{strength}", markup=False, soft_wrap=True)
    if not found:
        console.print("No clip was found: wake it by moving it, bring it near, or plug it in.")


def _usb() -> list[dict[str, Any]]:
    from trendel.links.usb import clip_ports

    return [{"link": f"usb:{port.path}", "name": port.product, "serial": port.serial_number} for port in clip_ports()]


def _ble(seconds: float) -> list[dict[str, Any]]:
    from trendel.links.ble import scan

    clips = asyncio.run(scan(seconds))
    return [{"link": f"ble:{clip.address}", "name": clip.name, "rssi_dbm": clip.rssi_dbm} for clip in clips]
