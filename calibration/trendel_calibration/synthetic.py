"""A clip with known errors, laid down in attitudes and turned by hand between them: what calibration is tested on.

Nothing of the fits is used here: attitudes are integrated from smooth turns, the sensor is applied to the truth."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from trendel.constants import STANDARD_GRAVITY_MPS2
from trendel_calibration.result import F64

SECTIONS = ("x_p", "x_a", "y_p", "y_a", "z_p", "z_a", "x_rot", "y_rot", "z_rot")


@dataclass(frozen=True, eq=False)
class Clip:
    """True parameters: raw = matrix^-1 (true + noise) + bias, as Calibration has them, and how noisy it is.

    acc_noise_mps2, gyr_noise_radps: one sigma of a sample. acc_wander_mps2, gyr_wander_radps: one sigma of what the
    biases change from pose to pose. quantum: step of the raw values, acc and gyr; 0: none."""

    acc_matrix: F64
    acc_bias: F64
    gyr_matrix: F64
    gyr_bias: F64
    rate_hz: float = 208.0
    acc_noise_mps2: float = 0.02
    gyr_noise_radps: float = 0.0015
    acc_wander_mps2: float = 0.004
    gyr_wander_radps: float = 0.0
    quantum: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def random(cls, seed: int, *, counts: bool = False) -> Clip:
        """A consumer IMU, in the frame of the poses method: biases of some 40 mg and 1 deg/s, scales within a percent,
        axes within a degree; in SI units, or in 16-bit counts of 16 g and 2000 deg/s."""
        rng = np.random.default_rng([seed, 31])
        acc = np.diag(rng.normal(1.0, 0.01, 3)) + np.triu(rng.normal(0.0, 0.01, (3, 3)), 1)
        gyr = np.diag(rng.normal(1.0, 0.01, 3)) + rng.normal(0.0, 0.008, (3, 3)) * (1 - np.eye(3))
        acc_bias, gyr_bias = rng.normal(0.0, 0.4, 3), rng.normal(0.0, 0.02, 3)
        rate = float(rng.choice([104.0, 208.0]))
        noise = float(rng.uniform(0.01, 0.03)), float(rng.uniform(0.001, 0.002))
        acc_step, gyr_step = 16 * STANDARD_GRAVITY_MPS2 / 32768, np.radians(2000.0) / 32768
        if counts:
            return cls(acc * acc_step, acc_bias / acc_step, gyr * gyr_step, gyr_bias / gyr_step, rate, *noise,
                       quantum=(1.0, 1.0))  # fmt: skip
        return cls(acc, acc_bias, gyr, gyr_bias, rate, *noise, quantum=(acc_step, gyr_step))

    def read(self, acc_mps2: F64, gyr_radps: F64, rng: np.random.Generator) -> tuple[F64, F64]:
        """What it reads, raw (n, 3) each, of true (n, 3) in its frame."""
        made = []
        for true, noise, matrix, bias, step in (
            (acc_mps2, self.acc_noise_mps2, self.acc_matrix, self.acc_bias, self.quantum[0]),
            (gyr_radps, self.gyr_noise_radps, self.gyr_matrix, self.gyr_bias, self.quantum[1]),
        ):
            raw = (true + rng.normal(0.0, noise, true.shape)) @ np.linalg.inv(matrix).T + bias
            made.append(np.round(raw / step) * step if step else raw)
        return made[0], made[1]


@dataclass(frozen=True)
class Handling:
    """How a clip is handled.

    Attributes:
        poses_n: attitudes. still_s: at rest in each. turn_s: for a turn. first_s: at rest before the first turn.
        gravity_mps2: at the place. tremble_mps2: what a hand adds to the force in turns. placement_deg: one sigma by
            which a side of a box is not level. choices_n: turns thought of before each; 1: none. seed: of everything.
    """

    poses_n: int = 30
    still_s: float = 2.5
    turn_s: float = 1.6
    first_s: float = 6.0
    gravity_mps2: float = STANDARD_GRAVITY_MPS2
    tremble_mps2: float = 1.5
    placement_deg: float = 0.0
    choices_n: int = 4
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Handled:
    """A recording of a handled clip with its truth: raw (n, 3) each, true rotation at each pose's middle (k, 3, 3)
    world from sensor, and sample ranges of the poses (k, 2)."""

    acc_raw: F64
    gyr_raw: F64
    rate_hz: float
    r_world_from_sensor: F64
    spans: np.ndarray
    clip: Clip
    marks: dict[str, tuple[int, int]] = field(default_factory=dict)


def handle(clip: Clip, handling: Handling) -> Handled:
    """The clip laid down in `poses_n` attitudes, by turns of 60 to 150 degrees about any axis, each of some choices to
    where no pose was near yet, as the guide asks for it."""
    rng = np.random.default_rng([handling.seed, 41])
    stages: list[tuple[float, F64]] = [(handling.first_s, np.zeros(3))]
    start = random_rotation(rng)
    up = start.T @ np.array([0.0, 0.0, 1.0])
    ups = [up]
    for _ in range(handling.poses_n - 1):
        axes = rng.standard_normal((handling.choices_n, 3))
        axes /= np.linalg.norm(axes, axis=1)[:, None]
        turns = axes * np.radians(rng.uniform(60.0, 150.0, handling.choices_n))[:, None]
        reached = [rotation(turn).T @ up for turn in turns]
        away = [max(float(other @ there) for other in ups) for there in reached]
        chosen = int(np.argmin(away))
        up = reached[chosen]
        ups.append(up)
        stages.append((handling.turn_s * float(rng.uniform(0.7, 1.4)), turns[chosen]))
        stages.append((handling.still_s * float(rng.uniform(0.8, 1.3)), np.zeros(3)))
    return perform(clip, handling, stages, start, rng)


def six_positions(clip: Clip, handling: Handling, turns_deg: float = -360.0) -> Handled:
    """Ferraris' procedure on a table: x up, x down, ... z down, then x up, a whole turn about the vertical, and so on
    for y and z. The clip's frame is that of its box; a side is not level by `placement_deg`."""
    rng = np.random.default_rng([handling.seed, 42])
    still, turn = 4.0 * handling.still_s, 1.5 * handling.turn_s
    up = {"x": np.eye(3)[0], "y": np.eye(3)[1], "z": np.eye(3)[2]}
    start = np.column_stack([[0, 0, 1.0], [1.0, 0, 0], [0, 1.0, 0]])  # sensor axes in the world: x up
    stages: list[tuple[float, F64]] = [(still, np.zeros(3))]
    names: list[tuple[str, int]] = [("x_p", 0)]
    r = start.copy()
    tilt = np.radians(handling.placement_deg)
    for name in SECTIONS[1:]:
        axis, sign = name[0], -1.0 if name.endswith("_a") else 1.0
        aim = sign * up[axis] + rng.normal(0.0, tilt, 3) * (1 - np.abs(up[axis]))
        rotvec = _bring_up(r, aim / np.linalg.norm(aim))
        stages += [(turn, rotvec), (still, np.zeros(3))]
        r = r @ rotation(rotvec)
        if name.endswith("_rot"):
            vertical = (r.T @ np.array([0.0, 0.0, 1.0])) * np.radians(turns_deg)
            stages += [(3 * turn, vertical), (still, np.zeros(3))]
            names.append((name, len(stages) - 2))
        else:
            names.append((name, len(stages) - 1))
    made = perform(clip, handling, stages, start, rng)
    edges = np.cumsum([0, *(round(s * clip.rate_hz) for s, _ in stages)])
    margin = round(0.5 * clip.rate_hz)
    for name, i in names:
        pad = margin if not name.endswith("_rot") else -margin // 2
        made.marks[name] = (int(edges[i] + pad), int(edges[i + 1] - pad))
    return made


