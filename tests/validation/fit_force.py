"""Find the constants of the filter from sacral acceleration to ground reaction, and judge them on what is left out.

`TRENDEL_DATA=FOLDER python -m tests.validation.fit_force` prints the constants of analysis/force.py and, for filters
fitted without a trial, a slope or a speed, the errors of peak and waveform on it. Contacts are those of the plate and
those found, in equal parts, so that the filter does not lean on the errors of either. Least squares, weighed by
1 + F^2 (peaks count), with a small ridge: neighbouring Gaussians overlap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from tests.validation import data, treadmill
from tests.validation.agreement import pair
from tests.validation.data import F64
from tests.validation.treadmill import Trial
from trendel.analysis import force

RIDGE = 1e-3
FILTERS = {"UP, FORWARD": 2, "ALONE": 1}  # constants, and how many signals they take


@dataclass(frozen=True)
class Step:
    """One step: the Gaussians of up and of forward at each sample, (n, 2 * 12); true force (n,); impulse and peak."""

    trial: str
    slope: float
    speed: float
    found: bool
    basis: F64
    force_bw: F64
    impulse_bws: float
    peak_bw: float
    dt_s: float


def _gaussians(x: F64, dt_s: float) -> F64:
    """(n, 12) x as each Gaussian of the filter sees it."""
    unit = np.eye(len(force.UP))
    return np.stack([force.filtered(x, tuple(row), dt_s) for row in unit], axis=1)


def _windows(trial: Trial) -> Iterator[tuple[bool, float, float, float, float, float]]:
    """found or not; contact, toe-off and next contact (s), impulse (BW s) and true peak of each inner contact."""
    c, s = trial.contacts, trial.result.steps
    i, k = pair(c["ic_s"], s["ic_s"], treadmill.MATCH_S)
    for true, mine in zip(i.tolist(), k.tolist(), strict=True):
        if 0 < true < len(c["ic_s"]) - 1 and mine > 0:
            ic, to, end = c["ic_s"][true], c["to_s"][true], c["ic_s"][true + 1]
            yield False, ic, to, end, (to - c["to_s"][true - 1] + end - ic) / 2, c["peak_BW"][true]
            yield True, s["ic_s"][mine], s["to_s"][mine], s["end_s"][mine], s["impulse_bws"][mine], c["peak_BW"][true]


def steps() -> list[Step]:
    """All steps of the treadmill trials, with the plate's contacts and with those found."""
    made = []
    for trial in treadmill.trials():
        signals = trial.result.signals
        t = signals["t_s"].astype(float)
        dt = float(np.median(np.diff(t)))
        up, forward = (signals[f"acc_{name}_mps2"].astype(float) / 9.80665 for name in ("up", "forward"))
        ups, forwards = _gaussians(np.maximum(up, 0.0), dt), _gaussians(forward, dt)
        gains = _gaussians(np.ones(len(t)), dt)[0]
        plate = data.columns(data.with_suffix(trial.path, ".vgrf.csv"))
        true = np.interp(t, plate["t_s"], plate["vgrf_bw"])
        for found, ic, to, end, impulse, peak in _windows(trial):
            inside = (t >= ic) & (t < end)
            share = (t[inside] - ic) / (to - ic)
            edge = np.clip(np.minimum(share, 1 - share) / force.EDGE, 0.0, 1.0)[:, None]
            ahead = forwards[inside] - gains * forward[inside].mean()
            basis = edge * np.concatenate([ups[inside], ahead], axis=1)
            made.append(
                Step(trial.path.stem, trial.slope_deg, trial.speed_mps, found, basis, true[inside], impulse, peak, dt)
            )
    return made


def fit(chosen: list[Step], columns: slice) -> F64:
    """Weights of the Gaussians."""
    a = np.concatenate([s.basis[:, columns] for s in chosen])
    y = np.concatenate([s.force_bw for s in chosen])
    w = 1 + np.maximum(y, 0.0) ** 2
    normal = (a * w[:, None]).T @ a + RIDGE * w.sum() * np.eye(a.shape[1])
    return np.asarray(np.linalg.solve(normal, (a * w[:, None]).T @ y))


def errors(weights: F64, judged: list[Step], columns: slice) -> tuple[F64, F64]:
    """Errors of the peak (n,) and squared errors of all samples, with the contacts found."""
    peaks, squares = [], []
    for s in judged:
        if not s.found:
            continue
        raw = np.maximum(s.basis[:, columns] @ weights, 0.0)
        wave = raw * (s.impulse_bws / (raw.sum() * s.dt_s))
        peaks.append(wave.max() - s.peak_bw)
        squares.append((wave - s.force_bw) ** 2)
    return np.array(peaks), np.concatenate(squares)


def left_out(all_steps: list[Step], columns: slice, key: Callable[[Step], object]) -> tuple[float, float]:
    """RMSE of peak and waveform, each group by the filter that was fitted to the others."""
    groups = sorted({str(key(s)) for s in all_steps})
    judged = []
    for group in groups:
        weights = fit([s for s in all_steps if str(key(s)) != group], columns)
        judged.append(errors(weights, [s for s in all_steps if str(key(s)) == group], columns))
    peaks, squares = (np.concatenate(parts) for parts in zip(*judged, strict=True))
    return float(np.sqrt((peaks**2).mean())), float(np.sqrt(squares.mean()))


def main() -> None:
    """Print constants and errors."""
    all_steps = steps()
    n = len(force.UP)
    for name, signals_n in FILTERS.items():
        columns = slice(0, signals_n * n)
        weights = fit(all_steps, columns)
        for label, values in zip(name.split(", "), weights.reshape(-1, n), strict=True):
            print(f"{label} = ({', '.join(f'{v:.3f}' for v in values)})")
        print("left out | peak RMSE (BW) | waveform RMSE (BW)")
        for what, key in (("trial", lambda s: s.trial), ("slope", lambda s: s.slope), ("speed", lambda s: s.speed)):
            peak, wave = left_out(all_steps, columns, key)
            print(f"{what} | {peak:.3f} | {wave:.3f}")


if __name__ == "__main__":
    main()
