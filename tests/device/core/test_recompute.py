"""What the clip has computed can be computed again from its log, to the bit: a checkpoint, and the raw after it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from tests.device.core.rig import RAW, Clip, core
from trendel.analysis.kernel_params import Setup, kernel_params
from trendel.analysis.parameters import Parameters
from trendel.kernels.compile import zeros
from trendel.kernels.layout import DTYPES, LAYOUT_HASH
from trendel.kernels.pipeline import init, step
from trendel.simulation import SensorModel, Session, simulate
from trendel.wire import layout as lt
from trendel.wire.checkpoint import Checkpoints
from trendel.wire.packed import unpack
from trendel.wire.packets import CheckpointPart, ImuBlock, PackedImu, decode

SECONDS = 60
ALERT_S = 45


def take(state: np.recarray, params: np.recarray, block: ImuBlock) -> None:
    """The kernels over a block, as clip and host do it."""
    samples = zeros("Sample", len(block.samples))
    samples["acc_mps2"], samples["gyr_radps"] = block.physical()
    samples["dt_s"] = np.float32(int(block.header["dt_ns"]) * 1e-9)
    out = zeros("Out")
    for sample in samples:
        step(state[0], params[0], sample, out[0])


@pytest.fixture(scope="module")
def values() -> npt.NDArray[np.int16]:
    """(n, 6) counts of a simulated run at 208 Hz."""
    made = simulate(Session((("stand", 4.0), ("run", SECONDS - 2.0)), seed=3), SensorModel(rate_hz=208.0))
    acc, gyr = made.acc_mps2 / (8 * lt.ACC_SCALE_MPS2), made.gyr_radps / (16 * lt.GYR_SCALE_RADPS)
    return np.clip(np.rint(np.hstack((acc, gyr))), -32768, 32767).astype(np.int16)


def test_the_kernels_state_comes_again_from_the_log(values: npt.NDArray[np.int16]) -> None:
    clip = Clip(core(), sector_n=128)
    lib, ffi = clip.core.lib, clip.core.ffi
    params = kernel_params(Parameters(), Setup(rate_hz=208.0))
    param_hash = int(params["param_hash"][0])
    state = zeros("State")
    init(state[0], params[0])
    for second in range(SECONDS):
        now_us = second * 1_000_000
        for raw in clip.add(values[208 * second : 208 * (second + 1)], time_us=now_us):
            block = decode(raw)
            assert isinstance(block, ImuBlock)
            take(state, params, block)
        if lib.trendel_recorder_tick(clip.recorder, now_us, True, False):
            taken = int(state["sample_n"][0])
            sent = (state.tobytes(), state.nbytes, taken, LAYOUT_HASH, param_hash, now_us)
            assert lib.trendel_recorder_checkpoint(clip.recorder, *sent) == 0
        if second == ALERT_S:
            event = ffi.new("trendel_event_t *", {"code": lt.EVENTS.index("alert_start")})
            assert lib.trendel_recorder_event(clip.recorder, event, now_us) == 0
    lib.trendel_recorder_flush(clip.recorder)
    clip.boot()  # another day

    gathered, blocks, checkpoints = Checkpoints(), [], []
    for entry in clip.entries(RAW):
        if isinstance(entry, CheckpointPart) and (whole := gathered.add(entry)):
            checkpoints.append(whole)
        elif isinstance(entry, PackedImu):
            blocks += unpack(entry)
    clip.close()
    assert [c.sample_i // 208 for c in checkpoints] == [0, 30]
    for checkpoint in checkpoints:
        assert (checkpoint.layout_hash, checkpoint.param_hash) == (LAYOUT_HASH, param_hash)
        again = np.frombuffer(bytearray(checkpoint.state), DTYPES["State"]).view(np.recarray)
        for block in blocks:
            if int(block.header["sample_i"]) >= checkpoint.sample_i:
                take(again, params, block)
        assert again.tobytes() == state.tobytes()
