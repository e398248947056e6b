"""Parameters of the hip stability stage, in everyday units and as the kernels take them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from trendel.analysis.checks import positive, within
from trendel.errors import ParameterError


@dataclass(frozen=True)
class Stability:
    """Baseline and detector of drift, kernels/stability.py. What a runner may want to change are the *_deg.

    Constants of the test were chosen on the tuning seed of tests/stability, docs/stability.md says how.
    """

    notice_deg: float = 1.0
    warning_deg: float = 1.2
    stop_deg: float = 3.5
    rest_s: float = 300.0
    clear_share: float = 0.6
    clear_s: float = 30.0
    block_steps: int = 12
    quality_min: float = 0.6
    skip_s: float = 12.0
    gap_s: float = 2.0
    step_max_deg: float = 4.0
    level_s: float = 30.0
    slow_s: float = 120.0
    settle_deg: float = 0.4
    settle_cadence: float = 0.01
    settle_hold_s: float = 60.0
    settle_max_s: float = 480.0
    learn_s: float = 150.0
    memory_s: float = 1600.0
    keep_s: float = 72.0
    common: float = 0.2
    noise_deg: float = 0.11
    noise_s: float = 200.0
    noise_memory_s: float = 1000.0
    noise_min_deg: float = 0.02
    score_max: float = 2.6
    allow_slow: float = 0.6
    allow_quick: float = 1.7
    limit_slow: float = 19.0
    limit_quick: float = 5.7
    both: float = 0.6
    alike_share: float = 0.6
    notice_share: float = 0.6
    opposite_share: float = 1.2
    cadence_prior: float = 0.01
    cadence_max_deg: float = 0.7
    jump_obliquity_deg: float = 4.0
    jump_tilt_deg: float = 4.5
    jump_mixed_deg: float = 2.0
    jump_sides_deg: float = 1.0
    loose_regularity: float = 0.1
    loose_s: float = 25.0
    announced_s: float = 50.0

    def __post_init__(self) -> None:
        positive(self)
        within(self, block_steps=(2, 64), level_s=(6.0, 600.0), slow_s=(6.0, 3600.0), keep_s=(1.0, 3600.0))
        within(self, noise_deg=(0.001, 10.0), noise_s=(10.0, 3600.0), noise_min_deg=(0.001, 10.0))
        within(self, limit_slow=(0.1, 1e3), limit_quick=(0.1, 1e3), cadence_prior=(1e-6, 1e3))
        if not self.notice_deg <= self.warning_deg <= self.stop_deg:
            raise ParameterError("parameters stability.notice_deg, warning_deg and stop_deg must be in that order.")


@dataclass(frozen=True)
class Baseline:
    """The runner's obliquity peaks in earlier runs: mean of each side, and how far one run's may be from it.

    Raises ParameterError for values that no runner has.
    """

    left_deg: float = 0.0
    right_deg: float = 0.0
    sd_deg: float = 1.0

    def __post_init__(self) -> None:
        within(self, left_deg=(-180.0, 180.0), right_deg=(-180.0, 180.0), sd_deg=(0.01, 180.0))


def stability_params(p: Stability, baseline: Baseline | None) -> dict[str, Any]:
    """The stability stage's kernel parameters; times become blocks of a usual cadence (85 steps of a side a minute)."""
    rad, block_s = math.pi / 180.0, p.block_steps * 60 / 85
    known = baseline or Baseline()
    noise2 = p.noise_deg**2 / (1 - math.exp(-2 * block_s / p.keep_s))
    return {
        "block_n": p.block_steps,
        "quality_min": p.quality_min,
        "skip_s": p.skip_s,
        "gap_s": p.gap_s,
        "step_max_rad": p.step_max_deg * rad,
        "fast": 1 - math.exp(-block_s / p.level_s),
        "lag_s": p.level_s,
        "slow": 1 - math.exp(-block_s / p.slow_s),
        "settle_rad": p.settle_deg * rad,
        "settle_cadence": p.settle_cadence,
        "settle_hold_n": math.ceil(p.settle_hold_s / block_s),
        "settle_max_n": math.ceil(p.settle_max_s / block_s),
        "learn_n": max(1, math.ceil(p.learn_s / block_s)),
        "prior_given": int(baseline is not None),
        "prior_rad": (known.left_deg * rad, known.right_deg * rad),
        # A mean of this many blocks, correlated as they are, has the baseline's uncertainty.
        "prior_n": min(p.memory_s / block_s, 2 * p.keep_s / block_s * noise2 / known.sd_deg**2),
        "memory_n": max(1.0, p.memory_s / block_s),
        "keep": math.exp(-block_s / p.keep_s),
        "common": p.common,
        "noise_rad": p.noise_deg * rad,
        "noise_n": p.noise_s / block_s,
        "noise_memory_n": p.noise_memory_s / block_s,
        "noise_min_rad": p.noise_min_deg * rad,
        "score_max": p.score_max,
        "allow_slow": p.allow_slow,
        "allow_quick": p.allow_quick,
        "limit_slow_inv": 1 / p.limit_slow,
        "limit_quick_inv": 1 / p.limit_quick,
        "both": p.both,
        "alike": p.alike_share,
        "notice": p.notice_share,
        "notice_rad": p.notice_deg * rad,
        "warning_rad": p.warning_deg * rad,
        "stop_rad": p.stop_deg * rad,
        "clear": p.clear_share,
        "clear_n": math.ceil(p.clear_s / block_s),
        "rest_s": p.rest_s,
        "opposite": p.opposite_share,
        "cadence_prior": p.cadence_prior,
        "cadence_max_rad": p.cadence_max_deg * rad,
        "jump_obl_rad": p.jump_obliquity_deg * rad,
        "jump_tilt_rad": p.jump_tilt_deg * rad,
        "jump_mixed_rad": p.jump_mixed_deg * rad,
        "jump_sides_rad": p.jump_sides_deg * rad,
        "loose": p.loose_regularity,
        "loose_n": math.ceil(p.loose_s / block_s),
        "wait_n": math.ceil(p.announced_s / block_s),
    }
