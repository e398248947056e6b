"""A way of running in a few physiological parameters, with the ranges and combinations that a person can have."""

from dataclasses import dataclass

import numpy as np

from trendel.constants import STANDARD_GRAVITY_MPS2 as G
from trendel.errors import ParameterError
from trendel.simulation import shapes
from trendel.simulation.curve import F64

REFERENCE_RISE_G = 1.2
"""First harmonic of the centre of mass' vertical acceleration of the runner whose shapes the pelvis follows."""

DUTY = (0.40, 0.97)
"""Contact time over step time. Sprinters at top speed come to 0.43 (Weyand et al., J Appl Physiol 2000); above 1 there
is no flight, which is not running."""

RANGES = {
    "speed_mps": (1.0, 8.0, "m/s"),
    "step_rate_spm": (130.0, 230.0, "steps/min"),
    "contact_time_ms": (120.0, 360.0, "ms"),
    "drop_left_deg": (0.5, 20.0, "degrees"),
    "drop_right_deg": (0.5, 20.0, "degrees"),
    "tilt_mean_deg": (-20.0, 30.0, "degrees"),
    "tilt_rom_deg": (2.0, 30.0, "degrees"),
    "rotation_rom_deg": (2.0, 40.0, "degrees"),
    "impact": (0.0, 3.0, "times the usual"),
    "step_time_asymmetry": (-0.1, 0.1, ""),
    "contact_time_asymmetry": (-0.1, 0.1, ""),
    "oscillation_asymmetry": (-0.3, 0.3, ""),
    "grade": (-0.25, 0.25, "rise over run"),
}
"""What each parameter can be: lowest, highest, unit."""


