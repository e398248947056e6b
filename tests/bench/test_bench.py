"""What `make bench` times is what it says; nothing is timed here."""

import numpy as np
import pytest

from tests.bench import stages
from tests.bench.__main__ import Line
from tests.bench.runs import RATE_HZ, ten_minutes
from trendel.kernels.compile import zeros
from trendel.kernels.pipeline import init


@pytest.mark.slow
def test_the_attitude_stage_is_the_pipelines() -> None:
    samples = ten_minutes().tiled(int(4 * RATE_HZ))
    found = []
    for work in (stages.attitude_alone(samples), stages.pipeline(samples)):
        state, out = zeros("State"), zeros("Out")
        init(state[0], work.params[0])
        work.body(state, work.params, work.samples, out)
        found.append(np.array(out.signal[0].q_world_from_sensor))
    np.testing.assert_array_equal(*found)


def test_a_missed_target_is_told() -> None:
    assert Line("", 2.0, "", 1.0).missed
    assert not Line("", 1.0, "", 1.0).missed
    assert Line("", 1.0, "", 1.0, strict=True).missed
    assert not Line("", 9.0, "").missed
