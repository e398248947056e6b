"""A hip and an ankle of a real run on one clock, by motion alone.

The two sensors' clocks part by up to 0.4 s at the run's pauses (contact to contact the ankle is 0.04 s late at first,
later 0.15 s late, 0.12 s early, 0.20 s late, and steady between): errors are theirs and ours together."""

import numpy as np
import pytest

from tests.validation.data import folder
from trendel.analysis.motion_lag import STRIDE_SD_S, motion_lag
from trendel.errors import RecordingError

pytestmark = pytest.mark.validation

LATE_S, PPM = 37.2, 80.0
CLOCKS_S = 0.4


def _hip() -> tuple[np.ndarray, np.ndarray]:
    table = np.loadtxt(folder("outdoor") / "run_25min.csv", delimiter=",", skiprows=1)
    return table[:, 0], table[:, 1:4]


def _ankle() -> tuple[np.ndarray, np.ndarray]:
    """Times and the norm, as the only axis."""
    table = np.loadtxt(folder("outdoor") / "run_25min.ankle.csv", delimiter=",", skiprows=1)
    return table[:, 0], table[:, 1:2]


def test_hip_and_ankle_to_within_a_stride() -> None:
    (t_s, acc), (ankle_s, norm) = _hip(), _ankle()
    ankle_s = ankle_s * (1 + PPM * 1e-6) + LATE_S
    rng = np.random.default_rng(0)
    tried = [(0.0, 1500.0)] + [(s, s + long) for long in (300.0, 600.0) for s in rng.uniform(60, 1440 - long, 8)]
    refused = 0
    for begin_s, end_s in tried:
        part = (t_s >= begin_s) & (t_s < end_s)
        try:
            found = motion_lag(t_s[part], acc[part], ankle_s, norm, turning=False)
        except RecordingError:
            refused += 1
            continue
        assert not found.one_segment
        assert abs(found.lag_s - LATE_S - PPM * 1e-6 * found.at_s) < 2 * STRIDE_SD_S + CLOCKS_S
    assert refused <= 4  # too even and short: said, not guessed


@pytest.mark.parametrize("begin_s", [200.0, 500.0, 900.0])
@pytest.mark.parametrize("long_s", [120.0, 300.0])
def test_a_part_that_is_not_there_is_refused(begin_s: float, long_s: float) -> None:
    (t_s, acc), (_, norm) = _hip(), _ankle()
    part = (t_s >= begin_s) & (t_s < begin_s + long_s)
    kept = norm[(t_s < begin_s - 5.0) | (t_s > begin_s + long_s + 5.0)]
    with pytest.raises(RecordingError, match="do not tell how they lie"):
        motion_lag(t_s[part], acc[part], np.arange(len(kept)) / 100.0, kept, turning=False)
