"""Tables of the stability study from judged runs, the worst first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.stats import beta, chi2

from tests.stability.samples import Checked
from tests.stability.scenarios import ALPHAS, LIMITS, PROBLEMS, WITH_DRIFT, WITHOUT_DRIFT, Scenario
from tests.stability.score import Outcome
from tests.stability.study import BY_NAME, FIXED_DEG, ROLLING_DEG, SCALES, Judged

METHODS = ("ours", "fixed", "rolling")
NAMES = {"ours": "Trendel", "fixed": "fixed threshold on drop", "rolling": "rolling mean less first 5 min"}
THRESHOLDS = {"ours": SCALES, "fixed": FIXED_DEG, "rolling": ROLLING_DEG}


def poisson(n: int, hours: float) -> tuple[float, float, float]:
    """Rate per hour and its exact interval of 95 % (Garwood 1936)."""
    low = float(chi2.ppf(0.025, 2 * n)) / 2 if n else 0.0
    return n / hours, low / hours, float(chi2.ppf(0.975, 2 * n + 2)) / 2 / hours


def share(k: int, n: int) -> tuple[float, float, float]:
    """Share k of n and its exact interval of 95 % (Clopper & Pearson 1934)."""
    low = float(beta.ppf(0.025, k, n - k + 1)) if k else 0.0
    high = float(beta.ppf(0.975, k + 1, n - k)) if k < n else 1.0
    return k / n, low, high


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def of(runs: Sequence[Judged], keep: Callable[[Judged], bool]) -> list[Judged]:
    """Those runs."""
    return [r for r in runs if keep(r)]


def counted(runs: Sequence[Judged]) -> list[Judged]:
    """Runs without drift or recording problem whose alarms count."""
    names = {s.name for s in WITHOUT_DRIFT if s.counted}
    return of(runs, lambda r: r.outcome.truth.scenario in names)


def limit_s(scenario: Scenario) -> float:
    """Time within which its drift must be reported; that for 2 degrees also for the drift of 1 degree."""
    assert scenario.drift is not None
    return dict(LIMITS.delay_s).get(scenario.drift.size_deg, LIMITS.delay_s[0][1])


def in_time(run: Judged) -> bool:
    return run.outcome.delay_s <= limit_s(BY_NAME[run.outcome.truth.scenario])


def _rate_cells(runs: Sequence[Judged]) -> list[str]:
    n, hours = sum(r.outcome.false_n for r in runs), sum(r.outcome.truth.hours for r in runs)
    rate, low, high = poisson(n, hours)
    fatigue = sum(r.outcome.false_fatigue_n for r in runs)
    notices = sum(r.outcome.notices_n for r in runs) / hours
    return [f"{hours:.1f}", str(n), str(fatigue), f"{rate:.3f}", f"{low:.3f} to {high:.3f}", f"{notices:.2f}"]


RATE_HEAD = ["hours", "false alarms", "of fatigue", "per hour", "95 % interval", "notices per hour"]


def false_alarms(runs: Sequence[Judged]) -> str:
    """By scenario, the worst first; the set as a whole, then what does not count."""
    rows = []
    for s in WITHOUT_DRIFT:
        mine = of(runs, lambda r, s=s: r.outcome.truth.scenario == s.name)  # type: ignore[misc]
        rows.append((s.counted, sum(r.outcome.false_n for r in mine), [f"`{s.name}`: {s.says}", *_rate_cells(mine)]))
    rows.sort(key=lambda row: (not row[0], -row[1]))
    cells = [row[2] for row in rows if row[0]]
    cells.append(["**all of these**", *_rate_cells(counted(runs))])
    cells += [[row[2][0] + " (printed, not counted)", *row[2][1:]] for row in rows if not row[0]]
    return table(["scenario", *RATE_HEAD], cells)


def by_alpha(runs: Sequence[Judged]) -> str:
    """False alarms against the DFA exponent, over the runs that count; and 2 degrees in time."""
    rows = []
    for alpha in ALPHAS:
        mine = of(counted(runs), lambda r, a=alpha: r.outcome.truth.alpha == a)  # type: ignore[misc]
        drifts = of(of_size(runs, 2.0), lambda r, a=alpha: r.outcome.truth.alpha == a)  # type: ignore[misc]
        p, low, high = share(sum(in_time(r) for r in drifts), len(drifts))
        rows.append([f"{alpha:g}", *_rate_cells(mine), f"{100 * p:.0f} % ({100 * low:.0f} to {100 * high:.0f})"])
    return table(["alpha", *RATE_HEAD, "2 degrees within 90 s"], rows)


def of_size(runs: Sequence[Judged], size_deg: float) -> list[Judged]:
    """Runs with a drift of this size."""
    names = {s.name for s in WITH_DRIFT if s.drift is not None and s.drift.size_deg == size_deg}
    return of(runs, lambda r: r.outcome.truth.scenario in names)


def _drift_cells(mine: Sequence[Judged]) -> list[str]:
    delays = np.array([r.outcome.delay_s for r in mine])
    p, low, high = share(sum(in_time(r) for r in mine), len(mine))
    missed, wrong = np.isinf(delays).mean(), sum(r.outcome.wrong_n > 0 for r in mine)

    def at(q: float) -> str:
        value = np.quantile(delays, q, method="higher")
        return f"{value:.0f}" if np.isfinite(value) else "never"

    return [str(len(mine)), f"{100 * p:.0f}", f"{100 * low:.0f} to {100 * high:.0f}", at(0.5), at(0.95),
            f"{100 * missed:.0f}", str(wrong)]  # fmt: skip


DRIFT_HEAD = [
    "runs",
    "in time %",
    "95 % interval",
    "median delay s",
    "95th percentile s",
    "missed %",
    "wrong side first",
]


def drifts(runs: Sequence[Judged]) -> str:
    """By scenario of drift, the worst first within a size."""
    rows = []
    for s in WITH_DRIFT:
        mine = of(runs, lambda r, s=s: r.outcome.truth.scenario == s.name)  # type: ignore[misc]
        assert s.drift is not None
        rows.append((-s.drift.size_deg, sum(in_time(r) for r in mine) / len(mine), [s.says, *_drift_cells(mine)]))
    rows.sort(key=lambda row: row[:2])
    return table(["drift", *DRIFT_HEAD], [row[2] for row in rows])


def drifts_by_wander(runs: Sequence[Judged]) -> str:
    """One side's drift by size and wander, all lengths together."""
    rows = []
    for size in (3.0, 2.0, 1.0):
        for wander in (0.5, 0.3, 0.15):
            names = {
                s.name for s in WITH_DRIFT if s.name.startswith(f"drift_{size:g}_") and s.noise.wander_deg == wander
            }
            mine = of(runs, lambda r, n=names: r.outcome.truth.scenario in n)  # type: ignore[misc]
            rows.append([f"{size:g}", f"{wander:g}", *_drift_cells(mine)])
    return table(["size, degrees", "wander, degrees", *DRIFT_HEAD], rows)


