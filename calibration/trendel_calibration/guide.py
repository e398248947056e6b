"""Guiding a person through a calibration: what to do now, what is seen, whether it was good. No I/O, no clock.

Samples go in as they come; time is counted in samples. A bad pose is asked for again at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from trendel.constants import STANDARD_GRAVITY_MPS2
from trendel.errors import CalibrationError
from trendel_calibration.acc_fit import acc_fit
from trendel_calibration.result import F64
from trendel_calibration.sections import NAMES, WORDS, Sections

Kind = Literal["rest", "side", "turn", "pose", "done"]
REST_S = 4.0
SIDE_S = 2.5
POSE_S = 1.5
_STILL_S = 0.4
_MULTIPLE = 30.0
"""Rest is up to so many noise powers: a table shakes more than the sensor's noise."""
_REST_ACC_MPS2, _REST_GYR_RADPS = 0.25, 0.03
"""No table shakes more than this, and no such sensor is noisier: what does is held in a hand."""
_SIDE_DEG, _NEW_DEG = 25.0, 20.0
_TURN_DEG = (290.0, 430.0)
_TELLING_N, _MISFIT_MPS2 = 15, 0.05


@dataclass(frozen=True)
class Step:
    """What is asked for: `kind`, and for sides and turns the section's name."""

    kind: Kind
    name: str = ""


@dataclass
class View:
    """What a screen shows.

    step, steps: number of this step from 1, and of all. headline: what to do. seeing: how the clip lies now. holding: 0
    to 1, how much of the hold is over. turned_deg: how far the turn that is asked for has got, else None. is_still:
    whether it is at rest. said: the last sentences, newest last."""

    step: int = 1
    steps: int = 1
    headline: str = ""
    seeing: str = ""
    holding: float = 0.0
    turned_deg: float | None = None
    is_still: bool = False
    is_done: bool = False
    said: list[str] = field(default_factory=list)


