"""The clock of a recording: its true rate, its gaps, and what to do about stamps that repeat, jump or jitter.

Samples come from a sensor that samples evenly; the stamps say so more or less well. The stamps are kept as the
recording's own clock wherever they can be; samples missing in short gaps are put back as places to be bridged."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from trendel.constants import RATE_MAX_HZ, RATE_MIN_HZ
from trendel.errors import RecordingError
from trendel.recording.jitter import HEAVY_JITTER, is_heavy, line_step, missing_samples
from trendel.recording.wording import TIME_UNIT, WITHOUT_STAMPS, counted, digits

LONGEST_FILLED_GAP_S = 0.5
_MIN_POSSIBLE_HZ, _MAX_POSSIBLE_HZ = 10.0, 10_000.0
"""Beyond, it is the unit of time that is wrong, not the sensor."""
_ROUNDING = 1e-4
_CHECK = "check the time column and its unit"
MAX_RATE_DISAGREEMENT = 0.10
_LATEST_S = 1e11
"""Later stamps (3000 years) are damage or another unit, and too coarse in float64 to tell samples apart."""
_FEW_FRACTION = 0.01
_FEW = 3
_NOTED_JITTER = 0.10


@dataclass
class Timebase:
    """`t_s`: (n,) float64, strictly increasing. `source_i`: (n,) int64, the input row of each sample, -1 where a
    sample was put into a short gap; None where the rows are used one for one. `gap_i`: (g,) int64, the samples that a
    long gap precedes. The rest are counts of input rows, or of samples put in (`filled`)."""

    t_s: np.ndarray
    rate_hz: float
    source_i: np.ndarray | None = None
    gap_i: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    refused: int = 0
    duplicated: int = 0
    filled: int = 0
    notes: list[str] = field(default_factory=list)


def check_rate(rate_hz: float, origin: str, hint: str = "") -> float:
    """`rate_hz` where it is one that trendel analyses, a rounding error beyond being brought to the bound; else
    RecordingError, with `origin` and `hint` in its sentence."""
    inside = min(max(rate_hz, RATE_MIN_HZ), RATE_MAX_HZ)
    if abs(rate_hz / inside - 1.0) < _ROUNDING:
        return inside
    bounds = f"({RATE_MIN_HZ:g} to {RATE_MAX_HZ:g} Hz)"
    text = f"{origin} {digits(rate_hz, 6)} samples per second"
    if not _MIN_POSSIBLE_HZ <= rate_hz <= _MAX_POSSIBLE_HZ:
        raise RecordingError(f"{text}, which cannot be right for an IMU on a runner {bounds}: {hint or _CHECK}")
    if rate_hz < RATE_MIN_HZ:
        raise RecordingError(f"{text}, too slow to see foot contacts {bounds}: record faster, or {hint or _CHECK}")
    raise RecordingError(f"{text}, faster than trendel analyses {bounds}: resample it, or {hint or _CHECK}")


def unit_hint(step_s: float) -> str:
    """What to try where the step between stamps read as seconds, `step_s`, is impossible: another unit of time."""
    for power in (-3, 3, -6, 6, -9, 9):
        factor = 10.0**power
        text = f"{10 ** abs(power):,} times {'finer' if power < 0 else 'coarser'}"
        # The bounds span less than a factor of 1000, so at most one unit fits.
        if 1 / RATE_MAX_HZ <= step_s * factor <= 1 / RATE_MIN_HZ:
            return (
                f"the unit of time seems to be {text} than assumed, which would give {1.0 / (step_s * factor):.4g} Hz; "
                + TIME_UNIT
            )
    return ""


def even_timebase(rows_n: int, rate_hz: float, refused_rows: np.ndarray) -> Timebase:
    """The clock of a recording without stamps: `rows_n` rows at `rate_hz`. Lines left out on the way, at positions
    `refused_rows` (counted with them), were samples too: their places are filled, so that time stays right."""
    rate_hz = check_rate(rate_hz, "the rate given is", "check rate_hz (--rate-hz)")
    filled = len(refused_rows)
    t_s = np.arange(rows_n + filled) / rate_hz
    if not filled:
        return Timebase(t_s, rate_hz)
    source_i = np.full(rows_n + filled, -1, np.int64)
    present = np.ones(rows_n + filled, bool)
    present[refused_rows] = False
    source_i[present] = np.arange(rows_n)
    return Timebase(t_s, rate_hz, source_i, filled=filled)


def stamped_timebase(
    t_s: np.ndarray,
    same_as_before: Callable[[np.ndarray], np.ndarray],
    *,
    rate_hint_hz: float | None = None,
    hint_origin: str = "",
    wrap_s: float | None = None,
) -> Timebase:
    """The clock of a recording with stamps `t_s` (n,) float64 s, NaN where a row has none.

    `same_as_before(rows)` says of each row (k,) int64 whether its values equal those of the row before it.
    `rate_hint_hz` is the rate the sidecar or the caller states (`hint_origin` says who). `wrap_s`: a clock that starts
    again from 0 after that time (a 32-bit counter of microseconds) is unrolled.
    Raises RecordingError for stamps that cannot be a clock."""
    rows = np.flatnonzero(np.abs(t_s) < _LATEST_S)
    n = len(t_s)
    if len(rows) < 2 <= np.count_nonzero(np.isfinite(t_s)):
        step = float(np.median(np.abs(np.diff(t_s[np.isfinite(t_s)]))))
        raise RecordingError(
            f"has time stamps beyond {_LATEST_S:.0e} s: {unit_hint(step) or 'check the time column and its unit'}"
        )
    missing = n - len(rows)
    if missing > max(_FEW, _FEW_FRACTION * n) or len(rows) < 2:
        raise RecordingError(
            f"has no time stamp in {missing} of {n} rows: fill the time column, or " + WITHOUT_STAMPS
            if missing
            else "holds one sample only: two are needed to know its rate, a few strides to use it"
        )
    notes = [f"{counted(missing, 'row')} without a time stamp refused."] if missing else []
    t = t_s if not missing else t_s[rows]
    t = _unrolled(t, wrap_s, notes)
    kept = _forward_only(t, notes)
    backward = 0
    if kept is not None:
        backward = len(t) - len(kept)
        t, rows = t[kept], rows[kept]
    t, rows, duplicated = _without_duplicates(t, rows, same_as_before, notes)
    if len(t) < 2:
        raise RecordingError("holds one sample again and again, all with the same time stamp: the logger hung")
    base = _grid(t, rate_hint_hz, notes)
    base.rate_hz = check_rate(base.rate_hz, "the time stamps give", unit_hint(1.0 / base.rate_hz))
    untouched = base.source_i is None and len(rows) == n
    if not untouched:
        base.source_i = rows if base.source_i is None else np.where(base.source_i < 0, -1, rows[base.source_i])
    base.refused, base.duplicated, base.notes = missing + backward, duplicated, notes
    if rate_hint_hz is not None:
        _compare_rates(base, rate_hint_hz, hint_origin)
    return base


def _unrolled(t: np.ndarray, wrap_s: float | None, notes: list[str]) -> np.ndarray:
    if wrap_s is None:
        return t
    wraps = np.diff(t) < -0.9 * wrap_s
    if not wraps.any():
        return t
    notes.append(
        f"The clock's counter started again from 0 {counted(int(wraps.sum()), 'time')} "
        f"(every {wrap_s:.0f} s); unrolled."
    )
    return t + np.concatenate(([0.0], np.cumsum(wraps) * wrap_s))


def _forward_only(t: np.ndarray, notes: list[str]) -> np.ndarray | None:
    """The rows to keep so that time never runs backward; None: all."""
    back = np.flatnonzero(np.diff(t) < 0)
    if not len(back):
        return None
    few = max(_FEW, int(_FEW_FRACTION * len(t)))
    keep = np.ones(len(t), bool)
    if len(back) <= few:
        for i in back:
            # Either the stamp before was too high (the one after fits on the one before that), or this one too low.
            spike = i == 0 or t[i + 1] > t[i - 1]
            keep[i if spike and keep[i] else i + 1] = False
        left = np.flatnonzero(keep)
        low = t[left] < np.maximum.accumulate(t[left])
        keep[left[low]] = False
    dropped = len(t) - int(keep.sum())
    if len(back) > few or dropped > 2 * few:
        restart = t[back[0] + 1] <= t[0] + 1.0 and len(back) <= few
        raise RecordingError(
            f"has time stamps that run backward ({counted(len(back), 'time')}, "
            f"the first after {digits(t[back[0]], 12)} s): "
            + ("the clock restarts there, so split the file" if restart else "sort it by time, or split it")
            + ", or "
            + WITHOUT_STAMPS
        )
    notes.append(f"{counted(dropped, 'sample')} with time stamps that run backward refused.")
    return np.flatnonzero(keep)


def _without_duplicates(
    t: np.ndarray, rows: np.ndarray, same_as_before: Callable[[np.ndarray], np.ndarray], notes: list[str]
) -> tuple[np.ndarray, np.ndarray, int]:
    again = np.flatnonzero(np.diff(t) == 0) + 1
    # Compared with the row before in the file, which has the same stamp where nothing was refused between them.
    again = again[rows[again] == rows[again - 1] + 1]
    again = again[same_as_before(rows[again])] if len(again) else again
    if not len(again):
        return t, rows, 0
    keep = np.ones(len(t), bool)
    keep[again] = False
    notes.append(f"{counted(len(again), 'sample')} repeated with the same time stamp and values; used once.")
    return t[keep], rows[keep], len(again)


def _grid(t: np.ndarray, rate_hint_hz: float | None, notes: list[str]) -> Timebase:
    """Rate, gaps and filled samples of the stamps `t`, which never decrease. source_i counts in `t`."""
    d = np.diff(t)
    positive = d[d > 0]
    if not len(positive):
        raise RecordingError("has the same time stamp in every row: " + WITHOUT_STAMPS)
    # The middle step itself, not the mean of two: so that some steps are always below 1.5 times it.
    step = float(np.sort(positive)[(len(positive) - 1) // 2])
    repeated = len(d) - len(positive)
    in_reach = positive[positive <= max(LONGEST_FILLED_GAP_S, 3 * step)]
    if repeated > max(_FEW, _FEW_FRACTION * len(d)) or _comes_in_bursts(in_reach, len(d), step, rate_hint_hz):
        return _evened(t, step, notes)
    if repeated:
        # A few samples share a stamp with different values: one step cannot hold two samples.
        notes.append(
            f"{counted(repeated, 'sample')} with the time stamp of the one before; spaced evenly up to the next stamp."
        )
        t = _spread(t)
        d = np.diff(t)
        if np.any(d <= 0):
            raise RecordingError("has time stamps too coarse to place its samples: " + WITHOUT_STAMPS)
    resolution_s = 1e-3 if _rounded_to_ms(t) else 0.0
    heavy = is_heavy(d[d <= LONGEST_FILLED_GAP_S], resolution_s)
    step = line_step(t) if heavy else step
    # Before anything is divided by it: what passes here is a sane number.
    _check_step(step)
    step = step if heavy else _refined_step(t, d, step)
    short = d <= LONGEST_FILLED_GAP_S
    for _ in range(3):
        if heavy:
            missing = missing_samples(d, step, LONGEST_FILLED_GAP_S)
            gap = (missing > 0) | ~short
        else:
            gap = _gaps(d, step)
            missing = np.where(gap & short, np.maximum(np.rint(d / step) - 1, 1), 0)
        step = float(d[short].sum() / (np.count_nonzero(short) + missing.sum()))
    _note_jitter(d[~gap], step, notes)
    missing = missing.astype(np.int64)
    filled = int(missing.sum())
    if filled > len(t):
        raise RecordingError(
            f"lacks more samples than it holds ({filled} missing between {len(t)}): "
            "the time stamps do not fit the samples, or the link lost most of them"
        )
    long_i = np.flatnonzero(d > LONGEST_FILLED_GAP_S)
    base = Timebase(t, 1.0 / step)
    if filled:
        base = _filled(t, d, missing, long_i, 1.0 / step)
        short_n = int(np.count_nonzero(missing))
        notes.append(f"{counted(filled, 'sample')} missing in {counted(short_n, 'short gap')}; put in to be bridged.")
    else:
        base.gap_i = long_i + 1
    if len(long_i):
        total_s = d[long_i].sum()
        notes.append(
            f"{counted(len(long_i), 'gap')} longer than {LONGEST_FILLED_GAP_S} s "
            f"(in all {digits(total_s, 4)} s) marked."
        )
    return base


def _check_step(step_s: float) -> None:
    """Only what no refinement would bring back is refused here: the step may be off by a rounding of the stamps."""
    rate_hz = 1.0 / max(step_s, 1e-12)
    if not 0.5 * RATE_MIN_HZ <= rate_hz <= 2 * RATE_MAX_HZ:
        check_rate(rate_hz, "the time stamps give", unit_hint(step_s))


def _comes_in_bursts(d: np.ndarray, n: int, step: float, rate_hint_hz: float | None) -> bool:
    """Whether many samples are stamped nearly together, as they arrive in blocks over a radio link."""
    mean = float(d.mean())
    if rate_hint_hz is not None:
        return step * rate_hint_hz < 0.5 and mean * rate_hint_hz > 0.5
    return step < 0.5 * mean and float(np.rint(d / step - 1).sum()) > n


def _evened(t: np.ndarray, step: float, notes: list[str]) -> Timebase:
    """Stamps that repeat or come in bursts tell when blocks arrived: samples are spaced evenly between long gaps."""
    reach = max(LONGEST_FILLED_GAP_S, 3 * step)
    starts = np.concatenate(([0], np.flatnonzero(np.diff(t) > reach) + 1, [len(t)]))
    spans: list[tuple[int, int, int]] = []
    total_s, total_n = 0.0, 0
    for a, b in pairwise(starts):
        # The last stamp's own block is open-ended: the slope is taken up to where it begins.
        last = int(np.searchsorted(t, t[b - 1], side="left"))
        spans.append((int(a), int(b), last))
        total_s, total_n = total_s + float(t[last] - t[a]), total_n + last - int(a)
    common = total_s / total_n if total_n else step
    _check_step(common)
    even = np.empty_like(t)
    for a, b, last in spans:
        own = (t[last] - t[a]) / (last - a) if last - a > 1.0 / common else common
        even[a:b] = t[a] + np.arange(b - a) * own
    if np.any(np.diff(even) <= 0):
        raise RecordingError("has time stamps too coarse to place its samples: " + WITHOUT_STAMPS)
    notes.append("Time stamps repeat or come in bursts, as samples arrive in blocks; samples are spaced evenly.")
    gap_i = np.array([a for a, _, _ in spans[1:]], np.int64)
    if len(gap_i):
        notes.append(f"{counted(len(gap_i), 'gap')} longer than {reach:.3g} s marked.")
    return Timebase(even, 1.0 / common, gap_i=gap_i)


def _spread(t: np.ndarray) -> np.ndarray:
    first = np.concatenate(([True], np.diff(t) > 0))
    group = np.cumsum(first) - 1
    starts = np.flatnonzero(first)
    counts = np.diff(np.append(starts, len(t)))
    at = t[starts]
    steps = np.append(np.diff(at), np.median(np.diff(at)))
    # Never across a gap: a shared stamp before one is spread over a usual step.
    steps = np.minimum(steps, 1.5 * np.median(steps))
    return at[group] + (np.arange(len(t)) - starts[group]) * (steps / counts)[group]


def _refined_step(t: np.ndarray, d: np.ndarray, step: float) -> float:
    """The mean step without gaps, from the median `step`, which rounded stamps put off by up to a resolution."""
    window = 64
    if _rounded_to_ms(t) and step < 2.6e-3 and len(t) > 2 * window:
        # Steps of 1 and 2 ms may be 833 Hz rounded, or 1000 Hz with losses: the slope over many samples tells.
        return float(np.median(t[window:] - t[:-window])) / window
    for _ in range(3):
        step = float(d[d < 1.5 * step].mean())
    return step


def _rounded_to_ms(t: np.ndarray) -> bool:
    return bool(np.abs(t * 1e3 - np.rint(t * 1e3)).max() < 1e-3)


def _gaps(d: np.ndarray, step: float) -> np.ndarray:
    """Where samples are missing: a long step that the stamps around do not make up for.

    A stamp that is late, or follows an early one, is made up for by shorter steps before and after, in sum by as much
    as it is late or more. Behind a lost sample a whole step stays owing."""
    late = (d > 1.5 * step) & (d <= LONGEST_FILLED_GAP_S)
    if late.any():
        early = np.concatenate(([0.0], np.cumsum(step - d)))
        i = np.flatnonzero(late)
        after, before = np.zeros(len(i)), np.zeros(len(i))
        for reach in range(1, 9):
            after = np.maximum(after, early[np.minimum(i + 1 + reach, len(d))] - early[i + 1])
            before = np.maximum(before, early[i] - early[np.maximum(i - reach, 0)])
        late[i] = after + before < (d[i] - step) - 0.25 * step
    return late | (d > LONGEST_FILLED_GAP_S)


def _note_jitter(d: np.ndarray, step: float, notes: list[str]) -> None:
    off = d - step
    jitter = float(np.sqrt(np.mean(off * off))) / step if len(off) else 0.0
    # Stamps rounded to milliseconds are no jitter of the sampling.
    if jitter <= _NOTED_JITTER or np.abs(off).max() <= 1.001e-3:
        return
    heavy = "Heavy jitter: the" if jitter > HEAVY_JITTER else "The"
    end = "; instants and angles are less certain" if jitter > HEAVY_JITTER else ""
    notes.append(
        f"{heavy} steps between time stamps vary by {100 * jitter:.0f} % (rms); "
        f"the mean step of {1e3 * step:.4g} ms is used{end}."
    )


def _filled(t: np.ndarray, d: np.ndarray, missing: np.ndarray, long_i: np.ndarray, rate_hz: float) -> Timebase:
    counts = np.ones(len(t), np.int64)
    counts[:-1] += missing
    source = np.repeat(np.arange(len(t)), counts)
    place = np.arange(len(source)) - (np.cumsum(counts) - counts)[source]
    inner = place > 0
    out = t[source]
    out[inner] += place[inner] * (d[source[inner]] / counts[source[inner]])
    first_of = np.cumsum(counts) - counts
    source_i = np.where(inner, -1, source)
    return Timebase(out, rate_hz, source_i, first_of[long_i + 1], filled=int(missing.sum()))


def _compare_rates(base: Timebase, stated_hz: float, origin: str) -> None:
    off = base.rate_hz / stated_hz - 1.0
    if abs(off) > MAX_RATE_DISAGREEMENT:
        raise RecordingError(
            f"has time stamps that give {digits(base.rate_hz, 5)} Hz where {origin} says {digits(stated_hz, 5)} Hz: "
            "correct the one that is wrong"
        )
    if abs(off) > 0.01:
        base.notes.append(
            f"The time stamps give {digits(base.rate_hz, 5)} Hz, {origin} says {digits(stated_hz, 5)}; "
            "the stamps count."
        )
    elif abs(off) < 2e-5:
        # Stamps with five decimals over ten seconds do not know the rate better than this.
        base.rate_hz = min(max(stated_hz, RATE_MIN_HZ), RATE_MAX_HZ)
