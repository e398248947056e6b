"""What the clip computed on a run, computed again from its log: from a checkpoint of the kernels and the raw after it.

The kernels are the same on both, so states and alerts must come out with the same bits. What turns an alert into the
clip's event is the twin of device/core/src/clip_kernels.c, in float32."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from trendel.analysis.kernel_params import Setup, kernel_params
from trendel.analysis.parameters import Parameters
from trendel.kernels import layout as kl
from trendel.kernels.compile import KERNEL_HASH, zeros
from trendel.kernels.pipeline import run
from trendel.wire import layout as lt
from trendel.wire.checkpoint import Checkpoint
from trendel.wire.packets import Hello, ImuBlock
from trendel.wire.settings import RATES_HZ, calibrate

_F = np.float32
_DEG_PER_RAD = _F(57.295779513)
_HIPS = (kl.ALERT_DROP, kl.ALERT_ASYMMETRY)
_ALERT_START = lt.EVENTS.index("alert_start")
_ROWS = _AT_ONCE = 64  # no step is shorter than a sample
_EDGE_MS = 10_000
"""An alert is told some steps after the moment that it bears."""


@dataclass(frozen=True)
class Settings:
    """What of a clip's settings goes into its kernels: records of trendel.wire.settings, None where not set; `params`:
    (rate in Hz, a whole parameter record)."""

    baseline: np.void | None = None
    mounting: np.void | None = None
    thresholds: np.void | None = None
    calibration: np.void | None = None
    params: tuple[int, bytes] | None = None


@dataclass(frozen=True)
class Recomputed:
    """What came out, of one boot.

    Attributes:
        same: alerts that came out again, to the bit. differ: that should have, and did not. extra_n: alerts that the
            clip did not raise. unknown: alerts without raw and checkpoint before them.
        states_n: checkpoints that were reached again with the same bits. states_differ_n: with others.
        why_not: why nothing could be computed, in a sentence; empty where it could.
    """

    same: tuple[int, ...] = ()
    differ: tuple[int, ...] = ()
    unknown: tuple[int, ...] = ()
    extra_n: int = 0
    states_n: int = 0
    states_differ_n: int = 0
    why_not: str = ""


def nominal_hz(hello: Hello) -> int:
    """The rate that a clip is set to, by its hello."""
    rate_hz = int(hello.fields["rate_mhz"]) / 1e3
    return min(RATES_HZ, key=lambda nominal: abs(nominal / rate_hz - 1.0)) if rate_hz else 208


def clip_parameters(rate_hz: int, settings: Settings) -> npt.NDArray[np.void]:
    """(1,) Params as a clip makes them: its table for the rate, and its settings put into it."""
    if settings.params is not None and settings.params[0] == rate_hz:
        record = np.frombuffer(bytearray(settings.params[1]), kl.DTYPES["Params"]).view(np.recarray)
    else:
        record = kernel_params(Parameters(), Setup(rate_hz=float(rate_hz)))
    one = record.view(np.ndarray)[0]
    if settings.baseline is not None:
        one["stability"]["prior_given"] = 1
        one["stability"]["prior_rad"] = settings.baseline["prior_rad"]
        one["stability"]["prior_n"] = settings.baseline["prior_n"]
    if settings.mounting is not None:
        one["mounting"]["given"] = 1
        one["mounting"]["has_standing"] = settings.mounting["has_standing"]
        one["mounting"]["axes"] = settings.mounting["axes"]
        one["mounting"]["lean_given_rad"] = settings.mounting["lean_rad"]
    if settings.thresholds is not None:
        for name in ("notice_rad", "warning_rad", "stop_rad", "rest_s"):
            one["stability"][name] = settings.thresholds[name]
    for name in ("magic", "layout_hash", "param_hash", "bytes_n"):
        one[name] = 0
    one["param_hash"] = zlib.crc32(record.tobytes())
    one["magic"], one["layout_hash"], one["bytes_n"] = kl.MAGIC_PARAMS, kl.LAYOUT_HASH, kl.SIZE_PARAMS
    return record


def recompute(
    hello: Hello,
    settings: Settings,
    blocks: Sequence[ImuBlock],
    checkpoints: Sequence[Checkpoint],
    events: Sequence[np.void],
) -> Recomputed:
    """Compute again what the log of one boot allows: `blocks` in order, `events` records of Event."""
    alerts = [event for event in events if event["code"] == _ALERT_START]
    times = tuple(int(event["time_ms"]) for event in alerts)
    params = clip_parameters(nominal_hz(hello), settings)
    calibration, why_not = _why_not(hello, settings, checkpoints, int(params["param_hash"][0]))
    if why_not:
        return Recomputed(unknown=times, why_not=why_not)
    by_sample = {c.sample_i: c for c in checkpoints if c.param_hash == params["param_hash"][0]}
    made: set[bytes] = set()
    covered: list[tuple[int, int]] = []
    states = [0, 0]
    for stretch in _stretches(blocks):
        replayed: Replayed | None = None
        for block in stretch:
            known = by_sample.get(int(block.header["sample_i"]))
            if replayed is not None and known is not None:
                states[replayed.state.tobytes() != known.state] += 1
            if replayed is None and known is not None:
                replayed = Replayed(known, params, nominal_hz(hello), calibration)
                covered.append((int(block.header["time_us"]) // 1000, 0))
            if replayed is not None:
                made.update(replayed.take(block))
                covered[-1] = covered[-1][0], int(block.header["time_us"]) // 1000
    logged = {event.tobytes() for event in alerts}
    same = tuple(int(e["time_ms"]) for e in alerts if e.tobytes() in made)
    rest = [int(e["time_ms"]) for e in alerts if e.tobytes() not in made]
    differ = tuple(t for t in rest if any(a <= t <= b - _EDGE_MS for a, b in covered))
    unknown = tuple(t for t in rest if t not in differ)
    return Recomputed(same, differ, unknown, len(made - logged), states[0], states[1])


def _why_not(
    hello: Hello, settings: Settings, checkpoints: Sequence[Checkpoint], param_hash: int
) -> tuple[np.void | None, str]:
    """(the calibration that the clip applied, why its kernels cannot be run here)."""
    fields = hello.fields
    if not checkpoints:
        return None, "The log has no checkpoint of it."
    if (fields["kernel_layout_hash"], fields["kernel_hash"]) != (kl.LAYOUT_HASH, int(KERNEL_HASH[:8], 16)):
        return None, "The clip's kernels are of another version than this computer's."
    if all(c.param_hash != param_hash for c in checkpoints):
        return None, "The clip had other settings then, or parameters that this computer does not know."
    calibration = settings.calibration
    if fields["calibration_hash"] == 0:
        return None, ""
    if calibration is None or calibration["crc"] != fields["calibration_hash"]:
        return None, "The clip had another calibration then."
    return calibration, ""


def _stretches(blocks: Sequence[ImuBlock]) -> Iterator[list[ImuBlock]]:
    """Blocks in a row, without one missing."""
    held: list[ImuBlock] = []
    for block in blocks:
        if held and int(block.header["sequence"]) != int(held[-1].header["sequence"]) + 1:
            yield held
            held = []
        held.append(block)
    if held:
        yield held


@dataclass
class Replayed:
    """The clip's kernels, gone on from a checkpoint."""

    checkpoint: Checkpoint
    params: npt.NDArray[np.void]
    rate_hz: int
    calibration: np.void | None = None
    state: npt.NDArray[np.void] = field(init=False)

    def __post_init__(self) -> None:
        self.state = np.frombuffer(bytearray(self.checkpoint.state), kl.DTYPES["State"]).view(np.recarray)
        self._out, self._signals = zeros("Out"), zeros("Signal", 0)
        self._steps, self._strides, self._alerts = (
            zeros("StepRow", _ROWS),
            zeros("StrideRow", _ROWS),
            zeros("Alert", _ROWS),
        )
        self._counts = np.zeros(3, np.int64)
        self._expected = self.checkpoint.sample_i
        self._base = (self._expected - int(self.state["sample_n"][0])) & 0xFFFFFFFF

    def take(self, block: ImuBlock) -> list[bytes]:
        """The events that the clip has made of alerts in this block, as bytes of Event."""
        found: list[bytes] = []
        lost_n = (int(block.header["sample_i"]) - self._expected) & 0xFFFFFFFF
        if 0 < lost_n < 0x7FFFFFFF:
            self._gap(block, lost_n, found)
        n = len(block.samples)
        samples = zeros("Sample", n)
        acc, gyr = block.physical()
        if self.calibration is not None:
            acc, gyr = calibrate(self.calibration, acc, gyr)
        samples["acc_mps2"], samples["gyr_radps"] = acc, gyr
        samples["dt_s"] = _F(int(block.header["dt_ns"]) * 1e-9)
        for key in ("acc", "gyr"):
            counts = block.samples[key]
            samples["marks"][((counts >= 32767) | (counts <= -32767)).any(axis=1)] = kl.SAMPLE_SATURATED
        self._run(samples, block, found)
        return found

    def _gap(self, block: ImuBlock, lost_n: int, found: list[bytes]) -> None:
        steps = min(lost_n, self.rate_hz)
        missing = zeros("Sample", min(steps, _AT_ONCE)).view(np.recarray)
        missing["dt_s"], missing["marks"] = self.params["input"]["dt_s"], kl.SAMPLE_INVALID
        for at in range(0, steps, _AT_ONCE):
            self._run(missing[: min(_AT_ONCE, steps - at)], block, found)
        self.state["sample_n"] += np.uint32(lost_n - steps)
        self._expected = (self._expected + lost_n - steps) & 0xFFFFFFFF

    def _run(self, samples: npt.NDArray[np.void], block: ImuBlock, found: list[bytes]) -> None:
        self._counts[:] = 0
        rows = (self._signals, self._steps, self._strides, self._alerts)
        run(self.state, self.params, samples, *rows, self._out, self._counts)
        self._expected = (self._expected + len(samples)) & 0xFFFFFFFF
        found += [self._event(block.header, self._alerts[k]).tobytes() for k in range(int(self._counts[2]))]

    def _event(self, header: np.void, alert: np.void) -> npt.NDArray[np.void]:
        kind, change, error = int(alert["kind"]), _F(alert["change"]), _F(alert["error"])
        event = np.zeros((), lt.DTYPES["Event"])
        event["time_ms"] = self._time_ms(header, int(alert["at_i"]))
        event["code"], event["side"] = _ALERT_START, alert["side"]
        event["since_ms"] = self._time_ms(header, int(alert["onset_i"]))
        event["size_deg"], event["confidence"] = -32768, 255
        if kind in _HIPS:
            event["size_deg"] = _rounded(change * _DEG_PER_RAD * _F(100.0), -32767.0, 32767.0)
            if error > 0:
                event["confidence"] = _rounded(_normal(_F(change / error)) * _F(254.0), 0.0, 254.0)
        event["detail"] = (kind | int(alert["level"]) << 4) & 0xFF
        event["value"] = _rounded(error * _DEG_PER_RAD * _F(100.0), 0.0, 65535.0)
        return event

    def _time_ms(self, header: np.void, kernel_i: int) -> int:
        """Clip time of a place on the kernels' axis of samples, by the newest block; C divides towards zero."""
        steps = (self._base + kernel_i - int(header["sample_i"])) & 0xFFFFFFFF
        steps -= (steps >> 31) << 32
        ns = steps * int(header["dt_ns"])
        us = int(header["time_us"]) + (ns // 1000 if ns >= 0 else -(-ns // 1000))
        return (max(0, us) + 500) // 1000 & 0xFFFFFFFF


def _rounded(value: np.float32, low: float, high: float) -> int:
    kept = min(max(value, _F(low)), _F(high))
    return int(kept - _F(0.5) if kept < 0 else kept + _F(0.5))


def _normal(z: np.float32) -> np.float32:
    """Standard normal distribution function (Abramowitz & Stegun 26.2.18), in the clip's order of operations."""
    x = -z if z < 0 else z
    inner = _F(0.196854) + x * (_F(0.115194) + x * (_F(0.000344) + x * _F(0.019527)))
    s = _F(1.0) + x * inner
    upper = _F(0.5) / (s * s * s * s)
    return upper if z < 0 else _F(1.0) - upper
