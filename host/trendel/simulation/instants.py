"""Everything about a simulated runner at some instants: the truth, and what an ideal sensor would read."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from trendel.constants import STANDARD_GRAVITY_MPS2 as G
from trendel.simulation.curve import F64, Curve


@dataclass(frozen=True)
class Instants:
    """The truth at instants (n,), and what an ideal sensor fixed in the pelvis would read there."""

    t_s: F64
    forward: Curve  # along the way, without the travel (m)
    left: Curve
    up: Curve
    roll: Curve
    tilt: Curve
    turn: Curve  # about the way
    mass: Curve  # height of the centre of mass
    contact: NDArray[np.int8]  # 0 none, 1 left, 2 right, 3 both
    segment: NDArray[np.intp]
    speed_mps: F64
    speed_change_mps2: F64
    heading: Curve

    @cached_property
    def r_world_from_pelvis(self) -> F64:
        """Rz(heading + turn) Ry(tilt) Rx(roll), (n, 3, 3)."""
        yaw = self.heading.x + self.turn.x
        ct, st = np.cos(yaw), np.sin(yaw)
        cy, sy, cr, sr = np.cos(self.tilt.x), np.sin(self.tilt.x), np.cos(self.roll.x), np.sin(self.roll.x)
        made = np.empty((len(yaw), 3, 3))
        made[:, 0, 0], made[:, 0, 1], made[:, 0, 2] = ct * cy, ct * sy * sr - st * cr, ct * sy * cr + st * sr
        made[:, 1, 0], made[:, 1, 1], made[:, 1, 2] = st * cy, st * sy * sr + ct * cr, st * sy * cr - ct * sr
        made[:, 2, 0], made[:, 2, 1], made[:, 2, 2] = -sy, cy * sr, cy * cr
        return made

    @property
    def force_bw(self) -> F64:
        """Vertical ground force in body weights, (n,)."""
        return 1 + self.mass.d2 / G

    @property
    def acc_way_mps2(self) -> F64:
        """Acceleration of the clip along the way, to its left, and up, (n, 3): travel, turn and motion about it."""
        w, dw = self.heading.d1, self.heading.d2
        x, y = self.forward, self.left
        return np.stack(
            (
                self.speed_change_mps2 + x.d2 - 2 * w * y.d1 - dw * y.x - w * w * x.x,
                self.speed_mps * w + y.d2 + 2 * w * x.d1 + dw * x.x - w * w * y.x,
                self.up.d2,
            ),
            axis=1,
        )

    @property
    def acc_pelvis_mps2(self) -> F64:
        """Specific force in the pelvis frame, (n, 3)."""
        a = self.acc_way_mps2
        c, s = np.cos(self.heading.x), np.sin(self.heading.x)
        world = np.stack((c * a[:, 0] - s * a[:, 1], s * a[:, 0] + c * a[:, 1], a[:, 2] + G), axis=1)
        return np.einsum("nji,nj->ni", self.r_world_from_pelvis, world)

    @property
    def gyr_pelvis_radps(self) -> F64:
        """Angular rate in the pelvis frame, (n, 3)."""
        yaw = self.heading.d1 + self.turn.d1
        sy, cy, sr, cr = np.sin(self.tilt.x), np.cos(self.tilt.x), np.sin(self.roll.x), np.cos(self.roll.x)
        return np.stack(
            (self.roll.d1 - yaw * sy, self.tilt.d1 * cr + yaw * cy * sr, yaw * cy * cr - self.tilt.d1 * sr), axis=1
        )

    @property
    def angles_deg(self) -> tuple[F64, F64, F64]:
        """Tilt, obliquity and rotation as docs/conventions.md defines them."""
        obliquity = np.arcsin(np.sin(self.roll.x) * np.cos(self.tilt.x))
        return np.degrees(self.tilt.x), np.degrees(obliquity), np.degrees(self.turn.x)