def problems(runs: Sequence[Judged]) -> str:
    """Recording problems: named as that, or taken for fatigue."""
    rows = []
    for s in PROBLEMS:
        mine = of(runs, lambda r, s=s: r.outcome.truth.scenario == s.name)  # type: ignore[misc]
        delays = np.array([r.outcome.delay_s for r in mine])
        found = np.isfinite(delays)
        after = sum(r.outcome.false_fatigue_n for r in mine)
        median = f"{np.median(delays[found]):.0f}" if found.any() else ""
        taken = sum(r.outcome.false_fatigue_n > 0 for r in mine)
        rows.append(
            (found.mean(), [s.says, str(len(mine)), f"{100 * found.mean():.0f}", median, str(taken), str(after)])
        )
    rows.sort(key=lambda row: row[0])
    head = ["problem", "runs", "named %", "median delay s", "runs with an alarm of fatigue", "such alarms"]
    return table(head, [row[1] for row in rows])


def operating(runs: Sequence[Judged], method: str) -> list[tuple[float, float, dict[float, tuple[float, float]]]]:
    """(threshold, false alarms per hour, {size: (share in time, median delay)}) of a method at each threshold."""
    fresh, made = counted(runs), []
    hours = sum(r.outcome.truth.hours for r in fresh)
    for i, threshold in enumerate(THRESHOLDS[method]):
        rate = sum(getattr(r, method)[i][0] for r in fresh) / hours
        sizes = {}
        for size, within in LIMITS.delay_s:
            delays = np.array([getattr(r, method)[i][1] for r in of_size(runs, size)])
            sizes[size] = (float((delays <= within).mean()), float(np.quantile(delays, 0.5, method="higher")))
        made.append((threshold, rate, sizes))
    return made


