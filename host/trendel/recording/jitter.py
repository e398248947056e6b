"""Stamps that jitter as much as the steps between them: the mean step, and where samples really are missing.

Single steps say nothing there. A line through many stamps gives the step; a lost sample shows as stamps that run
away from that line and stay away."""

import numpy as np

HEAVY_JITTER = 0.30
_WINDOW = 64
_HALF = 32
_NORMAL_QUARTILE = 0.674
_NORMAL_MAD = 1.4826
_SURE = 6.0
_ON_LATTICE = 0.1


def is_heavy(d: np.ndarray, resolution_s: float) -> bool:
    """Whether the steps `d` (m,) s spread by more than 30 % below their middle, beyond stamps rounded to
    `resolution_s` s. Steps above it do not count: those are longer where samples are lost, too."""
    if len(d) < 8:
        return False
    quarter, middle = (float(q) for q in np.quantile(d, (0.25, 0.5)))
    if middle - quarter <= HEAVY_JITTER * _NORMAL_QUARTILE * middle + 1.001 * resolution_s:
        return False
    # With most samples lost the steps spread as well, but over multiples of one step.
    multiple = d / max(quarter, 1e-12)
    return float(np.mean(np.abs(multiple - np.rint(multiple)) < _ON_LATTICE)) < 0.8


def line_step(t: np.ndarray) -> float:
    """The step in s by the middle slope of the stamps `t` (n,) over 64 samples, which gaps do not reach."""
    window = max(1, min(_WINDOW, (len(t) - 1) // 2))
    return float(np.median(t[window:] - t[:-window])) / window


def missing_samples(d: np.ndarray, step: float, longest_s: float) -> np.ndarray:
    """(m,) int64: how many samples are missing in each of the steps `d` (m,) s around the mean `step` s; 0 in steps
    above `longest_s`, which are gaps of their own."""
    usual = np.where(d > longest_s, step, d)
    away = np.concatenate(([0.0], np.cumsum(usual - step)))
    total = np.concatenate(([0.0], np.cumsum(away)))
    i = np.arange(len(d)) + 1
    first, last = np.maximum(i - _HALF, 0), np.minimum(i + _HALF, len(away))
    jump = (total[last] - total[i]) / (last - i) - (total[i] - total[first]) / (i - first)
    jump -= np.median(jump)
    # How far the stamps wander by themselves says what is no wandering; near the ends fewer stamps say it worse.
    spread = _NORMAL_MAD * float(np.median(np.abs(jump)))
    bound = np.maximum(0.75 * step, _SURE * spread) * np.sqrt(_HALF / np.minimum(last - i, i - first))
    missing = np.zeros(len(d), np.int64)
    taken = np.zeros(len(d), bool)
    runaway = np.flatnonzero((jump > bound) & (usual > 1.5 * step))
    for k in runaway[np.argsort(-usual[runaway], kind="stable")]:
        if not taken[k]:
            missing[k] = max(1, round(min(float(jump[k]), float(usual[k])) / step))
            taken[max(0, k - _HALF) : k + _HALF] = True
    return missing
