"""A clip in the made-up air whose blocks go into the log of the clip's own C code, which its SMP server gives out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from tests.device.core.rig import Clip
from tests.host.links.fake_ble import AirClip
from tests.host.links.fake_smp import FakeSmp
from tests.host.recording.made import running
from tests.host.session.made import counts, hello
from trendel.wire.log_image import SECTOR_BYTES
from trendel.wire.packets import decode
from trendel.wire.settings import DTYPES


def values(seconds: float, rate_hz: float = 208.0, seed: int = 1) -> np.ndarray:
    """(n, 6) counts of somebody running."""
    _, acc, gyr = running(seconds, rate_hz, seed=seed)
    samples = counts(acc, gyr)
    return np.column_stack((samples["acc"], samples["gyr"]))


@dataclass
class LoggedClip:
    """`made`: every block so far, of all boots. `go` lets it measure; `lose` decides of each block whether the air
    loses it."""

    clip: Clip
    rate_hz: float = 208.0
    lose: Callable[[], bool] = lambda: False
    air: AirClip = field(init=False)
    made: list[bytes] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)
    time_us: int = 1_000_000

    def __post_init__(self) -> None:
        memory = self.clip.core.ffi.buffer(self.clip.nor.bytes, self.clip.sector_n * SECTOR_BYTES)
        smp = FakeSmp(files={"/log/flash": memoryview(memory), "/log/sectors": self.table}, buf_size=1024)
        self.air = AirClip("Anna", "C0:00:00:00:00:01", [self.hello()], [], smp=smp)

    def hello(self) -> bytes:
        """Of now."""
        return hello(self.clip.log.boot_n, self.time_us)

    def go(self, measured: np.ndarray) -> None:
        """Measure, log and send."""
        dt_ns = round(1e9 / self.rate_hz)
        for raw in self.clip.add(measured, self.time_us, dt_ns):
            self.made.append(raw)
            if self.air.client is not None and self.air.client.callback is not None and not self.lose():
                self.sent.append(raw)
                self.air.client.callback(bytearray(raw))
        self.time_us += len(measured) * dt_ns // 1000
        self.air.preamble = [self.hello()]

    def restart(self) -> None:
        """Power is lost and comes back."""
        self.air.drop()
        self.clip.boot()
        self.time_us = 1_000_000
        self.air.preamble = [self.hello()]

    def logged(self) -> set[bytes]:
        """Blocks that are in the log now."""
        return {block.header.tobytes() + block.samples.tobytes() for block in self.clip.blocks()}

    def table(self) -> bytes:
        """File /log/sectors."""
        log, lib = self.clip.log, self.clip.core.lib
        assert lib.trendel_recorder_flush(self.clip.recorder) == 0
        head = np.zeros((), DTYPES["LogSectorsHeader"])
        head["version"], head["sector_n"], head["sector_bytes"] = 1, self.clip.sector_n, SECTOR_BYTES
        head["boot_n"], head["next_sequence"] = log.boot_n, log.next_sequence
        head["open_sector_i"] = [log.open[k].sector_i for k in range(2)]
        head["open_offset"] = [log.open[k].offset for k in range(2)]
        rows = np.zeros(self.clip.sector_n, DTYPES["LogSectorRow"])
        for i in range(self.clip.sector_n):
            sector = log.sectors[i]
            rows[i] = (sector.sequence, sector.class_id, sector.keep, sector.released, sector.bad)
        return head.tobytes() + rows.tobytes()

    def times_of(self, blocks: set[bytes]) -> list[int]:
        """(boot, number) of blocks, in order."""
        return sorted((int(h["boot"]) << 32) + int(h["sequence"]) for h in (decode(b).header for b in blocks))  # type: ignore[union-attr]