def rivals(runs: Sequence[Judged]) -> str:
    """Each method at its lowest threshold with no more false alarms than the detector, and with at most 1 an hour."""
    ours = sum(r.outcome.false_n for r in counted(runs)) / sum(r.outcome.truth.hours for r in counted(runs))
    rows = []
    for most, said in ((ours, "no more than Trendel's"), (1.0, "1 an hour")):
        for method in METHODS:
            fitting = [row for row in operating(runs, method) if row[1] <= most + 1e-9]
            if not fitting:
                rows.append([said, NAMES[method], "none does", "", "", "", "", ""])
                continue
            threshold, rate, sizes = min(fitting, key=lambda row: row[0])
            cells = [said, NAMES[method], f"{threshold:.2g}", f"{rate:.3f}"]
            for size in (2.0, 3.0):
                p, median = sizes[size]
                cells += [f"{100 * p:.0f}", f"{median:.0f}" if np.isfinite(median) else "never"]
            rows.append(cells)
    head = ["false alarms", "method", "threshold", "per hour", "2 degrees in time %", "median delay s",
            "3 degrees in time %", "median delay s"]  # fmt: skip
    return table(head, rows)


def targets(runs: Sequence[Judged]) -> str:
    """What was asked for, and what was found; the worst first."""
    rows: list[tuple[bool, list[str]]] = []
    for size, within in LIMITS.delay_s:
        names = {s.name for s in WITH_DRIFT if s.drift and s.drift.size_deg == size and s.drift.side is None}
        told: dict[str, list[bool]] = {name: [] for name in sorted(names)}
        for r in runs:
            if r.outcome.truth.scenario in names:
                told[r.outcome.truth.scenario].append(in_time(r))
        p, low, high = share(sum(map(sum, told.values())), sum(map(len, told.values())))
        worst = min((sum(kept) / len(kept), name) for name, kept in told.items() if kept)
        rows.append((p >= LIMITS.share, [
            f"{size:g} degrees on one side told within {within:g} s in 95 % of runs",
            f"{100 * p:.1f} % ({100 * low:.1f} to {100 * high:.1f}); worst `{worst[1]}` {100 * worst[0]:.0f} %",
        ]))  # fmt: skip
    fresh = counted(runs)
    n, hours = sum(r.outcome.false_n for r in fresh), sum(r.outcome.truth.hours for r in fresh)
    rate, low, high = poisson(n, hours)
    rows.append((rate <= LIMITS.false_alarms_per_h, [
        "at most 1 false alarm in 20 h (0.050 per hour)",
        f"{rate:.3f} per hour ({low:.3f} to {high:.3f}), {n} in {hours:.0f} h",
    ]))  # fmt: skip
    for name in LIMITS.none_from:
        mine = of(runs, lambda r, n=name: r.outcome.truth.scenario == n)  # type: ignore[misc]
        n = sum(r.outcome.false_n for r in mine)
        said = f"{n} in {sum(r.outcome.truth.hours for r in mine):.0f} h of running with them"
        rows.append((n == 0, [f"none from {name}", said]))
    rows.sort(key=lambda row: row[0])
    return table(["target", "measured", ""], [[*cells, "met" if ok else "**not met**"] for ok, cells in rows])


def after_events(runs: Sequence[Judged]) -> str:
    """Alarms soon after an event that must not alarm by itself, beside the rest of those runs and even running."""
    rows = []
    for name in LIMITS.none_from:
        mine = of(runs, lambda r, n=name: r.outcome.truth.scenario == n)  # type: ignore[misc]
        near, near_h = sum(r.after_event[0] for r in mine), sum(r.after_event[1] for r in mine)
        rest, rest_h = sum(r.outcome.false_n for r in mine) - near, sum(r.outcome.truth.hours for r in mine) - near_h
        rows.append((near / near_h, [f"`{name}`", *_near_cells(near, near_h), *_near_cells(rest, rest_h)]))
    rows.sort(key=lambda row: -row[0])
    names = {s.name for s in WITHOUT_DRIFT if s.name in ("steady", "asymmetric")}
    even = of(runs, lambda r: r.outcome.truth.scenario in names)
    cells = _near_cells(sum(r.outcome.false_n for r in even), sum(r.outcome.truth.hours for r in even))
    head = ["runs", "hours within 5 min after one", "alarms", "per hour", "hours besides", "alarms", "per hour"]
    return table(head, [row[1] for row in rows] + [["`steady` and `asymmetric`", "", "", "", *cells]])


