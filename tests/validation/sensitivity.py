"""How much the inclination error hangs on each noise of the attitude filter: half and double of each, all trials.

Run: TRENDEL_DATA=FOLDER python -m tests.validation.sensitivity
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import trendel
from tests.validation import data
from tests.validation.orientation import inclination_rmse_deg
from trendel.analysis import Parameters

NAMES = (
    "gyro_scale_error_rts",
    "velocity_motion_s",
    "velocity_noise_m_rts",
    "velocity_tau_s",
    "acc_noise_mps_rts",
    "gyro_noise_deg_rts",
)


def mean_deg(parameters: Parameters) -> float:
    """Mean over the trials of the inclination RMSE, deg."""
    errors = [
        inclination_rmse_deg(
            trendel.orientation(t.acc_mps2, t.gyr_radps, t.rate_hz, params=parameters), t.q_world_from_sensor, t.judged
        )
        for t in data.orientation_trials()
    ]
    return float(np.mean(errors))


def main() -> None:
    """Print a table."""
    attitude = Parameters().attitude
    print(f"{'parameter':24} {'half':>7} {'chosen':>7} {'double':>7}   mean inclination RMSE, deg")
    chosen = mean_deg(Parameters())
    for name in NAMES:
        half, double = (
            mean_deg(Parameters(attitude=replace(attitude, **{name: factor * getattr(attitude, name)})))
            for factor in (0.5, 2.0)
        )
        print(f"{name:24} {half:7.3f} {chosen:7.3f} {double:7.3f}")


if __name__ == "__main__":
    main()
