"""A session: standing, walking, running, jumping and stops one after another, with turns; known at every instant."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from trendel.errors import ParameterError
from trendel.simulation.curve import F64, Curve, rise, zero
from trendel.simulation.gait import GaitParameters
from trendel.simulation.instants import Instants
from trendel.simulation.other import WALK_SPEED_MPS, Jumping, Standing, Walking
from trendel.simulation.running import RunningBout, Scales, Variability

KINDS = ("stand", "walk", "run", "jump")
BLEND_S = 1.0  # one segment fades into the next over this time, half of it on either side


@dataclass(frozen=True)
class Fatigue:
    """Drop that grows with time since the session began: by `left_deg`, `right_deg` between the two times.

    Before `start_s` nothing grows, after `end_s` it stays. Raises ParameterError.
    """

    left_deg: float = 0.0
    right_deg: float = 0.0
    start_s: float = 0.0
    end_s: float = 1800.0
    course: str = "linear"  # or "sigmoid": slow, fast about the middle, slow

    def __post_init__(self) -> None:
        if self.course not in ("linear", "sigmoid") or not self.end_s > self.start_s:
            raise ParameterError("Fatigue needs course linear or sigmoid, and an end after its start.")

    def growth_deg(self, t_s: F64) -> tuple[F64, F64]:
        """Growth of each side at these times, (n,) each."""
        u = np.clip((t_s - self.start_s) / (self.end_s - self.start_s), 0.0, 1.0)
        share = u if self.course == "linear" else u**3 * (10 - 15 * u + 6 * u**2)
        return self.left_deg * share, self.right_deg * share


@dataclass(frozen=True)
class Turn:
    """A change of heading (to the left positive) of the whole way."""

    start_s: float
    length_s: float
    angle_deg: float


@dataclass(frozen=True)
class Session:
    """Segments (kind, seconds) in order, and how the running in them goes. The same values give the same session."""

    segments: tuple[tuple[str, float], ...]
    gait: GaitParameters = field(default_factory=GaitParameters)
    variability: Variability = field(default_factory=Variability)
    fatigue: Fatigue = field(default_factory=Fatigue)
    turns: tuple[Turn, ...] = ()
    seed: int = 0
    scales: Scales | None = None  # None: those with which the true metrics are what `gait` asks for

    def __post_init__(self) -> None:
        for kind, seconds in self.segments:
            if kind not in KINDS:
                raise ParameterError(f"a segment must be stand, walk, run or jump; it is {kind!r}.")
            if not seconds >= BLEND_S:
                raise ParameterError(f"a segment must last {BLEND_S:g} s or more; {kind} lasts {seconds:g}.")
        if not self.segments:
            raise ParameterError("a session needs a segment.")

    @cached_property
    def edges_s(self) -> F64:
        """(segments + 1,) where each begins, and the end."""
        return np.concatenate(([0.0], np.cumsum([s for _, s in self.segments])))

    @cached_property
    def parts(self) -> tuple[Standing | Walking | RunningBout | Jumping, ...]:
        """The motion of each segment."""
        made: list[Standing | Walking | RunningBout | Jumping] = []
        streams = np.random.SeedSequence(self.seed).spawn(len(self.segments))
        for k, (kind, _) in enumerate(self.segments):
            start, end = self.edges_s[k] - BLEND_S / 2, self.edges_s[k + 1] + BLEND_S / 2
            rng = np.random.default_rng(streams[k])
            if kind == "run":
                made.append(RunningBout(self.gait, start, end, rng, self.variability, self.fatigue.growth_deg,
                                        self.scales))  # fmt: skip
            elif kind == "walk":
                made.append(Walking(start, end, rng, self.variability.alpha))
            else:
                made.append(Jumping(start) if kind == "jump" else Standing(start))
        return tuple(made)

    def segment(self, t: F64) -> NDArray[np.intp]:
        """Which segment each instant lies in, (n,)."""
        return np.clip(np.searchsorted(self.edges_s, t, side="right") - 1, 0, len(self.segments) - 1)

    def heading(self, t: F64) -> Curve:
        """Heading of the way (rad, to the left)."""
        made = zero(len(t))
        for turn in self.turns:
            made = made + rise(t, turn.start_s, turn.length_s).scaled(np.radians(turn.angle_deg))
        return made

    def at(self, t: F64) -> Instants:
        """Everything at increasing instants (n,) in seconds since the session began."""
        n = len(t)
        sums = [[np.zeros(n) for _ in range(3)] for _ in range(7)]
        contact, speed = np.zeros(n, np.int8), [np.zeros(n) for _ in range(2)]
        here = self.segment(t)
        last = len(self.segments) - 1
        for k, part in enumerate(self.parts):
            low = -np.inf if k == 0 else self.edges_s[k] - BLEND_S / 2
            high = np.inf if k == last else self.edges_s[k + 1] + BLEND_S / 2
            a, b = np.searchsorted(t, (low, high))
            if a == b:
                continue
            now = t[a:b]
            share = Curve(np.ones(b - a), np.zeros(b - a), np.zeros(b - a))
            if k > 0:
                share = share * rise(now, low, BLEND_S)
            if k < last:
                share = share - share * rise(now, high - BLEND_S, BLEND_S)
            motion = part(now)
            for total, curve in zip(sums, motion.curves, strict=True):
                faded = share * curve
                for into, values in zip(total, (faded.x, faded.d1, faded.d2), strict=True):
                    into[a:b] += values
            contact[a:b] = np.where(here[a:b] == k, motion.contact, contact[a:b])
            kind = self.segments[k][0]
            pace = self.gait.speed_mps if kind == "run" else WALK_SPEED_MPS if kind == "walk" else 0.0
            speed[0][a:b] += pace * share.x
            speed[1][a:b] += pace * share.d1
        forward, left, up, roll, tilt, turn, mass = (Curve(*total) for total in sums)
        return Instants(
            t, forward, left, up, roll, tilt, turn, mass, contact, here, speed[0], speed[1], self.heading(t)
        )
