"""Checkpoints come back whole or not at all."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from trendel.wire.checkpoint import Checkpoint, Checkpoints
from trendel.wire.packets import CheckpointPart, decode, encode_checkpoint

HEADER = {"boot": 3, "sample_i": 77, "layout_hash": 5, "param_hash": 6}


def parts(state: bytes, **more: int) -> list[CheckpointPart]:
    found = [decode(raw) for raw in encode_checkpoint(state, **(HEADER | more))]
    assert all(isinstance(part, CheckpointPart) for part in found)
    return found  # type: ignore[return-value]


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=5000), st.binary(min_size=1, max_size=5000))
def test_states_in_a_row(first: bytes, second: bytes) -> None:
    gathered = Checkpoints()
    got = [gathered.add(part) for part in [*parts(first), *parts(second, sample_i=78)]]
    whole = [state for state in got if state is not None]
    assert whole == [Checkpoint(3, 77, 5, 6, first), Checkpoint(3, 78, 5, 6, second)]
    assert gathered.broken_n == 0


@settings(deadline=None)
@given(st.lists(st.integers(0, 7), max_size=30))
def test_parts_in_any_order_give_the_state_or_nothing(order: list[int]) -> None:
    state = np.random.default_rng(0).bytes(7204)
    found = parts(state)
    gathered = Checkpoints()
    for i in order:
        whole = gathered.add(found[i])
        assert whole is None or whole.state == state
        assert len(gathered._held) <= len(state)


def test_a_missing_part_and_a_wrong_byte_are_counted() -> None:
    state = bytes(range(250)) * 10
    gathered = Checkpoints()
    first, _, last = parts(state)
    assert gathered.add(first) is None and gathered.add(last) is None
    assert gathered.broken_n == 2  # the one that was begun, and the end of nothing
    wrong = CheckpointPart(last.header, bytes(len(last.body)))
    assert [gathered.add(part) for part in [*parts(state)[:2], wrong]] == [None] * 3
    assert gathered.broken_n == 3
    assert [gathered.add(part) for part in parts(state)][-1] is not None
