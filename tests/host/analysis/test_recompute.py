"""What the clip warned of comes out again from its log, to the bit, and what cannot be computed again is said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from trendel.analysis import Parameters
from trendel.analysis.kernel_params import Setup, kernel_params
from trendel.analysis.recompute import Recomputed, Replayed, Settings, clip_parameters, recompute
from trendel.analysis.stability import Stability
from trendel.errors import CoreError
from trendel.links.packetise import counts_of
from trendel.recording.log_runs import LoggedRun, runs_of
from trendel.simulation import Fatigue, SensorModel, Session, Variability, simulate
from trendel.wire.log_image import LogImage
from trendel.wire.packets import ImuBlock
from trendel.wire.settings import decode_setting, encode_params, encode_setting

SECONDS = 200.0


@pytest.fixture(scope="module")
def run() -> Iterator[tuple[LoggedRun, Settings, list[ImuBlock]]]:
    """A run alone by somebody who tires soon: the clip warns after some minutes."""
    pytest.importorskip("cffi", reason="cffi is not installed: pip install 'trendel[core]'")
    from trendel_core.clip import SimulatedClip

    tires = Fatigue(6.0, 0.0, 80.0, 100.0)
    session = Session((("stand", 4.0), ("run", SECONDS)), fatigue=tires, variability=Variability(angles=0.14), seed=5)
    made = simulate(session, SensorModel(rate_hz=208.0, seed=5))
    samples, _ = counts_of(made.acc_mps2, made.gyr_radps)
    quick = replace(Parameters(), stability=replace(Stability(), settle_hold_s=9.0, settle_max_s=18.0, learn_s=20.0))
    record = kernel_params(quick, Setup(rate_hz=208.0)).tobytes()
    values = {
        "params": encode_params(record, 208),
        "baseline": encode_setting("baseline", prior_rad=np.radians([5.5, 6.0]).astype(np.float32), prior_n=0.5),
        "thresholds": encode_setting(
            "thresholds", notice_rad=0.01, warning_rad=0.02, stop_rad=0.05, rest_s=60.0, silent=1
        ),
    }
    try:
        clip = SimulatedClip(np.column_stack((samples["acc"], samples["gyr"])), made.rate_hz)
    except CoreError as error:
        pytest.skip(str(error))
    with clip:
        for key, value in values.items():
            clip.setting_set(f"trendel/{key}", value)
        clip.advance(1_000_000)
        clip.play()
        clip.advance(round(1e6 * (SECONDS + 8)))
        clip.read_file("/log/sectors")
        flash = clip.read_file("/log/flash")
        params = clip.parameters
    known = {key: decode_setting(key, value) for key, value in values.items() if key != "params"}
    settings = Settings(**known, params=(208, record))
    assert clip_parameters(208, settings).tobytes() == params
    (found,) = [one for one in runs_of(LogImage.of_flash(flash).entries()) if not one.is_handling]
    yield found, settings, found.blocks()


def again(run: tuple[LoggedRun, Settings, list[ImuBlock]], **changed: object) -> Recomputed:
    logged, settings, blocks = run
    hello = logged.hello
    assert hello is not None
    given = {
        "settings": settings,
        "blocks": blocks,
        "checkpoints": logged.checkpoints(),
        "events": logged.events,
    }
    given |= changed
    return recompute(hello, **given)  # type: ignore[arg-type]


def test_alerts_and_states_come_out_again_to_the_bit(run: tuple[LoggedRun, Settings, list[ImuBlock]]) -> None:
    found = again(run)
    assert len(found.same) >= 1 and found.states_n >= 5
    assert (found.differ, found.unknown, found.extra_n, found.states_differ_n, found.why_not) == ((), (), 0, 0, "")


def test_one_changed_sample_is_found(run: tuple[LoggedRun, Settings, list[ImuBlock]]) -> None:
    blocks = run[2]
    k = len(blocks) // 2
    samples = blocks[k].samples.copy()
    samples["gyr"][5, 0] += 1
    found = again(run, blocks=[*blocks[:k], replace(blocks[k], samples=samples), *blocks[k + 1 :]])
    assert found.states_differ_n >= 2 and found.states_n >= 2


def test_a_changed_event_differs(run: tuple[LoggedRun, Settings, list[ImuBlock]]) -> None:
    events = [event.copy() for event in run[0].events]
    alert = next(event for event in events if event["code"] == 5)
    alert["size_deg"] += 1
    found = again(run, events=events)
    assert found.differ == (int(alert["time_ms"]),) and found.extra_n == 1


def test_without_raw_or_checkpoint_it_is_said(run: tuple[LoggedRun, Settings, list[ImuBlock]]) -> None:
    blocks = run[2]
    assert again(run, blocks=blocks[-200:]).unknown
    nothing = again(run, checkpoints=[])
    assert nothing.unknown and "no checkpoint" in nothing.why_not
    others = again(run, settings=Settings())
    assert others.unknown and "other settings" in others.why_not
    assert not nothing.same and not others.same


def test_missing_samples_are_taken_as_on_the_clip(run: tuple[LoggedRun, Settings, list[ImuBlock]]) -> None:
    """A hole in the indices, as after an overrun of the sensor, is bridged by invalid samples."""
    logged, settings, raw = run
    checkpoint = logged.checkpoints()[2]
    blocks = [b for b in raw if int(b.header["sample_i"]) >= checkpoint.sample_i]
    replayed = Replayed(checkpoint, clip_parameters(208, settings), 208)
    before = int(replayed.state["sample_n"][0])
    replayed.take(blocks[0])
    replayed.take(blocks[20])
    assert int(replayed.state["sample_n"][0]) - before == 21 * 18