@dataclass(frozen=True)
class GaitParameters:
    """One way of running. Angles are against the standing posture; drop as docs/conventions.md has it.

    Asymmetries are half the difference of left and right over their mean: 0.02 makes the left 2 % more than the mean,
    the right 2 % less. `oscillation_mm` None takes what step rate and contact time give. `style` other than 0 varies
    the shapes as they differ between runners. Raises ParameterError for what is out of range or cannot go together.
    """

    speed_mps: float = 3.2
    step_rate_spm: float = 168.0
    contact_time_ms: float = 250.0
    drop_left_deg: float = 5.0
    drop_right_deg: float = 5.0
    tilt_mean_deg: float = 6.0
    tilt_rom_deg: float = 8.0
    rotation_rom_deg: float = 11.0
    foot_strike: str = "rear"
    step_time_asymmetry: float = 0.0
    grade: float = 0.0  # rise over run: less impact and braking uphill, more downhill
    oscillation_mm: float | None = None  # of the pelvis
    contact_time_asymmetry: float = 0.0
    oscillation_asymmetry: float = 0.0
    impact: float = 1.0  # how hard the landing is, against the usual for this foot strike, speed and grade
    style: int = 0

    def __post_init__(self) -> None:
        for name, (low, high, unit) in RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ParameterError(
                    f"{name} must be between {low:g} and {high:g} {unit}".rstrip() + f"; it is {value}."
                )
        if self.foot_strike not in shapes.STRIKES:
            raise ParameterError(f"foot_strike must be rear, mid or fore; it is {self.foot_strike!r}.")
        worst = (1 + abs(self.contact_time_asymmetry)) / (1 - abs(self.step_time_asymmetry))
        shortest = 1000 * DUTY[0] * self.step_time_s
        longest = 1000 * DUTY[1] * self.step_time_s / worst
        if not shortest <= self.contact_time_ms <= longest:
            why = "must leave a flight phase" if self.contact_time_ms > longest else "is too short to carry the runner"
            raise ParameterError(
                f"contact_time_ms {why}: at {self.step_rate_spm:g} steps a minute it can be "
                f"{shortest:.0f} to {longest:.0f}; it is {self.contact_time_ms:g}."
            )
        if self.oscillation_mm is not None:
            low, high = (share * self.natural_oscillation_mm for share in (0.85, 1.5))
            if not low <= self.oscillation_mm <= high:
                raise ParameterError(
                    f"oscillation_mm follows from step rate and contact time: here it can be {low:.0f} to {high:.0f}; "
                    f"it is {self.oscillation_mm:g}."
                )

    @property
    def step_time_s(self) -> float:
        return 60.0 / self.step_rate_spm

    @property
    def contact_time_s(self) -> float:
        return self.contact_time_ms / 1000

    @property
    def impact_share(self) -> float:
        """Share of a step's vertical impulse that is impact: grows with speed, shrinks uphill."""
        share = shapes.STRIKES[self.foot_strike][0] * self.impact**0.3 * self.speed_mps / 3.3
        return float(np.clip(share * (1 - 4.2 * self.grade), 0.0, 0.12))

    @property
    def impact_length_s(self) -> float:
        """How long the impact lasts: its peak is half way."""
        usual = shapes.STRIKES[self.foot_strike][1] * (3.3 / self.speed_mps) ** 0.5
        return min(usual, 0.36 * self.contact_time_s)

    @property
    def landing(self) -> float:
        """Size of the landing's pulse in the pelvis, against the usual at 3.3 m/s on the level."""
        return float(self.impact * np.clip(self.speed_mps / 3.3 * np.exp(-3 * self.grade), 0.2, 2.5))

    @property
    def braking(self) -> float:
        """Size of the sudden braking at contact, against the usual at 3.4 m/s on the level."""
        onset = shapes.STRIKES[self.foot_strike][2] * float(np.clip(self.speed_mps / 3.4, 0.5, 1.6))
        return onset * self.own[0] * self.impact**0.5 * float(np.exp(-2 * self.grade))

    @property
    def own(self) -> tuple[float, float, float]:
        """Sizes that differ between runners of one style and another: braking, sideways jolts, and the second and third
        harmonic of the pelvis' rise against the centre of mass. The reference has large ones."""
        if self.style == 0:
            return 1.0, 1.0, 1.0
        noise = np.random.default_rng([self.style, 99]).standard_normal(3)
        brake, jolt = np.clip(np.exp(np.array([-0.35, -0.6]) + 0.35 * noise[:2]), 0.25, 1.3).tolist()
        return brake, jolt, float(np.clip(-0.6 + 0.8 * noise[2], -2.0, 1.0))

    @property
    def duty(self) -> float:
        """Contact time over step time."""
        return self.contact_time_s / self.step_time_s

    def _height(self, n: int) -> F64:
        """Height (m) of the centre of mass at n instants of a step from contact, every step like the last."""
        t, c, w, beta = self.step_time_s, self.contact_time_s, self.impact_length_s, self.impact_share
        shape = shapes.stance_coefficients(np.zeros(1), self.grade)
        tau = t * np.arange(n) / n
        _, _, active = shapes.stance_force(tau / c, np.repeat(shape, n, 0))
        _, _, blow = shapes.impact_force(tau / w)
        centre = (1 - beta) * float(shapes.stance_centre(shape)[0]) * c + beta * w / 2
        made = -G * (t / 2 - centre) * tau + G * (t * ((1 - beta) * active * c + beta * blow * w) - tau**2 / 2)
        return np.asarray(made)

    @property
    def natural_oscillation_mm(self) -> float:
        """Peak to peak of the centre of mass in a step, from the vertical force alone; that of the pelvis is
        some 15 % more."""
        return 1000 * float(np.ptp(self._height(400)))

    @property
    def rise_m(self) -> complex:
        """The centre of mass' height at the step frequency: coefficient of the stride's second harmonic (m)."""
        return complex(2 * np.fft.fft(self._height(400))[1] / 400)

    @property
    def rise_g(self) -> float:
        """The same as an acceleration: 0.6 g without flight, more the shorter the contact."""
        return float(abs(self.rise_m) * (2 * np.pi / self.step_time_s) ** 2 / G)

    def shape(self, c: shapes.Complex, channel: int) -> shapes.Complex:
        """A shape in this runner's style, with this runner's stance and flight."""
        return shapes.warped(shapes.styled(c, self.style, channel), self.duty)

    def displacement(self, c: shapes.Complex) -> shapes.Complex:
        """The motion (m) whose acceleration has this shape (g) when every step is like the last."""
        w = np.pi / self.step_time_s * np.maximum(np.arange(len(c)), 1)
        return -G * c / w**2

    @classmethod
    def usual(
        cls, speed_mps: float | None = None, step_rate_spm: float | None = None, contact_time_ms: float | None = None
    ) -> "GaitParameters":
        """The ordinary runner at this speed, with the step rate and contact time that go with it unless given."""
        speed = 3.2 if speed_mps is None else speed_mps
        if not speed > 0:
            return cls(speed_mps=speed)  # which refuses it
        rate = float(np.clip(168 + 7 * (speed - 3.2), 140, 220)) if step_rate_spm is None else step_rate_spm
        step_ms = 60e3 / max(rate, 1.0)
        usual = float(np.clip(250 * (3.2 / speed) ** 0.7, 0.42 * step_ms, 0.93 * step_ms))
        return cls(speed, rate, usual if contact_time_ms is None else contact_time_ms)

    @classmethod
    def random(cls, seed: int) -> "GaitParameters":
        """A runner drawn from a population of recreational runners on the level.

        Contact time falls with speed about as 0.25 (3.2 / v)^0.7 s and step rate rises by some 7 steps/min for each
        m/s (Dorn, Schache & Pandy, J Exp Biol 2012; Weyand et al. 2000); about four in five strike with the heel
        (Larson et al., J Sports Sci 2011); drop, tilt and rotation as in reviews of pelvic motion in running.
        """
        return _draw(cls, np.random.default_rng([seed, 77]))


