"""The study of the hip stability detector, fixed before any detector was tuned: noise, scenarios, limits, seeds.

Nothing here may be changed to suit a detector. What a detector is tuned on has TUNING_SEED; what docs/stability.md
shows has STUDY_SEED. Sizes are degrees of obliquity peak, times are minutes of running unless a name says otherwise.

Where the noise comes from (trendel.analyze on recordings of jogging with a belt-worn sensor, 32 files of 100 s, one
side at a time): standard deviation from step to step 0.5 to 2.0 degrees, median 0.95; of it 0.75 in the differences of
neighbours; lag-1 correlation 0.05 to 0.7, median 0.4; means over 20 steps vary by 0.12 to 1.2, median 0.36; kurtosis 2
to 11, median 3.5. A runner on a treadmill (10 s) has 0.4. The joggers turn every few seconds, so that white noise and
long-range correlated noise of equal variance (at DFA alpha 0.8: lag-1 correlation 0.26, means over 20 steps 0.42 of
the step's deviation) bear most of that, and the slow wander over minutes, which 100 s cannot show, is put on top.
"""

from __future__ import annotations

from dataclasses import dataclass, field

TUNING_SEED = 11
STUDY_SEED = 2026
RUN_MIN = 60.0
ALPHAS = (0.6, 0.7, 0.8, 0.9, 1.0)
DT_S = 0.01
"""Sample interval in which instants of steps are counted."""


@dataclass(frozen=True)
class Noise:
    """How the steps of one runner vary.

    Attributes:
        sd_deg: median over runners of the deviation from step to step; runners are log-normal about it.
        sd_spread: standard deviation of its logarithm.
        sd_limits_deg: it is cut there.
        correlated_share: share of the variance that is long-range correlated with DFA alpha of ALPHAS, run k has the
            (k modulo 5)-th; the rest is white.
        common: correlation of the two sides' long-range parts.
        outliers: share of steps whose white part is three times as large.
        wander_deg: stationary standard deviation of each side's slow wander, an Ornstein-Uhlenbeck process.
        wander_min: its time constant. The two sides' wanders are independent.
        drop_sd_deg: what pelvic_drop_deg varies by in addition.
    """

    sd_deg: float = 0.9
    sd_spread: float = 0.3
    sd_limits_deg: tuple[float, float] = (0.4, 1.8)
    correlated_share: float = 0.5
    common: float = 0.3
    outliers: float = 0.02
    wander_deg: float = 0.15
    wander_min: float = 4.0
    drop_sd_deg: float = 0.6


@dataclass(frozen=True)
class Runner:
    """Ranges from which each run draws its runner (uniform)."""

    peak_deg: tuple[float, float] = (3.5, 9.0)  # mean of the two sides
    asymmetry_deg: tuple[float, float] = (-1.0, 1.0)  # left less right
    cadence_spm: tuple[float, float] = (158.0, 184.0)
    contact_ms: tuple[float, float] = (210.0, 280.0)
    speed_effect_deg: tuple[float, float] = (0.3, 1.0)  # per m/s, both sides
    cadence_per_mps: tuple[float, float] = (4.0, 8.0)  # steps a minute
    grade_effect_deg: tuple[float, float] = (0.08, 0.2)  # per per cent uphill, both sides
    cadence_effect_deg: tuple[float, float] = (-0.3, -0.05)  # per per cent of cadence at the same speed, both sides


@dataclass(frozen=True)
class Drift:
    """Fatigue: the peak of a side grows linearly by size_deg within length_min and stays there.

    side: 1 left, -1 right, 0 both, None either by chance. The onset is uniform in onset_min. cadence_share: cadence
    changes by this share over the same time (the peak is what size_deg says; the change of cadence adds nothing to it).
    """

    size_deg: float
    length_min: float
    side: int | None = None
    onset_min: tuple[float, float] = (14.0, 28.0)
    cadence_share: float = 0.0


@dataclass(frozen=True)
class Scenario:
    """One kind of run. `events` name what happens in it; generator.py defines each of them in its docstring.

    Attributes:
        name, says: what it is called and what it is.
        runs: how many runs of RUN_MIN minutes.
        counted: its alarms count against the limit on false alarms (False: the rate is printed).
        problem: a recording problem is there and should be named.
    """

    name: str
    says: str
    runs: int = 40
    noise: Noise = field(default_factory=Noise)
    runner: Runner = field(default_factory=Runner)
    events: tuple[str, ...] = ()
    drift: Drift | None = None
    counted: bool = True
    problem: bool = False