class Guide:
    """Takes samples in nominal SI units, asks for poses one by one. `acc`, `gyr`: all that was taken; `sections`: of
    the six positions, once done. `again_n`: poses that had to be repeated."""

    def __init__(self, method: Literal["poses", "ferraris"], poses_n: int = 24) -> None:
        if not 14 <= poses_n <= 200:
            raise CalibrationError(f"{poses_n} poses cannot be asked for: 14 to 200.")
        self.method, self.again_n = method, 0
        wanted = [Step("side" if "_rot" not in name else "turn", name) for name in NAMES]
        if method == "poses":
            wanted = [Step("pose")] * poses_n
        self._steps = [Step("rest"), *wanted, Step("done")]
        self._at = 0
        self.sections: Sections = {}
        self.view = View(steps=len(self._steps) - 1)
        self.rate_hz = 0.0
        self._acc: list[F64] = []
        self._gyr: list[F64] = []
        self._n = 0
        self._ring_acc, self._ring_gyr = np.zeros((0, 3)), np.zeros((0, 3))
        self._floor = (0.0, 0.0)
        self._rest = np.zeros(3)
        self._ups: list[F64] = []  # directions, and mean readings, of the poses taken
        self._means: list[F64] = []
        self._held_from: int | None = None
        self._taken: tuple[str, int] | None = None  # section that may still grow, and the sample it began with
        self._turned = np.zeros(3)
        self._turn_from: int | None = None
        self._is_ready = False  # lies as a turn has to begin
        self._moved = True  # since the last pose that was taken
        self._told = ""
        self._ask()

    @property
    def is_done(self) -> bool:
        """Whether everything asked for was taken."""
        return self._steps[self._at].kind == "done"

    @property
    def acc(self) -> F64:
        """(n, 3) all samples taken."""
        return np.concatenate(self._acc) if self._acc else np.zeros((0, 3))

    @property
    def gyr(self) -> F64:
        """(n, 3) all samples taken."""
        return np.concatenate(self._gyr) if self._gyr else np.zeros((0, 3))

    def push(self, acc: F64, gyr: F64, rate_hz: float) -> None:
        """Take samples (n, 3) m/s2 and rad/s that follow those before."""
        self.rate_hz = rate_hz
        self._acc.append(np.asarray(acc, np.float64))
        self._gyr.append(np.asarray(gyr, np.float64))
        width = max(4, round(_STILL_S * rate_hz))
        for i in range(0, len(acc), max(1, width // 8)):
            part = slice(i, i + max(1, width // 8))
            self._ring_acc = np.concatenate([self._ring_acc, self._acc[-1][part]])[-width:]
            self._ring_gyr = np.concatenate([self._ring_gyr, self._gyr[-1][part]])[-width:]
            self._turned += (self._gyr[-1][part] - self._rest).sum(axis=0) / rate_hz
            self._n += len(self._acc[-1][part])
            if len(self._ring_acc) == width and not self.is_done:
                self._look(width)

    def gap(self) -> None:
        """Samples are missing: what is being held or turned starts again."""
        if not self.is_done and self._steps[self._at].kind != "rest":
            self._say("Samples were lost on the way.")
            self._again("")

    def _look(self, width: int) -> None:
        step = self._steps[self._at]
        spread = float(self._ring_acc.var(axis=0).sum()), float(self._ring_gyr.var(axis=0).sum())
        still = spread[0] < _REST_ACC_MPS2**2 and spread[1] < _REST_GYR_RADPS**2
        if step.kind != "rest":
            still &= spread[0] <= _MULTIPLE * self._floor[0] and spread[1] <= _MULTIPLE * self._floor[1]
            still &= bool(np.abs(self._ring_gyr.mean(axis=0) - self._rest).max() < _REST_GYR_RADPS)
        up = self._ring_acc.mean(axis=0)
        up = up / max(float(np.linalg.norm(up)), 1e-9)
        self.view.is_still, self.view.seeing = still, describe(up)
        self.view.turned_deg = None
        if step.kind == "turn":
            begun = self._turn_from is not None or self._is_ready
            self.view.turned_deg = abs(float(np.degrees(self._turned["xyz".index(step.name[0])]))) if begun else 0.0
        if not still:
            self._moving(step, width)
            return
        if self._held_from is None:
            self._held_from = self._n - width // 2
        self._resting(step, up, width)

    def _moving(self, step: Step, width: int) -> None:
        if self._taken is not None:
            # The section lasts until half a window before the movement shows.
            name, start = self._taken
            self.sections[name] = (start, max(start + 2, self._n - width))
            self._taken = None
        if self._held_from is not None and self.view.holding > 0.3 and step.kind in ("rest", "side", "pose"):
            self._again("It moved before the time was over.")
        if self._is_ready and self._turn_from is None:
            self._turn_from, self._is_ready = self._n - width, False
        self._held_from, self.view.holding, self._moved = None, 0.0, True

    def _resting(self, step: Step, up: F64, width: int) -> None:
        assert self._held_from is not None
        held_s = (self._n - self._held_from) / self.rate_hz
        if step.kind == "rest":
            self.view.holding = min(1.0, held_s / REST_S)
            if held_s >= REST_S:
                tail = np.concatenate(self._acc)[self._held_from :], np.concatenate(self._gyr)[self._held_from :]
                self._floor = float(tail[0].var(axis=0).sum()), float(tail[1].var(axis=0).sum())
                # Rounding alone makes a floor for sensors that are quieter than their counts.
                self._floor = max(self._floor[0], 1e-5), max(self._floor[1], 1e-7)
                self._rest = tail[1].mean(axis=0)
                self._next(f"Noise measured: {np.sqrt(self._floor[0]) * 1e3:.0f} mm/s2.")
        elif step.kind == "side":
            self._side(step, up, held_s)
        elif step.kind == "turn":
            self._turn(step, up, held_s)
        elif step.kind == "pose":
            self._pose(up, held_s)

    def _side(self, step: Step, up: F64, held_s: float) -> None:
        assert self._held_from is not None
        wanted = axis_of(step.name)
        if angle_deg(up, wanted) > _SIDE_DEG:
            self._complain(f"That is {describe(up)}; wanted is {WORDS[step.name]}.")
            self.view.holding = 0.0
            return
        self.view.holding = min(1.0, held_s / SIDE_S)
        if held_s >= SIDE_S:
            self.sections[step.name] = (self._held_from, self._n)
            self._taken = (step.name, self._held_from)
            size = float(np.linalg.norm(self.acc[self._held_from : self._n].mean(axis=0)))
            self._next(f"{WORDS[step.name]}: taken ({size / STANDARD_GRAVITY_MPS2:.3f} g uncalibrated).")

    def _turn(self, step: Step, up: F64, held_s: float) -> None:
        wanted = axis_of(f"{step.name[0]}_p")
        if angle_deg(up, wanted) > _SIDE_DEG:
            self._complain(f"That is {describe(up)}; for this turn the {step.name[0]} axis has to point up.")
            self._turn_from, self._is_ready = None, False
            return
        if self._turn_from is None:
            self._turned[:] = 0.0
            self._is_ready = True
            return
        if held_s < 0.5:
            return
        k = "xyz".index(step.name[0])
        angle = float(np.degrees(self._turned[k]))
        other = float(np.degrees(np.abs(np.delete(self._turned, k)).max()))
        assert self._held_from is not None
        start, self._turn_from = self._turn_from, None
        if abs(angle) < 20 and other < 20:
            self._turned[:] = 0.0
            return  # a nudge
        if not _TURN_DEG[0] <= abs(angle) <= _TURN_DEG[1]:
            self._turned[:] = 0.0
            self._again(f"That was {abs(angle):.0f} degrees: turn it once all round, until it lies as before.")
            return
        self.sections[step.name] = (max(0, start), self._held_from + round(0.2 * self.rate_hz))
        self._next(f"Turn about {step.name[0]}: taken ({abs(angle):.0f} degrees uncalibrated).")

    def _pose(self, up: F64, held_s: float) -> None:
        near = min((angle_deg(up, other) for other in self._ups), default=180.0)
        if near < _NEW_DEG:
            if held_s > 0.6:
                self._complain("It lay like that before: choose another side, edge or corner.")
            self.view.holding = 0.0
            return
        self.view.holding = min(1.0, held_s / POSE_S)
        if held_s >= POSE_S:
            assert self._held_from is not None
            mean = self.acc[self._held_from : self._n].mean(axis=0)
            if not self._fits(mean):
                self._again("It does not fit the other poses (was something pushing it?).")
                return
            self._ups.append(up)
            self._means.append(mean)
            self._next(f"Pose {len(self._ups)}: {describe(up)}.")

    def _fits(self, mean: F64) -> bool:
        """Whether the pose keeps to the ellipsoid of those before, once there are enough to tell."""
        if len(self._means) < _TELLING_N:
            return True
        try:
            _, _, fitted = acc_fit(np.array([*self._means, mean]), STANDARD_GRAVITY_MPS2)
        except CalibrationError:
            return True
        return bool(fitted.used[-1]) or abs(float(fitted.residuals[-1, 0])) < _MISFIT_MPS2

    def _next(self, sentence: str) -> None:
        self._say(sentence)
        self._at += 1
        self._held_from, self._turn_from, self._is_ready, self._moved = None, None, False, False
        self._turned[:] = 0.0
        self.view.holding, self._told = 0.0, ""
        self._ask()

    def _again(self, why: str) -> None:
        self.again_n += 1
        self._held_from, self._turn_from, self._is_ready, self.view.holding = None, None, False, 0.0
        self._turned[:] = 0.0
        if why:
            self._say(f"{why} Once more.")

    def _complain(self, sentence: str) -> None:
        """Once for each way of lying wrong, and not before it was moved at all."""
        if self._moved and sentence != self._told:
            self._told = sentence
            self._say(sentence)

    def _say(self, sentence: str) -> None:
        self.view.said = [*self.view.said, sentence][-500:]

    def _ask(self) -> None:
        step = self._steps[self._at]
        self.view.step, self.view.is_done = min(self._at + 1, self.view.steps), step.kind == "done"
        self.view.headline = {
            "rest": "Lay the clip on a table and let go of it.",
            "side": f"Lay it down with the {WORDS.get(step.name, '')}, against a flat face or an edge, and let go.",
            "turn": f"With the {step.name[:1]} axis up, turn it once all round on the table, clockwise, along an edge, "
            "until it lies exactly as before.",
            "pose": f"Lay it down another way{self._hint()}, and let go.",
            "done": "All poses are taken.",
        }[step.kind]

    def _hint(self) -> str:
        """The side, edge or corner that is farthest from all taken."""
        if not self._ups:
            return ""
        corners = np.array(
            [(x, y, z) for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1) if (x, y, z) != (0, 0, 0)]
        )
        unit = corners / np.linalg.norm(corners, axis=1)[:, None]
        nearest = (unit @ np.array(self._ups).T).max(axis=1)
        return f": with {describe(unit[int(nearest.argmin())])}, for example"


def axis_of(name: str) -> F64:
    """(3,) direction that points up in the section `name`, sensor frame."""
    up = np.zeros(3)
    up["xyz".index(name[0])] = -1.0 if name.endswith("_a") else 1.0
    return up


def angle_deg(a: F64, b: F64) -> float:
    """Between unit vectors."""
    return float(np.degrees(np.arccos(np.clip(a @ b, -1.0, 1.0))))


def describe(up: F64) -> str:
    """Which side, edge or corner points up: 'x axis up', 'x and z up', 'x up, y down'."""
    parts = [(abs(v), "xyz"[i], v > 0) for i, v in enumerate(up) if abs(v) > 0.38]
    if len(parts) == 1:
        return f"{parts[0][1]} axis {'up' if parts[0][2] else 'down'}"
    ups, downs = [axis for _, axis, is_up in parts if is_up], [axis for _, axis, is_up in parts if not is_up]
    words = [
        f"{', '.join(axes[:-1])}{' and ' if axes[1:] else ''}{axes[-1]} {word}"
        for axes, word in ((ups, "up"), (downs, "down"))
        if axes
    ]
    return ", ".join(words)
