"""The kernels behind a link give what analyze() gives of the same run."""

from pathlib import Path

import numpy as np
import pytest

import trendel
from tests.host.links.made import run_async
from trendel.links import make_link
from trendel.links.intake import Intake, Samples
from trendel.links.live_stream import LiveStream
from trendel.links.protocol import Arrival
from trendel.recording import Recording, write_recording
from trendel.simulation import SensorModel, Session, simulate

RATE_HZ = 104.0


@pytest.fixture(scope="module")
def recording() -> Recording:
    run = simulate(Session((("stand", 3.0), ("run", 45.0)), seed=4), SensorModel(rate_hz=RATE_HZ, seed=4))
    return Recording.from_arrays(run.acc_mps2, run.gyr_radps, t_s=run.t_s)


def _live(path: Path, lose: range = range(0)) -> tuple[np.ndarray, float, Intake]:
    """Rows of the steps of a file played through a link, blocks `lose` not received; how long the run then was, s."""

    async def work() -> tuple[np.ndarray, float, Intake]:
        intake, stream = Intake(), LiveStream()
        tables = []
        async with make_link(f"replay:{path}@max") as link:
            arrived = 0
            async for event in link.events():
                arrived += isinstance(event, Arrival)
                if not isinstance(event, Arrival) or arrived in lose:
                    continue
                for item in intake.take(event):
                    if isinstance(item, Samples):
                        tables += [completed.steps for completed in stream.take(item)]
        ended_s = stream.now_s
        tables += [completed.steps for completed in stream.finish()]
        return np.concatenate([table.data for table in tables]), ended_s, intake

    return run_async(work())


def test_the_same_steps_as_the_causal_analysis(recording: Recording, tmp_path: Path) -> None:
    path = write_recording(recording, tmp_path / "run.csv")
    steps, ended_s, intake = _live(path)
    expected = trendel.analyze(trendel.read(path), mode="causal").steps.data
    assert len(steps) == len(expected) > 80
    np.testing.assert_allclose(steps["ic_s"], expected["ic_s"], atol=0.002)
    np.testing.assert_allclose(steps["contact_time_ms"], expected["contact_time_ms"], atol=2.0)
    assert (steps["side"] == expected["side"]).all()
    assert ended_s == pytest.approx(recording.duration_s, abs=0.2)
    assert intake.losses.samples_lost_n == 0


def test_a_loss_keeps_the_time_of_the_run(recording: Recording, tmp_path: Path) -> None:
    path = write_recording(recording, tmp_path / "run.csv")
    whole = _live(path)[0]
    steps, ended_s, intake = _live(path, range(120, 145))  # 25 blocks: more than four seconds
    assert intake.losses.samples_lost_n == 25 * 18
    assert ended_s == pytest.approx(recording.duration_s, abs=0.2)
    late = steps["ic_s"] > 35.0
    assert late.sum() > 20
    nearest = np.abs(whole["ic_s"][:, None] - steps["ic_s"][late]).min(axis=0)
    assert np.median(nearest) < 0.01
