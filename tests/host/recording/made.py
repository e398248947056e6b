"""Made-up running for these tests: right in its physics (gravity, cadence, travel), not meant to be realistic."""

import json
from pathlib import Path

import numpy as np

G = 9.80665
NAMES = ("t_s", "acc_x_mps2", "acc_y_mps2", "acc_z_mps2", "gyr_x_radps", "gyr_y_radps", "gyr_z_radps")


def running(
    seconds: float = 10.0, rate_hz: float = 200.0, step_hz: float = 2.7, seed: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(t_s (n,), acc_mps2 (n, 3), gyr_radps (n, 3)), float64, z up: stance as a half sine, flight between."""
    n = round(seconds * rate_hz)
    t = np.arange(n) / rate_hz
    phase = (t * step_hz) % 1.0
    stance = 0.7
    up = np.where(phase < stance, np.sin(np.pi * phase / stance) * np.pi / (2 * stance), 0.0) * G
    noise = np.random.default_rng(seed)
    stride = 2 * np.pi * step_hz / 2 * t
    acc = np.stack([1.5 * np.sin(2 * stride), 1.5 * np.sin(stride), up], axis=1) + noise.normal(0, 0.3, (n, 3))
    gyr = np.stack([1.5 * np.sin(stride), 1.0 * np.cos(2 * stride), 1.5 * np.cos(stride)], axis=1)
    return t, acc, gyr + noise.normal(0, 0.02, (n, 3))


def table(seconds: float = 10.0, rate_hz: float = 200.0, **kwargs: float) -> np.ndarray:
    """(n, 7): t, acc, gyr of `running` in one array."""
    t, acc, gyr = running(seconds, rate_hz, **kwargs)  # type: ignore[arg-type]
    return np.column_stack([t, acc, gyr])


def lines(values: np.ndarray, delimiter: str = ",", decimals: int = 5) -> list[str]:
    """One text line for each row; NaN as an empty cell."""
    return [delimiter.join("" if np.isnan(v) else f"{v:.{decimals}f}" for v in row) for row in values]


def write(
    path: Path, values: np.ndarray, names: tuple[str, ...] = NAMES, sidecar: dict[str, object] | None = None
) -> Path:
    """`values` as a CSV file at `path`, with a sidecar where given."""
    path.write_text("\n".join([",".join(names), *lines(values)]) + "\n", encoding="utf-8")
    if sidecar is not None:
        path.with_suffix(".json").write_text(json.dumps(sidecar), encoding="utf-8")
    return path


def adds_up(recording: object) -> bool:
    """Whether the counts of a Recording are consistent with each other and with its flags."""
    from trendel.recording import FLAG_GAP_BEFORE, FLAG_INVALID, FLAG_SATURATED, Recording

    assert isinstance(recording, Recording)
    counts, flags = recording.counts, recording.flags
    assert len(recording) == counts.read - counts.refused - counts.duplicated + counts.filled
    assert counts.bridged == counts.invalid + counts.filled == np.count_nonzero(flags & FLAG_INVALID)
    assert counts.saturated == np.count_nonzero(flags & FLAG_SATURATED)
    assert counts.gaps == np.count_nonzero(flags & FLAG_GAP_BEFORE)
    assert not np.any((flags & FLAG_INVALID > 0) & (flags & FLAG_SATURATED > 0))
    assert recording.acc_mps2.shape == (len(recording), 3)
    assert recording.acc_mps2.dtype == np.float32
    assert recording.acc_mps2.flags.c_contiguous
    assert np.isfinite(recording.acc_mps2).all()
    if recording.gyr_radps is not None:
        assert recording.gyr_radps.shape == (len(recording), 3)
        assert recording.gyr_radps.dtype == np.float32
        assert np.isfinite(recording.gyr_radps).all()
    assert recording.t_s.dtype == np.float64
    assert recording.flags.dtype == np.uint32
    assert np.all(np.diff(recording.t_s) > 0)
    assert 25 <= recording.rate_hz <= 2000
    return True
