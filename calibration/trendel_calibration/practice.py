"""A simulated recording of a procedure, to practise with: nobody held this clip."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from trendel.errors import CalibrationError
from trendel.recording import Recording
from trendel.recording.writer import write_recording
from trendel_calibration.synthetic import Clip, Handled, Handling, handle, six_positions


def write_practice(path: Path, method: str) -> None:
    """Write `path` and its sidecar for `method`, of a consumer IMU. Raises CalibrationError and RecordingError."""
    if method == "standing":
        raise CalibrationError(
            "for standing, `trendel simulate RUN.csv --minutes 2` writes a run that begins with standing."
        )
    seed = {"poses": 1, "ferraris": 2}.get(method, 3)
    clip = Clip.random(seed)
    made: Handled
    if method == "poses":
        made = handle(clip, Handling(poses_n=44, seed=seed))
    elif method == "ferraris":
        made = six_positions(clip, Handling(placement_deg=0.3, seed=seed))
    else:
        n = round(300 * clip.rate_hz)
        rng = np.random.default_rng(seed)
        wander = np.cumsum(rng.normal(0.0, 2e-7, (n, 3)), axis=0)
        acc, gyr = clip.read(np.tile([0.0, 0.0, 9.80665], (n, 1)), wander, rng)
        made = Handled(acc, gyr, clip.rate_hz, np.eye(3)[None], np.array([[0, n]]), clip)
    t_s = np.arange(len(made.acc_raw)) / made.rate_hz
    true = {
        "acc_matrix": clip.acc_matrix.tolist(),
        "acc_bias": clip.acc_bias.tolist(),
        "gyr_matrix": clip.gyr_matrix.tolist(),
        "gyr_bias": clip.gyr_bias.tolist(),
    }
    recording = Recording.from_arrays(
        made.acc_raw,
        made.gyr_raw,
        t_s=t_s,
        source=path.name,
        metadata={
            "label": "simulated: nobody held this clip",
            "truth": true,
            "clip_serial": f"{0xC0FFEE00 + seed:016x}",
            "sensor": "simulated",
            "range_g": 16.0,
            "range_dps": 2000.0,
        },
    )
    write_recording(recording, path)
    print(
        f"{path}: {recording.duration_s:.0f} s of a simulated clip, for --method {method}; its true errors are in the "
        f"{path.stem}.json beside it."
    )
