"""Links to a clip: Bluetooth, USB, a recording played again, the simulated clip; one protocol, chosen by one moniker.

    from trendel.links import make_link

Importing this stays light; bleak and pyserial are imported with the link that needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trendel.links.moniker import Moniker, parse_moniker
from trendel.links.protocol import Arrival, Change, Link

if TYPE_CHECKING:
    from trendel.clock import Clock

__all__ = ["Arrival", "Change", "Link", "Moniker", "make_link", "parse_moniker"]


def make_link(text: str, *, clock: Clock | None = None, certain: bool = False) -> Link:
    """The link that the moniker `text` names, not opened yet. `clock`: the host's by default; replay and
    sim have their own. `certain`: over Bluetooth, wait until it is clear that no other clip has the same name.

    Raises LinkError for a moniker that is none, and where what the link needs is not installed."""
    from trendel.clock import HostClock

    moniker = parse_moniker(text)
    if moniker.scheme == "replay":
        from trendel.links.replay import ReplayLink

        return ReplayLink(moniker)
    if moniker.scheme == "ble":
        from trendel.links.ble import BleLink

        return BleLink(moniker, clock or HostClock(), certain=certain)
    if moniker.scheme == "usb":
        from trendel.links.usb import UsbLink

        return UsbLink(moniker, clock or HostClock())
    from trendel.links.sim import need_bumble

    need_bumble()
    from trendel.links.sim.link import SimLink

    return SimLink(moniker)
