"""What is missing, by the numbers alone."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.host.session.made import blocks, counts, hello
from trendel.links.missing import Gap, Missing, Ranges
from trendel.wire import layout
from trendel.wire.packets import ImuBlock, decode, encode_records


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 12))), st.integers(0, 60), st.integers(0, 70))
def test_ranges_are_sets_of_whole_numbers(added: list[tuple[int, int]], start: int, end: int) -> None:
    ranges, naive = Ranges(), set()
    for at, n in added:
        ranges.add(at, at + n)
        naive |= set(range(at, at + n))
    assert [i for i in range(80) if i in ranges] == sorted(naive)
    assert ranges.total == len(naive)
    assert ranges.end == (max(naive) + 1 if naive else None)
    apart = list(ranges)
    assert all(a[1] < b[0] for a, b in pairwise(apart))
    holes = {i for hole in ranges.holes(start, end) for i in range(*hole)}
    assert holes == set(range(start, end)) - naive


def made(n: int, boot: int = 1) -> list[ImuBlock]:
    samples = counts(np.zeros((18 * n, 3)), np.zeros((18 * n, 3)))
    found = [decode(raw) for raw in blocks(samples, 208.0, boot, first_us=1_000_000)]
    return [block for block in found if isinstance(block, ImuBlock)]


def stride(boot: int, sequence: int, ic_ms: int, n: int = 1) -> bytes:
    records = np.zeros(n, layout.DTYPES["Stride"])
    records["ic_ms"] = ic_ms
    return encode_records(layout.KIND_STRIDE, records, boot=boot, sequence=sequence)


def test_a_recording_begins_with_the_hello() -> None:
    """Blocks before the first that came are wanted as far as they were complete after it."""
    packets = made(40)
    missing = Missing()
    missing.take(decode(hello(1, time_us=2_000_000)))  # 1 s after the first sample: in block 11
    missing.take(packets[15])
    assert missing.gaps() == {1: [Gap(11, 15)]} or missing.gaps() == {1: [Gap(10, 15)]}
    assert not missing.home(packets[10]) or missing.home_n == 18
    assert missing.home(packets[12])
    assert not missing.home(packets[12])
    assert not missing.home(packets[3])


def test_gaps_and_what_comes_home_and_what_is_gone() -> None:
    packets = made(40)
    missing = Missing()
    missing.take(decode(hello(1, time_us=10**9)))
    for k in (2, 3, 7, 8, 20):
        missing.take(packets[k])
    missing.take(packets[20])
    assert missing.live_n == 5 * 18
    assert missing.gaps() == {1: [Gap(4, 7), Gap(9, 20)]}
    assert (missing.blocks_n, missing.samples_n) == (14, 14 * 18)
    assert missing.home(packets[5])
    missing.give_up(1, 9, 20)
    assert missing.gaps() == {1: [Gap(4, 5), Gap(6, 7)]}
    assert (missing.gone_n, missing.home_n, missing.lacking_n) == (11, 18, 13 * 18)
    missing.finish(None)
    assert missing.gaps() == {1: [Gap(4, 5), Gap(6, 7), Gap(21, None)]}
    assert missing.home(packets[25])
    missing.close(1)
    assert missing.gaps() == {1: [Gap(4, 5), Gap(6, 7), Gap(21, 25)]}


def test_what_was_measured_after_the_end_does_not_belong_to_it() -> None:
    packets = made(40)
    missing = Missing()
    missing.take(packets[0])
    missing.finish(until_us=int(packets[5].header["time_us"]))
    assert [missing.home(packets[k]) for k in range(1, 9)] == [True] * 5 + [False] * 3


def test_over_restarts() -> None:
    """The end of each boot, the begin of the next, and a boot of which nothing was heard."""
    missing = Missing()
    first, last = made(10, 7), made(10, 9)
    missing.take(decode(hello(7, time_us=10**9)))
    missing.take(first[4])
    missing.take(decode(hello(9)))
    assert missing.gaps() == {7: [Gap(5, None)], 8: [Gap(0, None)]}
    missing.take(last[2])
    assert missing.gaps() == {7: [Gap(5, None)], 8: [Gap(0, None)], 9: [Gap(0, 2)]}
    assert missing.home(first[6])
    for boot in (7, 8):
        missing.close(boot)
    assert missing.gaps() == {7: [Gap(5, 6)], 9: [Gap(0, 2)]}


def test_records_that_are_missing() -> None:
    missing = Missing()
    missing.take(decode(hello(1, time_us=5_000_000)))
    missing.take(decode(stride(1, 10, 6000)))
    missing.take(decode(stride(1, 13, 8000)))
    assert missing.wants_records()
    missing.finish(None)
    assert not missing.home_records(decode(stride(1, 2, 3000)))  # type: ignore[arg-type]
    assert missing.home_records(decode(stride(1, 8, 7000, n=10)))  # type: ignore[arg-type]
    assert not missing.home_records(decode(stride(1, 8, 7000, n=10)))  # type: ignore[arg-type]
    missing.give_up_records()
    assert not missing.wants_records()