def _bring_up(r: F64, axis: F64) -> F64:
    """Rotation vector, sensor frame, after which `axis` (3,) of the sensor points up."""
    up = r.T @ np.array([0.0, 0.0, 1.0])
    cross, cosine = np.cross(axis, up), float(axis @ up)
    size = float(np.linalg.norm(cross))
    if size < 1e-9:
        if cosine > 0:
            return np.zeros(3)
        other = np.roll(np.abs(axis), 1)
        return np.asarray(np.pi * other)
    return np.asarray(cross / size * np.arctan2(size, cosine))


def perform(
    clip: Clip, handling: Handling, stages: list[tuple[float, F64]], start: F64, rng: np.random.Generator
) -> Handled:
    """The clip through `stages` (seconds, rotation vector in its own frame; zero: at rest), from attitude `start`."""
    rate = clip.rate_hz
    r, accs, gyrs, spans, rotations, at = start, [], [], [], [], 0
    wander_acc, wander_gyr = np.zeros(3), np.zeros(3)
    for seconds, rotvec in stages:
        n = max(2, round(seconds * rate))
        if not rotvec.any():
            wander_acc = rng.normal(0.0, clip.acc_wander_mps2, 3)
            wander_gyr = rng.normal(0.0, clip.gyr_wander_radps, 3) if clip.gyr_wander_radps else wander_gyr
            spans.append((at, at + n))
            rotations.append(r)
            up = np.tile(r.T @ np.array([0, 0, handling.gravity_mps2]), (n, 1))
            accs.append(up + wander_acc)
            gyrs.append(np.tile(wander_gyr, (n, 1)))
        else:
            # Angle by a smooth step; its derivative is the rate, about an axis that is fixed in the sensor.
            u = (np.arange(n) + 0.5) / n
            share, speed = u**3 * (10 - 15 * u + 6 * u * u), 30 * u * u * (1 - u) ** 2 / (n / rate)
            ups = np.array([rotation(s * rotvec).T @ (r.T @ np.array([0, 0, handling.gravity_mps2])) for s in share])
            shake = np.column_stack(
                [
                    np.sin(2 * np.pi * f * u * seconds + p)
                    for f, p in zip(rng.uniform(1, 5, 3), rng.uniform(0, 6, 3), strict=True)
                ]
            )
            accs.append(ups + handling.tremble_mps2 * shake * np.sin(np.pi * u)[:, None] + wander_acc)
            gyrs.append(speed[:, None] * rotvec + wander_gyr)
            r = r @ rotation(rotvec)
        at += n
    acc_raw, gyr_raw = clip.read(np.concatenate(accs), np.concatenate(gyrs), rng)
    return Handled(acc_raw, gyr_raw, rate, np.array(rotations), np.array(spans), clip)


def rotation(rotvec: F64) -> F64:
    """(3, 3) rotation by a vector (rad), by Rodrigues' formula."""
    angle = float(np.linalg.norm(rotvec))
    if angle == 0.0:
        return np.eye(3)
    x, y, z = rotvec / angle
    k = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.asarray(np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * (k @ k))


def random_rotation(rng: np.random.Generator) -> F64:
    """(3, 3), all orientations alike likely."""
    q, r = np.linalg.qr(rng.standard_normal((3, 3)))
    q = q * np.sign(np.diag(r))
    return np.asarray(q if np.linalg.det(q) > 0 else -q)
