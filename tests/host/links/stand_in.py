"""A stand-in for the clip's code, in Python: sends packets that were made before, keeps bytes of settings and files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field

from trendel.links.packetise import Timed
from trendel.links.sim.clip_code import MakeCode
from trendel.links.sim.outlet import Outlet
from trendel.wire.settings import encode_setting

OK, UNKNOWN, LENGTH = 0, 1, 2


@dataclass
class StandIn:
    """Follows ClipCode. What is refused waits, as on the clip; what comes while nobody subscribes is lost."""

    outlet: Outlet | None
    timed: list[Timed]
    end_s: float
    preamble: list[bytes] = field(default_factory=list)
    settings: dict[str, bytes] = field(default_factory=lambda: {"trendel/name": encode_setting("name", name=b"Anna")})
    files: dict[str, bytes] = field(default_factory=lambda: {"/log/flash": os.urandom(10_000)})
    advertised: int | None = 0
    restarts_n: int = 0
    subscribed: bool = False
    waiting: list[bytes] = field(default_factory=list)
    at: int = 0

    def advance(self, now_s: float) -> None:
        while self.at < len(self.timed) and self.timed[self.at].at_s <= now_s:
            if self.subscribed:
                self.waiting.append(self.timed[self.at].raw)
            self.at += 1
        self.pump()

    def pump(self) -> int:
        while self.waiting and self.outlet is not None and self.outlet.room_n:
            self.outlet.send(self.waiting.pop(0))
        return len(self.waiting)

    def host(self, *, connected: bool, subscribed: bool, payload_n: int) -> None:
        if subscribed and not self.subscribed:
            self.waiting = list(self.preamble)
        self.subscribed = subscribed

    def restart(self, *, orderly: bool, firmware: tuple[int, int, int, int], power_lost: bool = False) -> None:
        self.restarts_n += 1
        self.subscribed = False

    def close(self) -> None:
        pass

    def read_setting(self, key: str) -> tuple[int, bytes]:
        return (OK, self.settings[key]) if key in self.settings else (UNKNOWN, b"")

    def write_setting(self, key: str, value: bytes) -> int:
        if key not in self.settings:
            return UNKNOWN
        if len(value) > 64:
            return LENGTH
        self.settings[key] = value
        return OK

    def delete_setting(self, key: str) -> int:
        return UNKNOWN if self.settings.pop(key, None) is None else OK

    def file_size(self, path: str) -> int | None:
        return len(self.files[path]) if path in self.files else None

    def read_file(self, path: str, offset: int, n: int) -> bytes:
        return self.files[path][offset : offset + n]


def standing_in(timed: Iterable[Timed], made: list[StandIn] | None = None) -> MakeCode:
    """Makes stand-ins that send `timed`: what is due at 0 before its first block is said to each subscriber."""
    packets = list(timed)
    preamble = [packet.raw for packet in packets if packet.raw[0] in (2, 3)]
    rest = [packet for packet in packets if packet.raw[0] not in (2, 3)]

    def make(measured: object, faults: object, name: str, outlet: Outlet) -> StandIn:
        code = StandIn(outlet, rest, packets[-1].at_s + 0.1, preamble)
        if made is not None:
            made.append(code)
        return code

    return make
