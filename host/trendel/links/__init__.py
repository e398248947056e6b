"""Links to a clip: Bluetooth, USB, or a recording played again; one small protocol, chosen by one moniker.

    from trendel.links import make_link

Importing this stays light; bleak and pyserial are imported with the link that needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trendel.errors import LinkError
from trendel.links.moniker import Moniker, parse_moniker
from trendel.links.protocol import Arrival, Change, Link

if TYPE_CHECKING:
    from trendel.clock import Clock

__all__ = ["Arrival", "Change", "Link", "Moniker", "make_link", "parse_moniker"]


def make_link(text: str, *, clock: Clock | None = None) -> Link:
    """The link that the moniker `text` names, not opened yet. `clock`: the host's by default; a replay has its own.

    Raises LinkError for a moniker that is none, and where what the link needs is not installed."""
    from trendel.clock import HostClock

    moniker = parse_moniker(text)
    if moniker.scheme == "replay":
        from trendel.links.replay import ReplayLink

        return ReplayLink(moniker)
    if moniker.scheme == "ble":
        from trendel.links.ble import BleLink

        return BleLink(moniker, clock or HostClock())
    if moniker.scheme == "usb":
        from trendel.links.usb import UsbLink

        return UsbLink(moniker, clock or HostClock())
    raise LinkError(f"{moniker.scheme}: is not in this version: replay:RUN.csv plays a recording.")
