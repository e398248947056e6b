"""What goes wrong in a simulated run: the faults of the real world, and when each comes, from a seed.

None of them touches what the sensor measures nor the clip's clock, but for a restart: so a run with faults=hard and one
with faults=none log the same samples with the same times."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from trendel.errors import LinkError

DRIFT_PPM = 20.0
"""Of the clip's crystal against the host's clock, in every simulated run."""


@dataclass(frozen=True)
class Faults:
    """How often and how badly. Rates are per hour of the run; at least one where a rate is not zero.

    Attributes:
        disconnects_per_h: times out of reach for `disconnect_s` (shortest, longest), which loses the connection.
        away_per_h: the same for `away_s`: somewhere else altogether.
        late_per_h: times that nothing passes for `late_s`, which the connection survives.
        lost: share of the notifications for which the clip has no room.
        reboots_n: restarts, spread over the run.
        drift_ppm: of the clip's clock.
        full_log: whether the log is full of runs that were never fetched.
        battery_percent: at the start; what a run takes is not simulated.
        alone: the whole recording was run before any host came; what is left of it is in the log.
    """

    disconnects_per_h: float = 0.0
    disconnect_s: tuple[float, float] = (1.0, 60.0)
    away_per_h: float = 0.0
    away_s: tuple[float, float] = (120.0, 600.0)
    late_per_h: float = 0.0
    late_s: tuple[float, float] = (0.1, 0.6)
    lost: float = 0.0
    reboots_n: int = 0
    drift_ppm: float = DRIFT_PPM
    full_log: bool = False
    battery_percent: int = 80
    alone: bool = False


NAMED = {
    "none": Faults(),
    "hard": Faults(disconnects_per_h=20.0, late_per_h=60.0, lost=0.02),
    "away": Faults(away_per_h=3.0),
    "late": Faults(late_per_h=120.0),
    "lost": Faults(lost=0.02),
    "reboot": Faults(reboots_n=1),
    "drift": Faults(drift_ppm=200.0),
    "log": Faults(full_log=True),
    "battery": Faults(battery_percent=4),
    "alone": Faults(alone=True),
}
"""By the names of `faults=`; several with a plus: hard+reboot."""


@dataclass(frozen=True)
class Schedule:
    """When what comes, in s since the start: `outages` are (from, until), in order and apart; `reboots_s` moments."""

    outages: tuple[tuple[float, float], ...]
    reboots_s: tuple[float, ...]


def parse_faults(text: str) -> Faults:
    """Of `hard` or `hard+reboot`: what each names that is not as it is without faults. Raises LinkError."""
    found, plain = Faults(), Faults()
    for name in text.split("+"):
        if name not in NAMED:
            raise LinkError(f"faults={name[:40]} is none of {', '.join(NAMED)}; several are joined by a plus.")
        named = NAMED[name]
        changed = {f.name: getattr(named, f.name) for f in fields(Faults)}
        found = replace(found, **{key: value for key, value in changed.items() if value != getattr(plain, key)})
    return found


def schedule(faults: Faults, seconds: float, seed: int) -> Schedule:
    """Of a run of `seconds`."""
    rng = np.random.default_rng([seed, 1])
    outages: list[tuple[float, float]] = []
    for rate, (shortest, longest) in (
        (faults.disconnects_per_h, faults.disconnect_s),
        (faults.away_per_h, faults.away_s),
        (faults.late_per_h, faults.late_s),
    ):
        n = max(1, round(rate * seconds / 3600.0)) if rate else 0
        starts = rng.uniform(0.02, 0.95, n) * seconds
        outages += [(float(a), float(a + d)) for a, d in zip(starts, rng.uniform(shortest, longest, n), strict=True)]
    reboots = np.sort(np.random.default_rng([seed, 2]).uniform(0.3, 0.7, faults.reboots_n) * seconds)
    return Schedule(_apart(outages), tuple(float(at) for at in reboots))


def _apart(outages: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Merged where they meet."""
    merged: list[tuple[float, float]] = []
    for begin, end in sorted(outages):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return tuple(merged)
