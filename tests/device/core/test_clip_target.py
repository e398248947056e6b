"""The clip's main loop on the emulated Cortex-M4F: a run without a host, its log read and recomputed to the bit."""

from __future__ import annotations

import numpy as np
import pytest

from tests.device.core.rig import core
from tests.device.core.wearer import (
    S,
    blocks_and_checkpoints,
    events,
    host_alerts,
    log_of,
    named,
    recompute,
    run,
)
from trendel.analysis.clip_settings import params_of, settings_for
from trendel.analysis.kernel_params import Setup
from trendel.analysis.parameters import Parameters
from trendel.analysis.stability import Baseline, Stability
from trendel.analysis.stream import Stream
from trendel.wire import layout as lt
from trendel.wire.packets import Packet
from trendel.wire.settings import DTYPES, encode_setting
from trendel_lowering.toolchain import missing_for
from trendel_lowering.worn import Ended, Worn, run_worn, run_worn_here

RATE = 104
# A baseline from earlier runs and a short fresh phase, so that the alert comes within three minutes.
TUNED = Parameters(stability=Stability(settle_hold_s=20.0, learn_s=40.0))
SETUP = Setup(rate_hz=float(RATE), baseline=Baseline(6.4, 6.4, 0.5))


@pytest.fixture(scope="module")
def settings() -> dict[str, bytes]:
    found = {key: value for key, value in settings_for(TUNED, SETUP).items() if value is not None}
    return found | {"rate_hz": encode_setting("rate_hz", rate_hz=RATE)}


@pytest.fixture(scope="module")
def counts() -> np.ndarray:
    return run(190.0, 90.0, float(RATE))


@pytest.fixture(scope="module")
def ended(settings: dict[str, bytes], counts: np.ndarray) -> Ended:
    why = missing_for("cortexm")
    if why:
        pytest.skip(why)
    return run_worn(Worn(counts, float(RATE), 2 * S, 220 * S, settings, sectors=192))


def log(image: bytes) -> tuple[list[Packet], list[Packet]]:
    """(records, raw) packets of an image whose sectors are found by their own headers."""
    sectors = np.frombuffer(image, np.uint8).reshape(-1, 4096)
    header, rows = np.zeros((), DTYPES["LogSectorsHeader"]), np.zeros(len(sectors), DTYPES["LogSectorRow"])
    header["version"], header["sector_n"], header["sector_bytes"] = 1, len(sectors), 4096
    used = (sectors[:, :2] == np.frombuffer(b"TL", np.uint8)).all(axis=1)
    rows["sequence"][used] = sectors[used, 4:8].copy().view("<u4")[:, 0]
    rows["class_id"] = sectors[:, 3]
    return log_of(image, header.tobytes() + rows.tobytes())


def test_an_alert_was_raised_and_is_in_its_log(ended: Ended, settings: dict[str, bytes]) -> None:
    records, raw = log(ended.image)
    found = events(records)
    assert [name for name in named(found) if name not in ("wake", "idle")][:3] == ["boot", "run_start", "alert_start"]
    assert not ended.end["faults"].any()
    blocks, checkpoints = blocks_and_checkpoints(raw)
    params = params_of(settings, RATE)
    stream = Stream(float(RATE), params=TUNED, baseline=SETUP.baseline)
    expected = host_alerts(blocks, stream)
    starts = found[found["code"] == lt.EVENTS.index("alert_start")]
    assert len(starts) == len(expected) >= 1
    assert stream.state == ended.state  # host and Cortex-M, to the bit
    first, last = checkpoints[0], checkpoints[-1]
    assert first.param_hash == params["param_hash"][0]
    part = [b for b in blocks if first.sample_i <= int(b.header["sample_i"]) < last.sample_i]
    state, alerts = recompute(first.state, params, part)
    assert state == last.state
    told = [
        (int(a["side"]), round(float(np.degrees(a["change"])) * 100), int(a["kind"] | a["level"] << 4)) for a in alerts
    ]
    assert told == starts[["side", "size_deg", "detail"]].tolist()[: len(told)] and told


def test_its_flash_is_that_of_the_simulated_clip_byte_for_byte(
    ended: Ended, counts: np.ndarray, settings: dict[str, bytes]
) -> None:
    core()
    here = run_worn_here(Worn(counts, float(RATE), 2 * S, 220 * S, settings, sectors=192))
    assert here.state == ended.state
    assert here.image == ended.image
    assert here.alerts_n >= 1 and here.strides_n > 400


def test_stack_and_state_are_within_the_clips_memory(ended: Ended) -> None:
    print(ended.end)
    assert ended.end["stack_bytes"] <= 2048
    assert ended.end["state_bytes"] <= 12 * 1024