def _draw(cls: type[GaitParameters], rng: np.random.Generator) -> GaitParameters:
    def normal(mean: float, sd: float, low: float, high: float) -> float:
        return float(np.clip(rng.normal(mean, sd), low, high))

    speed = normal(3.2, 0.6, 2.1, 4.8)
    rate = normal(165 + 7 * (speed - 3.2), 9.0, 142.0, 210.0)
    strike = str(rng.choice(("rear", "mid", "fore"), p=(0.80, 0.14, 0.06)))
    usual = 250 * (3.2 / speed) ** 0.7 * {"rear": 1.0, "mid": 0.97, "fore": 0.93}[strike]
    step_asymmetry, contact_asymmetry = normal(0.0, 0.008, -0.02, 0.02), normal(0.0, 0.012, -0.03, 0.03)
    contact = float(np.clip(usual * np.exp(rng.normal(0.0, 0.07)), 0.45 * 60e3 / rate, min(330.0, 0.91 * 60e3 / rate)))
    drop, uneven = normal(5.0, 1.7, 1.5, 10.0), normal(0.0, 0.7, -1.0, 1.0)
    made = cls(
        speed, rate, contact, drop + uneven, drop - uneven, normal(8.0, 4.0, -4.0, 20.0), normal(8.0, 2.0, 4.0, 15.0),
        normal(11.0, 3.5, 5.0, 22.0), strike, step_asymmetry, 0.0, None, contact_asymmetry,
        normal(0.0, 0.03, -0.08, 0.08), float(np.clip(np.exp(rng.normal(-0.6, 0.45)), 0.15, 2.0)),
        style=1 + int(rng.integers(1 << 30)),
    )  # fmt: skip
    own = float(np.clip(np.exp(rng.normal(0.1, 0.07)), 0.92, 1.35)) * made.natural_oscillation_mm
    return cls(**{**made.__dict__, "oscillation_mm": own})
