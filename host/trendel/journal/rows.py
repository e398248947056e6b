"""Rows of the journal as they are given out, and a run as it is handed in."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from trendel.journal.baseline import Axes, Settled

UNKNOWN = "unknown"
_TIMES = {"created_at", "started_at", "analysed_at", "felt_at", "entered_at", "newest_at"}
_OBJECTS = {"options", "summary"}
_LISTS = {"runs", "axes"}
JSON_COLUMNS = _OBJECTS | _LISTS
"""Columns that hold JSON as text."""
_Row = TypeVar("_Row")


@dataclass(frozen=True)
class Runner:
    """Somebody whose runs are kept. `created_at` is aware."""

    name: str
    created_at: datetime


@dataclass(frozen=True)
class Clip:
    """What measured. Without a serial number, clips are told apart only by the name of their sensor."""

    serial: str = UNKNOWN
    sensor: str = UNKNOWN

    @property
    def id(self) -> str:
        """Its key in the journal: the serial number where it is known."""
        if self.serial != UNKNOWN:
            return self.serial
        return UNKNOWN if self.sensor == UNKNOWN else f"{UNKNOWN} ({self.sensor})"


@dataclass(frozen=True)
class Mounting:
    """A way in which a runner wears a clip.

    place: where, as the recording's metadata say (`mount`), or "". axes: nine numbers, the rows forward, left and up of
    the pelvis in the sensor frame, of the first run that was worn so.
    """

    id: str
    runner: str
    clip: str
    place: str
    axes: Axes


@dataclass(frozen=True)
class NewRun:
    """A run to be kept.

    Attributes:
        hash: of the raw content, as from :func:`trendel.journal.content_hash`.
        started_at: aware, or None where the recording does not say.
        parameter_hash: of the parameters as set, the same at every rate.
        place, axes: of the mounting; axes None where it was not found, and then nothing goes into a baseline.
        settled: mean and deviation of each metric and side over the settled part of the run.
        raw_path, options: what it takes to analyse the same file again after an upgrade.
        summary: plain values, as in summary.json.
    """

    hash: str
    runner: str
    clip: Clip
    source: str
    duration_s: float
    rate_hz: float
    kernel_hash: str
    parameter_hash: str
    mode: str
    started_at: datetime | None = None
    raw_path: str | None = None
    place: str = ""
    axes: Axes | None = None
    settled: tuple[Settled, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    summary: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """A run that is kept; `clock` is "", "future" or "before_last", see :func:`trendel.journal.clock.clock_flag`."""

    hash: str
    runner: str
    clip: str
    mounting: str | None
    source: str
    raw_path: str | None
    started_at: datetime | None
    duration_s: float
    rate_hz: float
    analysed_at: datetime
    kernel_hash: str
    parameter_hash: str
    mode: str
    options: dict[str, Any]
    summary: dict[str, Any]
    clock: str

    @property
    def when(self) -> datetime:
        """When it was run; where that is not known or cannot be, when it was analysed."""
        return self.analysed_at if self.started_at is None or self.clock == "future" else self.started_at


@dataclass(frozen=True)
class Baseline:
    """What is usual for a runner, by metric and side, from settled running of one or more runs. Units of the metric.

    mean: of the runs' settled means. mean_sd: how well that mean is known. between_sd: how much settled means differ
    from run to run. sd: of single steps within a run. n_strides: steps of that side it rests on. runs: their hashes.
    set_aside: "", or why it is kept but not used.
    """

    runner: str
    clip: str
    mounting: str
    kernel_hash: str
    parameter_hash: str
    metric: str
    side: str
    mean: float
    mean_sd: float
    between_sd: float
    sd: float
    n_strides: int
    runs: tuple[str, ...]
    newest_at: datetime
    set_aside: str

    @property
    def next_sd(self) -> float:
        """Standard deviation of the next run's settled mean about `mean`: what a detector starts from."""
        return float((self.mean_sd**2 + self.between_sd**2) ** 0.5)


@dataclass(frozen=True)
class BaselineAnswer:
    """Baselines to start from, or None; `reason` is a sentence for the runner either way."""

    values: tuple[Baseline, ...] | None
    reason: str
    mounting: Mounting | None = None

    def get(self, metric: str, side: str) -> Baseline | None:
        """The baseline of one metric and side."""
        return next((b for b in self.values or () if (b.metric, b.side) == (metric, side)), None)


@dataclass(frozen=True)
class Pain:
    """A pain entry: level 0 (none) to 10 (worst imaginable); times aware."""

    id: str
    runner: str
    run: str | None
    place: str
    side: str
    level: int
    felt_at: datetime
    entered_at: datetime
    note: str
    clock: str


@dataclass(frozen=True)
class Note:
    """A note of the runner's."""

    id: str
    runner: str
    run: str | None
    entered_at: datetime
    text: str


def from_row(kind: type[_Row], names: Sequence[str], row: Sequence[Any]) -> _Row:
    """A row of a table, whose columns are the fields of `kind`, with times and JSON as what they are."""
    values: dict[str, Any] = {}
    for name, value in zip(names, row, strict=True):
        if name in _TIMES and value is not None:
            value = datetime.fromisoformat(value)
        elif name in JSON_COLUMNS:
            value = json.loads(value)
            value = tuple(value) if name in _LISTS else value
        values[name] = value
    return kind(**values)


def to_json(value: Any) -> str:
    """Compact strict JSON, as it is stored; raises ValueError for NaN."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def clip_id(clip: Clip | str) -> str:
    """Key of a clip, given as one or by its serial number."""
    return clip.id if isinstance(clip, Clip) else clip
