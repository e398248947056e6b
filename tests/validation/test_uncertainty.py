"""The errors that summary.json states are those measured here, neither better nor much worse."""

import numpy as np
import pytest

from tests.validation import mocap, treadmill
from trendel.kernels.metrics import METRICS

pytestmark = pytest.mark.validation


def measured() -> dict[str, float]:
    """RMSE of each metric on the recordings that have a truth for it, the larger of two."""
    found = {name: treadmill.over_all(name).rmse for name in treadmill.METRICS}
    for name, e in mocap.step_differences().items():
        rmse = float(np.sqrt(np.nanmean(np.square(e))))
        found[name] = max(found.get(name, 0.0), rmse)
    return found


def test_stated_errors_are_the_measured_ones() -> None:
    found = measured()
    stated = {metric.name: metric.rmse for metric in METRICS if metric.rmse}
    assert stated.keys() <= found.keys()
    for name, rmse in stated.items():
        # Flight was compared with markers only; it is off by what contact is.
        worst = max(found[name], found["contact_time_ms"]) if name == "flight_time_ms" else found[name]
        assert worst <= rmse <= 1.5 * worst + 0.01, (name, worst, rmse)
