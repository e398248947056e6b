"""The stability stage from whole lists, in float64 (rad, s): block means, then one pass over blocks.

Written from the definitions in docs/stability.md, with lists instead of rings and counters. Parameters come as the
kernels' record (rounded to float32 there, which is all that is shared).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

LEFT, RIGHT, BOTH, LEFT_OVER_RIGHT, RIGHT_OVER_LEFT = range(5)
DROP, ASYMMETRY, MOVED, LOOSE = 1, 2, 3, 4


@dataclass(frozen=True)
class Step:
    """One step: samples, side (1, -1, 0), seconds, angles in rad."""

    start_i: int
    end_i: int
    side: int
    known: bool
    step_s: float
    quality: float
    regularity: float
    peak: float
    tilt: float
    obliquity: float
    turned_n: int
    segment_i: int = 0
    condition: int = 0


@dataclass
class Found:
    """An alert of the twin."""

    kind: int
    side: int
    level: int
    at_i: int
    onset_i: int
    change: float
    error: float


@dataclass
class Twin:
    """The whole stage. `p`: record of StabilityParams; `dt_s`: sample interval."""

    p: Any
    dt_s: float
    alerts: list[Found] = field(default_factory=list)
    levels: list[tuple[float, float]] = field(default_factory=list)
    baselines: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.last: Step | None = None
        self.block: list[Step] = []
        self.turned_n = 0
        self.level, self.slow = [0.0, 0.0], [0.0, 0.0]
        self.step_s = self.step_slow_s = self.reference_s = 0.0
        self.squares = [float(self.p.noise_rad) ** 2 * float(self.p.noise_n)] * 5
        self.squares_n = float(self.p.noise_n)
        self.active, self.below = [0] * 5, [0] * 5
        self.alerted: dict[int, int] = {}
        self.condition = self.fresh_condition = 0
        self.anew()

    def anew(self) -> None:
        self.phase, self.blocks, self.held = "settling", 0, 0
        self.recent: list[tuple[float, float, float, float]] = []
        self.skip_s = float(self.p.skip_s)
        self.block = []
        self.baseline, self.weight, self.before = [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]
        self.regularity: float | None = None
        self.regular = 0.0
        self.irregular, self.loose = 0, False
        self.waiting: list[list[float]] | None = None
        self.offset = [0.0, 0.0]
        self.xx = self.xy = self.effect = 0.0
        self.forget()

    def forget(self) -> None:
        self.quick, self.slow_sum = [0.0] * 5, [0.0] * 5
        self.onsets = getattr(self, "onsets", [[0, 0] for _ in range(5)])

    # One step at a time, until a block is full.

    def add(self, step: Step) -> None:
        p = self.p
        if step.condition != self.condition:
            self.condition = step.condition
            if self.phase == "watching":
                self.skip_s, self.block, self.recent, self.waiting = float(p.skip_s), [], [], []
            else:
                self.anew()
        if step.turned_n != self.turned_n:
            self.turned_n = step.turned_n
            known = self.phase != "settling"
            self.anew()
            if known:
                self.clip_alert(MOVED, step.end_i)
            return
        last, self.last = self.last, step
        away = last is None or step.segment_i != last.segment_i or (step.start_i - last.end_i) * self.dt_s > p.gap_s
        if away:
            self.skip_s, self.block = float(p.skip_s), []
        if self.skip_s > 0:
            self.skip_s -= step.step_s
            return
        if step.side == 0 or not step.known or step.quality < p.quality_min:
            return
        self.block.append(step)
        counts = [sum(s.side == side for s in self.block) for side in (1, -1)]
        if min(counts) >= p.block_n:
            full, self.block = self.block, []
            self.close(full)
        elif sum(counts) > 4 * p.block_n:
            self.block = []

    def limited(self, step: Step) -> float:
        if self.phase == "settling" and self.blocks == 0:
            return step.peak
        level = self.level[0 if step.side > 0 else 1]
        return min(max(step.peak, level - self.p.step_max_rad), level + self.p.step_max_rad)

    # One block.

    def close(self, block: list[Step]) -> None:
        p, at_i = self.p, block[-1].end_i
        raw = [_mean([self.limited(s) for s in block if s.side == side]) for side in (1, -1)]
        obliquity, tilt = _mean([s.obliquity for s in block]), _mean([s.tilt for s in block])
        step_s = _mean([s.step_s for s in block])
        self.recent = [*self.recent, (raw[0], raw[1], obliquity, tilt)][-8:]
        effect = 0.0
        if self.phase == "watching":
            relative = (step_s - self.reference_s) / self.reference_s
            effect = min(max(self.effect * relative, -p.cadence_max_rad), p.cadence_max_rad)
        means = [x - effect for x in raw]
        if self.waiting is not None:
            self.new_level(means)
            self.levels.append((self.level[0], self.level[1]))
            self.baselines.append((self.baseline[0], self.baseline[1]))
            return
        if self.phase == "settling" and self.blocks == 0:
            self.level, self.slow = list(means), list(means)
            self.step_s = self.step_slow_s = step_s
        self.level = [old + p.fast * (new - old) for old, new in zip(self.level, means, strict=True)]
        self.step_s += p.fast * (step_s - self.step_s)
        self.blocks += 1
        try:
            self.judge(means, step_s, _mean([s.regularity for s in block]), block[0].start_i, at_i)
        finally:
            known = self.phase != "settling"
            self.levels.append((self.level[0], self.level[1]))
            self.baselines.append((self.baseline[0], self.baseline[1]) if known else (0.0, 0.0))

    def new_level(self, means: list[float]) -> None:
        """After an announced change: the level is the mean of some blocks, and the baseline moves along."""
        assert self.waiting is not None
        self.waiting.append(means)
        self.level = [_mean([block[k] for block in self.waiting]) for k in range(2)]
        if len(self.waiting) < self.p.wait_n:
            return
        self.waiting = None
        if self.condition == self.fresh_condition:
            self.baseline = [b - o for b, o in zip(self.baseline, self.offset, strict=True)]
            self.offset, self.before = [0.0, 0.0], self.changes()
            return
        moved = [now - before for now, before in zip(self.changes(), self.before, strict=True)]
        self.baseline = [b + m for b, m in zip(self.baseline, moved, strict=True)]
        self.offset = [o + m for o, m in zip(self.offset, moved, strict=True)]

    def judge(self, means: list[float], step_s: float, regularity: float, start_i: int, at_i: int) -> None:
        p = self.p
        if self.jumped() and self.phase == "watching":
            if not self.loose:
                self.clip_alert(MOVED, at_i, limited=True)
            return
        if self.came_loose(regularity) and self.clip_alert(LOOSE, at_i, limited=True):
            return
        if self.phase == "settling":
            self.settle(step_s)
            return
        if self.loose:
            return
        self.weigh(start_i)
        if self.phase == "learning":
            n = self.blocks
            x = (step_s - self.reference_s) / self.reference_s
            y = _mean(means) - _mean(self.baseline)
            self.xx += n / (n + 1) * x * x
            self.xy += n / (n + 1) * x * y
            self.reference_s += (step_s - self.reference_s) / (n + 1)
            self.effect = self.xy / (self.xx + p.cadence_prior)
        for k in range(2):
            if self.phase == "watching" and max(self.active[k], self.active[BOTH]) >= 2:
                continue
            if self.phase == "watching" and self.evidence(k) >= 1:
                continue
            self.weight[k] += 1
            if self.phase == "watching":
                self.weight[k] = min(self.weight[k], p.memory_n)
            self.baseline[k] += (means[k] - self.baseline[k]) / self.weight[k]
        if self.phase == "learning":
            if self.blocks >= p.learn_n:
                self.phase, self.blocks = "watching", 0
        else:
            self.decide(at_i)

    def jumped(self) -> bool:
        p = self.p
        if len(self.recent) < 8:
            return False
        jumps = []
        for column in zip(*self.recent, strict=True):
            old = sorted(column[:4])
            jumps.append(sorted(column[5:])[1] - (old[1] + old[2]) / 2)
        left, right, obliquity, tilt = jumps
        mixed = abs(obliquity) > p.jump_mixed_rad and abs(left - right) / 2 > p.jump_sides_rad
        if not (abs(obliquity) > p.jump_obl_rad or abs(tilt) > p.jump_tilt_rad or mixed):
            return False
        self.recent = []
        if self.phase != "settling":
            self.baseline = [self.baseline[0] + left, self.baseline[1] + right]
            self.level = [b + c for b, c in zip(self.baseline, self.before, strict=True)]
        self.before = [x - b for x, b in zip(self.level, self.baseline, strict=True)]
        self.forget()
        return True

    def came_loose(self, regularity: float) -> bool:
        p = self.p
        if self.regularity is None:
            self.regularity = regularity
        self.regularity += p.fast * (regularity - self.regularity)
        if self.phase != "watching":
            self.regular = self.regular or self.regularity
            self.regular += p.slow * (self.regularity - self.regular)
            return False
        lost = self.regular - self.regularity
        self.irregular = self.irregular + 1 if lost > p.loose else 0
        if lost < p.loose / 2:
            self.loose = False
        if self.irregular >= p.loose_n and not self.loose:
            self.loose = True
            self.forget()
            return True
        return False

    def settle(self, step_s: float) -> None:
        p = self.p
        self.slow = [s + p.slow * (x - s) for s, x in zip(self.slow, self.level, strict=True)]
        self.step_slow_s += p.slow * (self.step_s - self.step_slow_s)
        near = all(abs(x - s) <= p.settle_rad for x, s in zip(self.level, self.slow, strict=True))
        near = near and abs(self.step_s - self.step_slow_s) <= p.settle_cadence * self.step_slow_s
        self.held = self.held + 1 if near else 0
        if self.held < p.settle_hold_n and self.blocks < p.settle_max_n:
            return
        self.phase, self.blocks, self.reference_s = "learning", 0, step_s
        self.fresh_condition = self.condition
        known = bool(p.prior_given) and self.turned_n == 0
        self.baseline = [float(x) for x in p.prior_rad] if known else list(self.level)
        self.weight = [float(p.prior_n) if known else 0.0] * 2
        self.before = self.changes()

    def changes(self) -> list[float]:
        return [x - b for x, b in zip(self.level, self.baseline, strict=True)]

    def deviation(self, c: int) -> float:
        return max((self.squares[c] / self.squares_n) ** 0.5, float(self.p.noise_min_rad))

    def weigh(self, start_i: int) -> None:
        p, now = self.p, self.changes()
        u, v = (x - p.keep * b for x, b in zip(now, self.before, strict=True))
        self.before = now
        unforeseen = (u - p.common * v, v - p.common * u, (u + v) / 2, u - v, v - u)
        fade = (self.squares_n - 1) / self.squares_n if self.squares_n >= p.noise_memory_n else 1.0
        for c in range(5):
            sd = self.deviation(c)
            z = min(max(unforeseen[c] / sd, -p.score_max), p.score_max)
            self.squares[c] = self.squares[c] * fade + z * z * sd * sd
            if self.phase != "watching":
                continue
            for sums, allow, limit_inv, which in (
                (self.quick, p.allow_quick, p.limit_quick_inv, 0),
                (self.slow_sum, p.allow_slow, p.limit_slow_inv, 1),
            ):
                if sums[c] <= 0:
                    self.onsets[c][which] = start_i
                sums[c] = min(max(sums[c] + z - allow, 0.0), 2 / limit_inv)
        self.squares_n = self.squares_n * fade + 1

    # Alerts.

    def evidence(self, c: int) -> float:
        return max(self.quick[c] * self.p.limit_quick_inv, self.slow_sum[c] * self.p.limit_slow_inv)

    def change(self, c: int) -> float:
        left, right = self.changes()
        return (left, right, min(left, right), left - right, right - left)[c]

    def wanted(self, c: int) -> int:
        p, change = self.p, self.change(c)
        shown = self.evidence(c) * (p.both if c == BOTH else 1.0)
        if shown < p.notice or change < p.notice_rad:
            return 0
        if c == BOTH and change < p.alike * max(self.changes()):
            return 0
        if c > BOTH:
            if self.active[c - 3] >= 2:
                return 0
            return 1 if shown >= 1 and change >= p.warning_rad + p.notice_rad else 0
        if shown < 1 or change < p.warning_rad:
            return 1
        return 3 if change >= p.stop_rad else 2

    def decide(self, at_i: int) -> None:
        p = self.p
        best, urgent = None, 0
        for c in (BOTH, LEFT, RIGHT, LEFT_OVER_RIGHT, RIGHT_OVER_LEFT):
            if self.active[c]:
                least = p.notice_rad if self.active[c] == 1 else p.warning_rad
                self.below[c] = self.below[c] + 1 if self.change(c) <= p.clear * least else 0
                if self.below[c] >= p.clear_n:
                    if self.active[c] >= 2:
                        self.quick[c] = self.slow_sum[c] = 0.0
                    self.active[c] = self.below[c] = 0
            level = self.wanted(c)
            if level > max(self.active[c], urgent):
                best, urgent = c, level
        if best is None:
            return
        if any((at_i - i) * self.dt_s < p.rest_s for level, i in self.alerted.items() if level >= urgent):
            return
        if best < BOTH and urgent >= 2 and self.change(1 - best) < -p.opposite * self.change(best):
            self.baseline, self.before = list(self.level), [0.0, 0.0]
            self.forget()
            self.clip_alert(MOVED, at_i)
            return
        self.alerted[urgent] = at_i
        rest = max(1 - float(p.keep) ** 2, 1e-6)
        n = max(self.weight[1 if best == RIGHT else 0] * (1 - p.keep) / (1 + p.keep), 1.0)
        error = (self.deviation(best) ** 2 / rest * (1 + 1 / n)) ** 0.5
        quick = self.quick[best] * p.limit_quick_inv >= self.slow_sum[best] * p.limit_slow_inv
        side = (1, -1, 0, 1, -1)[best]
        kind = DROP if best <= BOTH else ASYMMETRY
        onset = self.onsets[best][0 if quick else 1]
        since_s = max((at_i - onset) * self.dt_s, p.lag_s)
        error = float(error**2 + (self.change(best) * p.lag_s / since_s) ** 2) ** 0.5
        self.alerts.append(Found(kind, side, urgent, at_i, onset, self.change(best), error))
        self.active[best] = urgent
        if best == BOTH:
            self.active[:2] = [max(a, urgent) for a in self.active[:2]]

    def clip_alert(self, kind: int, at_i: int, limited: bool = False) -> bool:
        """Tell of the clip, unless it was told of just now and that matters."""
        if limited and 0 in self.alerted and (at_i - self.alerted[0]) * self.dt_s < self.p.rest_s:
            return False
        self.alerted[0] = at_i
        self.alerts.append(Found(kind, 0, 2, at_i, at_i, 0.0, 0.0))
        return True


def _mean(values: list[float]) -> float:
    return float(sum(values) / len(values))