def announced(runs: Sequence[Judged]) -> str:
    """Runs with a change of speed or grade, without and with its announcement."""
    rows = []
    for name in ("hill", "speed_session"):
        mine = of(runs, lambda r, n=name: r.outcome.truth.scenario == n)  # type: ignore[misc]
        hours = sum(r.outcome.truth.hours for r in mine)
        cells = []
        for outcomes in ([r.outcome for r in mine], [r.announced for r in mine]):
            rate, low, high = poisson(sum(o.false_n for o in outcomes), hours)
            cells.append(f"{rate:.3f} ({low:.3f} to {high:.3f})")
        rows.append([f"`{name}`: {BY_NAME[name].says.removesuffix(', not announced')}", f"{hours:.1f}", *cells])
    return table(["runs", "hours", "false alarms per hour, not announced", "announced"], rows)


def _near_cells(n: int, hours: float) -> list[str]:
    if hours < 0.5:
        return [f"{hours:.1f}", str(n), ""]
    rate, low, high = poisson(n, hours)
    return [f"{hours:.1f}", str(n), f"{rate:.3f} ({low:.3f} to {high:.3f})"]


def honesty(runs: Sequence[Judged]) -> str:
    """How well the alerts' own numbers hold: intervals of the size, and onsets."""
    rows = []
    for size in (1.0, 2.0, 3.0):
        mine = [r.outcome for r in of_size(runs, size) if r.outcome.covered is not None]
        k = sum(bool(o.covered) for o in mine)
        p, low, high = share(k, len(mine))
        onset = np.array([o.onset_error_s for o in mine])
        quarter = np.quantile(onset, (0.25, 0.5, 0.75))
        rows.append([f"{size:g}", str(len(mine)), f"{100 * p:.0f} ({100 * low:.0f} to {100 * high:.0f})",
                     f"{quarter[1]:.0f} ({quarter[0]:.0f} to {quarter[2]:.0f})"])  # fmt: skip
    head = ["drift, degrees", "alarms", "95 % interval holds the true change, %", "onset error s, median (quartiles)"]
    return table(head, rows)


def samples(checked: Sequence[Checked]) -> str:
    """The runs of signals beside what was asked of them."""
    rows = []
    for c in sorted(checked, key=lambda c: (-c.outcome.false_n, -c.outcome.delay_s if c.size_deg else 0.0, c.size_deg)):
        delay = f"{c.outcome.delay_s:.0f}" if np.isfinite(c.outcome.delay_s) else "never" if c.size_deg else ""
        asked = f"{c.size_deg:g} over {c.length_min:g} min" if c.size_deg else "none"
        rows.append([asked, f"{c.peak_deg:+.1f}", f"{c.sd_deg:.2f}", f"{60 * c.outcome.truth.hours:.0f}", delay,
                     str(c.outcome.wrong_n), str(c.outcome.false_n), str(c.outcome.notices_n)])  # fmt: skip
    head = ["growth of drop asked, degrees", "of the peak as measured", "step SD, degrees", "minutes", "delay s",
            "wrong side", "false alarms", "notices"]  # fmt: skip
    return table(head, rows)


def stitched(found: Sequence[tuple[str, Outcome]]) -> str:
    """Runs stitched from a real runner's strides, the worst first."""
    rows = []
    for name, o in sorted(found, key=lambda row: (-row[1].false_n, row[1].truth.side == 0, -row[1].delay_s)):
        delay = f"{o.delay_s:.0f}" if np.isfinite(o.delay_s) else "never" if o.truth.side else ""
        rows.append([name, f"{60 * o.truth.hours:.0f}", delay, str(o.wrong_n), str(o.false_n), str(o.notices_n)])
    head = ["degrees, minutes of drift, run", "minutes", "delay s", "wrong side", "false alarms", "notices"]
    return table(head, rows)
