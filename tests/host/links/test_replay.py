"""Recordings played again: their packets, their pace, their clock."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from tests.host.links.made import arrivals, csv_file, run_async, session_file, take
from tests.host.recording.made import running
from tests.host.session.made import blocks, counts, everything, hello, received, record
from trendel.errors import LinkError
from trendel.links import make_link, parse_moniker
from trendel.links.packetise import packets_of
from trendel.links.protocol import Change, Event
from trendel.links.replay import ReplayLink
from trendel.recording import Recording
from trendel.wire.packets import ImuBlock, decode

ACCELEROMETER = b"t_s,acc_x_mps2,acc_y_mps2,acc_z_mps2\n" + b"".join(b"%f,0.1,0,9.8\n" % (i / 100) for i in range(300))


class Told:
    """A pace that does not wait, and notes until when it should."""

    def __init__(self) -> None:
        self.reached_s: list[float] = []

    async def reach(self, replay_s: float) -> None:
        self.reached_s.append(replay_s)


def _all(link: ReplayLink) -> list[Event]:
    async def work() -> list[Event]:
        async with link:
            return await take(link, 10**9)

    return run_async(work())


def test_a_session_gives_the_packets_that_it_holds_at_their_times(tmp_path: Path) -> None:
    sent = list(everything(6.0))
    pace = Told()
    link = ReplayLink(parse_moniker(f"replay:{session_file(tmp_path)}"), pace=pace, start_ns=5_000)
    events = _all(link)
    assert arrivals(events)[0].received.raw == sent[0].raw
    assert sorted(arrival.received.raw for arrival in arrivals(events)) == sorted(packet.raw for packet in sent)
    since_ns = [packet.time_ns - sent[0].time_ns for packet in sent]
    np.testing.assert_allclose([arrival.time_ns - 5_000 for arrival in arrivals(events)], since_ns, atol=1_000)
    np.testing.assert_allclose(pace.reached_s, np.array(since_ns) / 1e9, atol=1e-6)
    last = events[-1]
    assert isinstance(last, Change)
    assert last.state == "ended"


def test_speed_is_kept(tmp_path: Path) -> None:
    async def work() -> float:
        loop = asyncio.get_running_loop()
        async with make_link(f"replay:{csv_file(tmp_path, 3.0)}@10") as link:
            began_s = loop.time()
            await take(link, 10**9)
            return loop.time() - began_s

    assert 0.28 < run_async(work()) < 1.0


def test_a_session_with_nothing_live_is_played_from_its_samples(tmp_path: Path) -> None:
    _, acc, gyr = running(6.0, 208.0)
    samples = counts(acc, gyr)
    raws = [hello(), *blocks(samples, 208.0)]
    path = record(tmp_path / "synced.mcap", received(raws, 208.0, 1_700_000_000_000_000_000), source="log")
    events = _all(ReplayLink(parse_moniker(f"replay:{path}@max")))
    again = np.concatenate([p.samples for a in arrivals(events) if isinstance(p := a.received.packet, ImuBlock)])
    np.testing.assert_array_equal(again["acc"], samples["acc"])
    np.testing.assert_array_equal(again["gyr"], samples["gyr"])


def test_packets_of_a_recording_carry_its_values_and_its_gaps() -> None:
    t, acc, gyr = running(8.0, 208.0)
    acc[600] = np.nan  # not measured
    acc[900] = (0.0, 0.0, 200.0)  # more than 16 g
    kept = np.r_[0:1000, 1208:1664]  # a second is missing
    recording = Recording.from_arrays(acc[kept], gyr[kept], t_s=t[kept])
    found = [p for timed in packets_of(recording) if isinstance(p := decode(timed.raw), ImuBlock)]
    places = np.concatenate([int(b.header["sample_i"]) + np.arange(len(b.samples)) for b in found])
    expected = np.setdiff1d(kept, [600])
    np.testing.assert_array_equal(places, expected)
    values = np.concatenate([b.physical()[0] for b in found])
    np.testing.assert_allclose(values[places != 900], acc[expected[expected != 900]], atol=0.0025)
    assert values[places == 900][0, 2] == pytest.approx(16 * 9.80665, rel=0.001)
    gap_before = [int(b.header["sample_i"]) for b in found if int(b.header["marks"]) & 2]
    assert gap_before == [601, 1208]
    saturated = [b for b in found if int(b.header["marks"]) & 4]
    assert [int(b.header["sample_i"]) <= 900 < int(b.header["sample_i"]) + 18 for b in saturated] == [True]
    times = np.concatenate([b.times_us for b in found]) / 1e6
    np.testing.assert_allclose(times - times[0], t[expected], atol=1e-5)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("none.csv", None, "none.csv"),
        ("none.mcap", None, "none.mcap"),
        ("bad.mcap", b"not a session", "no session"),
        ("three.csv", ACCELEROMETER, "six axes"),
    ],
)  # fmt: skip
def test_what_cannot_be_played_is_said_in_a_sentence(
    tmp_path: Path, name: str, content: bytes | None, says: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    link = make_link(f"replay:{tmp_path / name}")
    with pytest.raises(LinkError, match=says) as caught:
        run_async(link.open())
    assert str(caught.value).endswith(".")