WITHOUT_DRIFT: tuple[Scenario, ...] = (
    Scenario("steady", "even running, wander 0.15 degrees"),
    Scenario("wander_03", "each side wanders by 0.3 degrees over minutes", noise=Noise(wander_deg=0.3)),
    Scenario("wander_05", "each side wanders by 0.5 degrees over minutes", noise=Noise(wander_deg=0.5)),
    Scenario(
        "asymmetric", "a stable runner whose sides differ by 2 to 5 degrees", runner=Runner(asymmetry_deg=(2.0, 5.0))
    ),
    Scenario("noisy", "steps vary half as much again", noise=Noise(sd_deg=1.35)),
    Scenario("growing_noise", "the step noise doubles in the course of the run", events=("growing_noise",)),
    Scenario("warm_up", "peak, cadence and noise settle in the first 3 to 8 minutes", events=("warm_up",)),
    Scenario("speed_session", "six repeats of 3 min faster by 0.8 m/s, not announced", events=("speed_session",)),
    Scenario("surges", "20 to 40 s faster by 1 m/s every 4 minutes", events=("surges",)),
    Scenario("turns", "a turn of 2 to 5 s every minute or so", events=("turns",)),
    Scenario("stops", "six stops of 20 to 120 s", events=("stops",)),
    Scenario("walks", "three walks of 2 to 5 min", events=("walks",)),
    Scenario("gaps", "ten gaps of 1 to 40 s in the samples", events=("gaps",)),
    Scenario("lost_samples", "a twentieth of the steps bridged or lost, in bursts", events=("lost_samples",)),
    Scenario("surface", "four changes of surface, of camber too", events=("surface",)),
    Scenario("cadence_change", "cadence raised by 5 % for 10 min on purpose", events=("cadence_change",)),
    Scenario("mixed", "warm-up, stops, turns, surges and wander of 0.3 degrees", noise=Noise(wander_deg=0.3),
             events=("warm_up", "stops", "turns", "surges")),
    Scenario("hill", "20 minutes uphill by 4 to 8 %, not announced", events=("hill",), counted=False),
)  # fmt: skip

PROBLEMS: tuple[Scenario, ...] = (
    Scenario(
        "slip_heading", "the clip slips round the waist by 10 to 25 degrees", events=("slip_heading",), problem=True
    ),
    Scenario("slip_tilt", "the clip tips forward or sideways by 5 to 15 degrees", events=("slip_tilt",), problem=True),
    Scenario("turned", "the clip is knocked over and the mounting reports it", events=("turned",), problem=True),
    Scenario("loose", "the clip comes loose: noise twice as large, less regular", events=("loose",), problem=True),
)

DRIFT_SIZES_DEG = (1.0, 2.0, 3.0)
DRIFT_LENGTHS_MIN = (2.0, 5.0, 10.0, 20.0)
DRIFT_WANDERS_DEG = (0.15, 0.3, 0.5)


def _drifts() -> tuple[Scenario, ...]:
    made = []
    for size in DRIFT_SIZES_DEG:
        for length in DRIFT_LENGTHS_MIN:
            what = f"by {size:g} degrees over {length:g} min"
            for wander in DRIFT_WANDERS_DEG:
                name, noise = f"drift_{size:g}_{length:g}_{wander:g}", Noise(wander_deg=wander)
                says = f"one side {what}, wander {wander:g}"
                made.append(Scenario(name, says, noise=noise, drift=Drift(size, length)))
    for size in (2.0, 3.0):
        for length in (5.0, 20.0):
            what, end = f"by {size:g} degrees over {length:g} min", f"{size:g}_{length:g}"
            made.append(Scenario(f"drift_both_{end}", f"both sides {what}", drift=Drift(size, length, 0)))
            tired = Drift(size, length, cadence_share=-0.04)
            made.append(Scenario(f"drift_cadence_{end}", f"one side {what}, cadence falls by 4 %", drift=tired))
            says = f"one side {what}, after a warm-up"
            made.append(Scenario(f"drift_warm_up_{end}", says, events=("warm_up",), drift=Drift(size, length)))
    return tuple(made)


WITH_DRIFT: tuple[Scenario, ...] = _drifts()


@dataclass(frozen=True)
class Limits:
    """What the detector must reach."""

    false_alarms_per_h: float = 1 / 20  # warning or above, over all runs without drift that count
    none_from: tuple[str, ...] = ("stops", "walks", "surges", "turns", "gaps")
    delay_s: tuple[tuple[float, float], ...] = ((2.0, 90.0), (3.0, 45.0))  # (degrees reached on a side, seconds)
    share: float = 0.95


LIMITS = Limits()
