"""From packets to samples: what is lost, late, restarted or foreign."""

import numpy as np
import pytest

from tests.host.recording.made import running
from tests.host.session.made import blocks, counts, hello
from trendel.errors import LinkError
from trendel.links.clip_clock import ClipClock
from trendel.links.intake import Intake, Notice, Record, Samples, Taken
from trendel.links.protocol import Arrival
from trendel.wire import layout
from trendel.wire.framing import NotificationFramer
from trendel.wire.packets import encode_hello, encode_records
from trendel.wire.records import own_layouts

RATE_HZ = 208.0
N = layout.IMU_SAMPLES_MAX
BLOCK_NS = round(N / RATE_HZ * 1e9)


def _feed(intake: Intake, raws: list[bytes], start_ns: int = 10**18) -> list[Taken]:
    found: list[Taken] = []
    for k, raw in enumerate(raws):
        for received in NotificationFramer().feed(raw):
            found += intake.take(Arrival(start_ns + k * BLOCK_NS, received))
    return found


def _samples(taken: list[Taken]) -> list[Samples]:
    return [item for item in taken if isinstance(item, Samples)]


def _made(seconds: float = 6.0, boot: int = 1) -> tuple[list[bytes], np.ndarray]:
    _, acc, gyr = running(seconds, RATE_HZ)
    return blocks(counts(acc, gyr), RATE_HZ, boot), acc


def test_samples_in_si_units() -> None:
    raws, acc = _made()
    intake = Intake()
    found = _samples(_feed(intake, [hello(), *raws]))
    np.testing.assert_allclose(np.concatenate([s.acc_mps2 for s in found]), acc, atol=0.003)
    assert all(s.acc_mps2.dtype == np.float32 and s.lost_n == 0 for s in found)
    assert intake.samples_n == len(acc)
    assert intake.rate_hz == pytest.approx(RATE_HZ, rel=1e-4)


def test_lost_and_late_blocks() -> None:
    raws, acc = _made()
    order = [*raws[:5], *raws[7:12], raws[6], raws[11], *raws[12:]]
    intake = Intake()
    found = _samples(_feed(intake, [hello(), *order]))
    assert [s.lost_n for s in found if s.lost_n] == [2 * N]
    assert sum(len(s.acc_mps2) + s.lost_n for s in found) == len(acc)
    assert (intake.losses.samples_lost_n, intake.losses.repeated_n, intake.gaps_n) == (2 * N, 2, 1)


def test_a_restart_is_a_gap_as_long_as_the_host_says() -> None:
    first, second = _made(3.0)[0], _made(3.0, boot=2)[0]
    intake = Intake()
    taken = _feed(intake, [hello(), *first])
    taken += _feed(intake, [hello(2), *second], 10**18 + len(first) * BLOCK_NS + 5 * 10**9)
    lost = [s.lost_n for s in _samples(taken) if s.lost_n]
    assert lost == [pytest.approx(5 * RATE_HZ, abs=2 * N)]
    assert [item.sentence for item in taken if isinstance(item, Notice)] == [
        "The clip has restarted; what it measured meanwhile is missing."
    ]


def test_another_clip_is_refused() -> None:
    intake = Intake()
    _feed(intake, [hello()])
    with pytest.raises(LinkError, match=r"Another clip answers now \(other \(99\) instead of made \(7e57\)\)"):
        _feed(intake, [encode_hello(serial=0x99, name=b"other")])


def test_a_newer_clip_s_samples_are_read() -> None:
    newer = bytearray(hello())
    newer[1] = 9
    intake = Intake()
    taken = _feed(intake, [bytes(newer), *_made(1.0)[0]])
    assert len(_samples(taken)) == len(_made(1.0)[0])
    sentences = [item.sentence for item in taken if isinstance(item, Notice)]
    assert len(sentences) == 2
    assert "version 9" in sentences[0]
    assert "not said who it is" in sentences[1]


def test_saturated_values_are_flagged() -> None:
    samples = counts(*running(0.1, RATE_HZ)[1:])
    samples["gyr"][3, 1] = -32768
    samples["acc"][7, 2] = 32767
    (found,) = _samples(_feed(Intake(), [hello(), *blocks(samples[:N], RATE_HZ)]))
    assert np.flatnonzero(found.flags).tolist() == [3, 7]


@pytest.mark.parametrize("described", [True, False])
def test_the_status(described: bool) -> None:
    status = np.zeros(1, layout.DTYPES["Status"])
    status["battery_percent"], status["battery_mv"] = 81, 65535
    raws = [hello(), *(own_layouts(1) if described else []), encode_records(layout.KIND_STATUS, status, boot=1)]
    intake = Intake()
    (record,) = [item for item in _feed(intake, raws) if isinstance(item, Record)]
    assert record.kind == "status"
    assert intake.status["battery_percent"] == 81
    assert np.isnan(intake.status["battery_mv"])


def test_records_of_unknown_layout_are_said_once() -> None:
    status = np.zeros(1, layout.DTYPES["Status"])
    raw = encode_records(layout.KIND_STATUS, status, boot=1)
    taken = _feed(Intake(), [encode_hello(boot=1, layout_hash=1), raw, raw])
    assert [type(item) for item in taken] == [Notice]


def test_the_clip_s_clock_follows_drift_and_ignores_waiting() -> None:
    rng = np.random.default_rng(3)
    clock, host_ns = ClipClock(), 10**18
    worst_ns = 0
    for k in range(36_000):  # an hour, ten blocks a second, 50 millionths fast
        clip_ns = k * 100_000_000
        true_ns = host_ns + round(clip_ns * (1 - 50e-6))
        clock.see(clip_ns, true_ns + 5_000_000 + int(rng.exponential(20e6)))
        known = clock.host_ns(clip_ns)
        assert known is not None
        if k > 600:
            worst_ns = max(worst_ns, abs(known - true_ns - 5_000_000))
    assert worst_ns < 4_000_000
