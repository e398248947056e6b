"""The state of a link and of its clip in one line."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trendel.app.recorder import Recorder
from trendel.links.intake import Intake
from trendel.links.protocol import Link

if TYPE_CHECKING:
    from trendel.links.recovery import Recovery


@dataclass(frozen=True)
class Health:
    """Numbers of this moment; None where nothing is known.

    Attributes:
        samples_n, lost_n: received live, and missing between those received. rate_hz: as the clip measures it.
        home_n: samples that came later, from the clip's log. missing_n: that are still to come; None: no log is asked.
        errors_n: frames that were damaged. dropped_n: packets that this host had no time for.
        delay_ms: age of the last samples beyond the least delay. restarts_n: of the clip.
        battery_percent, log_used_percent: of the clip. free_mb: on the session's disk. waiting_n: bytes not on it yet.
    """

    samples_n: int
    lost_n: int
    rate_hz: float
    errors_n: int
    dropped_n: int
    delay_ms: float
    restarts_n: int
    battery_percent: float | None
    log_used_percent: float | None
    free_mb: float | None
    waiting_n: int
    home_n: int = 0
    missing_n: int | None = None

    @property
    def lost_percent(self) -> float:
        """Share of the samples that is missing."""
        return 100.0 * self.lost_n / max(1, self.lost_n + self.samples_n)


def health_of(link: Link, intake: Intake, recorder: Recorder | None, recovery: "Recovery | None" = None) -> Health:
    """How it is now."""
    free = recorder.free_bytes() if recorder is not None else None
    return Health(
        intake.samples_n,
        intake.losses.samples_lost_n,
        intake.rate_hz,
        link.counts.errors_n,
        link.dropped_n,
        intake.delay_ns / 1e6,
        intake.losses.reboots_n,
        _known(intake.status.get("battery_percent")),
        _known(intake.status.get("log_used_percent")),
        None if free is None else free / 1e6,
        recorder.waiting_n if recorder is not None else 0,
        recovery.missing.home_n if recovery is not None else 0,
        recovery.missing.samples_n if recovery is not None else None,
    )


def health_line(now: Health) -> str:
    """In words, of at most 78 characters as long as numbers are ordinary."""
    lost = f"lost {now.lost_n} ({now.lost_percent:.2f} %)"
    if now.missing_n is not None:
        lost = f"missing {now.missing_n}, home {now.home_n}"
    parts = [f"{now.rate_hz:.1f} Hz", lost, f"delay {now.delay_ms:.0f} ms"]
    parts += [f"damaged {now.errors_n}"] if now.errors_n else []
    parts += [f"dropped {now.dropped_n}"] if now.dropped_n else []
    parts += [f"restarts {now.restarts_n}"] if now.restarts_n else []
    parts += [f"battery {now.battery_percent:.0f} %"] if now.battery_percent is not None else []
    parts += [f"free {now.free_mb / 1e3:.1f} GB"] if now.free_mb is not None else []
    return ", ".join(parts)


def _known(value: Any) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
