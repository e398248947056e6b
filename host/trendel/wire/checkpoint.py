"""Kernel states from their parts, as the clip's log keeps them: restored, the kernels go on with the same bits."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

from trendel.wire.packets import CheckpointPart


@dataclass(frozen=True)
class Checkpoint:
    """A whole kernel state.

    Attributes:
        boot: of the clip, modulo 65536.
        sample_i: samples that it has taken; the next one has this index.
        layout_hash: of the kernels' state.
        param_hash: of the kernels' parameters.
        state: its bytes.
    """

    boot: int
    sample_i: int
    layout_hash: int
    param_hash: int
    state: bytes


@dataclass
class Checkpoints:
    """Gathers parts in the order in which the log has them; holds at most one state (layout.CHECKPOINT_MAX bytes).

    Attributes:
        broken_n: states of which a part was missing or wrong.
    """

    broken_n: int = 0
    _identity: tuple[int, ...] = ()
    _held: bytearray = field(default_factory=bytearray)

    def add(self, part: CheckpointPart) -> Checkpoint | None:
        """Take a part; the state that it completes, else None. A state with a hole is given up and counted."""
        h = part.header
        identity = tuple(int(h[n]) for n in ("boot", "sample_i", "layout_hash", "param_hash", "state_crc", "state_n"))
        if identity != self._identity or int(h["offset"]) != len(self._held):
            self.broken_n += bool(self._held)
            self._held.clear()
            self._identity = identity
            if h["offset"] != 0:
                self.broken_n += 1
                self._identity = ()
                return None
        self._held += part.body
        if len(self._held) < int(h["state_n"]):
            return None
        state, self._held, self._identity = bytes(self._held), bytearray(), ()
        if zlib.crc32(state) != int(h["state_crc"]):
            self.broken_n += 1
            return None
        boot, sample_i, layout_hash, param_hash = identity[:4]
        return Checkpoint(boot, sample_i, layout_hash, param_hash, state)
