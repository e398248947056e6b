"""Runs of the kernels without the analysis around them, and motions to run them on."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tests.plain_run import PlainRun, plain_run
from tests.reference import contacts
from trendel.analysis.kernel_params import Setup, kernel_params
from trendel.analysis.parameters import Parameters
from trendel.constants import STANDARD_GRAVITY_MPS2
from trendel.kernels.compile import zeros
from trendel.kernels.layout import DTYPES
from trendel.kernels.metrics import METRICS
from trendel.kernels.pipeline import run

G = STANDARD_GRAVITY_MPS2
PELVIS = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
METRIC = {metric.name: k for k, metric in enumerate(METRICS)}


@dataclass
class Ran:
    """Rows, signals (n,) and the records after a run."""

    params: np.recarray
    state: np.recarray
    steps: npt.NDArray[np.void]
    strides: npt.NDArray[np.void]
    signals: np.recarray
    setup: Setup
    alerts: npt.NDArray[np.void]

    def metric(self, name: str) -> npt.NDArray[np.float64]:
        """(steps,) a metric in table units, NaN where it is not valid."""
        k = METRIC[name]
        valid = (self.steps["valid"] >> np.uint32(k)) & 1
        return np.where(valid != 0, self.steps["metrics"][:, k].astype(float) * METRICS[k].scale, np.nan)

    def instant(self, name: str) -> npt.NDArray[np.float64]:
        """(steps,) ic, to or end in samples."""
        return self.steps[f"{name}_i"].astype(float) + self.steps[f"{name}_frac"].astype(float)


def samples(acc: npt.ArrayLike, gyr: npt.ArrayLike | None, rate_hz: float, marks: npt.ArrayLike = 0) -> np.recarray:
    """(n,) Sample records."""
    made = zeros("Sample", len(np.asarray(acc)))
    made["acc_mps2"] = acc
    if gyr is not None:
        made["gyr_radps"] = gyr
    made["dt_s"] = np.float32(1.0 / rate_hz)
    made["marks"] = marks
    return made


def run_kernels(
    taken: np.recarray,
    setup: Setup,
    *,
    parameters: Parameters | None = None,
    cuts: Iterable[int] = (),
    params: np.recarray | None = None,
    state: bytes | None = None,
) -> Ran:
    """The kernels over these samples, in pieces that end at `cuts`, from a cold start or from a state's bytes."""
    params = kernel_params(parameters or Parameters(), setup) if params is None else params
    now = zeros("State")
    if state is not None:
        now[:] = np.frombuffer(state, DTYPES["State"])
    out, counts = zeros("Out"), np.zeros(3, np.int64)
    room = len(taken) // 4 + 16
    steps, strides = np.zeros(room, DTYPES["StepRow"]), np.zeros(room, DTYPES["StrideRow"])
    alerts = np.zeros(room, DTYPES["Alert"])
    signals = zeros("Signal", len(taken))
    edges = [0, *sorted(min(max(c, 0), len(taken)) for c in cuts), len(taken)]
    for start, stop in itertools.pairwise(edges):
        run(now, params, taken[start:stop], signals[start:stop], steps, strides, alerts, out, counts)
    return Ran(
        params, now, steps[: counts[0]].copy(), strides[: counts[1]].copy(), signals, setup, alerts[: counts[2]].copy()
    )


def refined(taken: np.recarray, rate_hz: float, **known: object) -> Ran:
    """Twice: the second time with the mounting and the bias that the first learned."""
    first = run_kernels(taken, Setup(rate_hz=rate_hz, **known))  # type: ignore[arg-type]
    mounting = first.state.mounting[0]
    axes = tuple(map(tuple, np.asarray(mounting.axes_learned, float).reshape(3, 3)))
    bias = tuple(float(b) for b in first.state.attitude[0].bias_radps)
    lean_rad = float(mounting.lean_learned_rad)
    known = {
        **known,
        "lean_rad": lean_rad,
        "axes": axes,
        "has_standing": bool(mounting.learned_standing),
        "bias_radps": bias,
    }
    return run_kernels(taken, Setup(rate_hz=rate_hz, **known))  # type: ignore[arg-type]


def ids_of_pairs(ran: Ran) -> tuple[list[int], list[int]]:
    """Row numbers of the first and the second step of each stride."""
    row = {int(index): k for k, index in enumerate(ran.steps["index"])}
    second = [row[int(index)] for index in ran.strides["index"]]
    return [k - 1 for k in second], second


def in_ticks(ran: Ran) -> tuple[dict[str, npt.NDArray[np.float64]], int, float]:
    """Signals as means over ticks, samples in a tick, its duration."""
    tick_n = contacts.tick_length(Parameters().contacts, ran.setup.rate_hz)
    signals = ran.signals
    forward, left, up = np.asarray(signals.acc_level_mps2).T
    columns = {"forward": forward, "left": left, "up": up}
    columns |= {name: signals[f"{name}_rad"] for name in ("tilt", "obliquity", "rotation")}
    return {k: contacts.tick_means(v, tick_n) for k, v in columns.items()}, tick_n, tick_n / ran.setup.rate_hz


def simulated(**changes: object) -> PlainRun:
    """A simulated run of 24 s; the same for the same changes, made once."""
    return plain_run(**{"run_s": 24.0, **changes})


def samples_of_run(run_: PlainRun, gyr: bool = True) -> np.recarray:
    """Its samples."""
    return samples(run_.acc_mps2, run_.gyr_radps if gyr else None, run_.rate_hz)


def standing(seconds: float, rate_hz: float, seed: int = 0) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Still but for noise: (n, 3) acc and gyr, pelvis frame."""
    n = round(seconds * rate_hz)
    rng = np.random.default_rng(seed)
    acc = rng.normal(0.0, 0.05, (n, 3)) + [0.0, 0.0, G]
    return acc, rng.normal(0.0, 0.003, (n, 3))
