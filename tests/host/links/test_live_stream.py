"""The kernels behind a link give what analyze() gives of the same run."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trendel
from tests.host.links.made import run_async
from tests.host.recording.made import running
from tests.host.session.made import blocks, counts
from trendel.links import make_link
from trendel.links.intake import Intake, Samples
from trendel.links.live_stream import LiveStream
from trendel.links.protocol import Arrival
from trendel.recording import Recording, write_recording
from trendel.simulation import SensorModel, Session, simulate
from trendel.wire import layout
from trendel.wire.framing import NotificationFramer
from trendel.wire.packets import decode, encode_imu

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


_BLOCK = st.fixed_dictionaries(
    {
        "boot": st.integers(0, 3),
        "sequence": st.integers(0, 40) | st.integers(0, 2**32 - 1),
        "sample_i": st.integers(0, 800) | st.integers(0, 2**32 - 1),
        "time_us": st.integers(0, 10**7) | st.integers(0, 2**63 - 1),
        "dt_ns": st.sampled_from([4_807_692, 9_615_384]) | st.integers(1, 2**32 - 1),
        "range_code": st.sampled_from([0x00, 0x43]),
    }
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.tuples(_BLOCK, st.integers(1, 18), st.integers(0, 10**12)), max_size=25), st.integers(0, 2**32))
def test_no_header_ends_a_run(made: list[tuple[dict[str, int], int, int]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    intake, stream, at_ns = Intake(), LiveStream(), 10**18
    for header, n, later_ns in made:
        at_ns += later_ns
        samples = np.frombuffer(rng.bytes(12 * n), layout.IMU_SAMPLE)
        for received in NotificationFramer().feed(encode_imu(samples, **header)):
            for item in intake.take(Arrival(at_ns, received)):
                if isinstance(item, Samples):
                    before_s = stream.now_s
                    stream.take(item)
                    assert stream.now_s > before_s
                    assert stream.now_s < before_s + 3 * 86_400


def test_a_clip_set_to_another_rate(tmp_path: Path) -> None:
    _, acc, gyr = running(4.0, 208.0)
    first = blocks(counts(acc, gyr), 208.0)
    _, acc, gyr = running(8.0, 104.0)
    second = blocks(counts(acc, gyr), 104.0, boot=2)
    intake, stream = Intake(), LiveStream()
    at_ns = 10**18
    for raw in [*first, *second]:
        at_ns += 18 * int(decode(raw).header["dt_ns"])  # type: ignore[union-attr]
        for received in NotificationFramer().feed(raw):
            for item in intake.take(Arrival(at_ns, received)):
                if isinstance(item, Samples):
                    stream.take(item)
    # The blocks that show the change are taken at the rate before, which makes them shorter, and finish() adds to it.
    assert stream.now_s == pytest.approx(12.0, abs=1.0)
