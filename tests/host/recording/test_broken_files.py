"""Whatever is in a file: a Recording that adds up, or a RecordingError; nothing else, and soon."""

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.host.recording.made import NAMES, adds_up, lines, table
from trendel.errors import RecordingError
from trendel.recording import Recording, read

pytestmark = pytest.mark.filterwarnings("error")
SETTINGS = settings(max_examples=150, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])


def try_read(call: Callable[[], Recording]) -> Recording | None:
    """The recording, or None where it was refused properly."""
    try:
        recording = call()
    except RecordingError as error:
        sentence = str(error)
        assert sentence.endswith(".")
        assert len(sentence) < 700
        assert error.__suppress_context__ or error.__context__ is None
        return None
    assert adds_up(recording)
    assert all(note.endswith(".") for note in recording.notes)
    return recording


@functools.cache
def good() -> bytes:
    return "\n".join([",".join(NAMES), *lines(table(3.0))]).encode() + b"\n"


@SETTINGS
@given(content=st.binary(max_size=3000))
def test_any_bytes(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run.csv").write_bytes(content)
    try_read(lambda: read(tmp_path / "run.csv"))


@SETTINGS
@given(
    header=st.sampled_from([",".join(NAMES), ";".join(NAMES), "acc_x_g,acc_y_g,acc_z_g", "timestamp,ax,ay,az"]),
    body=st.text(alphabet='0123456789.,;-+eEnaif "\n\r\t#x', max_size=2000),
)
def test_any_numbers(tmp_path: Path, header: str, body: str) -> None:
    (tmp_path / "run.csv").write_bytes(f"{header}\n{body}".encode())
    for options in ({}, {"rate_hz": 100.0, "columns": {"t": None}, "acc_unit": "g"}):
        try_read(functools.partial(read, tmp_path / "run.csv", **options))  # type: ignore[arg-type]


@SETTINGS
@given(data=st.data())
def test_a_good_file_damaged(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(good())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content)))
        length = data.draw(st.integers(0, 400))
        what = data.draw(st.sampled_from(["cut", "drop", "insert", "repeat", "noise"]))
        if what == "cut":
            del content[max(place, 200) :]
        elif what == "drop":
            del content[place : place + length]
        elif what == "insert":
            content[place:place] = data.draw(
                st.sampled_from([b"\n", b",", b"nan", b'"', b"x", b"\xff", b"-", b"1e9", b";"])
            )
        elif what == "repeat":
            content[place:place] = content[place : place + length]
        else:
            content[place : place + 8] = data.draw(st.binary(min_size=8, max_size=8))
    (tmp_path / "run.csv").write_bytes(bytes(content))
    try_read(lambda: read(tmp_path / "run.csv"))


@SETTINGS
@given(place=st.integers(0, len(good())))
def test_cut_anywhere_keeps_what_is_whole(tmp_path: Path, place: int) -> None:
    (tmp_path / "run.csv").write_bytes(good()[:place])
    recording = try_read(lambda: read(tmp_path / "run.csv"))
    whole = max(0, good()[:place].count(b"\n") - 1)
    if recording is not None:
        ends_between = len(recording) - whole
        # Without its newline a complete last line cannot be told from a file that never had one, and is used.
        assert ends_between in (0, 1)
        assert ends_between == 0 or good()[place : place + 1] in (b"\n", b"")
    else:
        assert whole < 2


NUMBERS = st.floats(width=64, allow_nan=True, allow_infinity=True)


@SETTINGS
@given(data=st.data())
def test_arrays_damaged(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 600))
    values = table(3.0)[:n].copy()
    for _ in range(data.draw(st.integers(0, 6))):
        a = data.draw(st.integers(0, n - 1))
        b = data.draw(st.integers(a, n))
        column = data.draw(st.integers(0, 6))
        what = data.draw(st.sampled_from(["value", "hold", "scale", "shift", "shuffle", "drop", "reverse"]))
        part = values[a:b, column]
        if what == "value":
            values[a:b, column] = data.draw(NUMBERS)
        elif what == "hold":
            values[a:b, column] = values[a, column]
        elif what == "scale":
            with np.errstate(all="ignore"):
                values[a:b, column] = part * data.draw(NUMBERS)
        elif what == "shift":
            with np.errstate(all="ignore"):
                values[a:b, column] = part + data.draw(NUMBERS)
        elif what == "shuffle":
            values[a:b, column] = np.random.default_rng(a).permutation(part)
        elif what == "drop" and 0 < b - a < n:
            values, n = np.delete(values, slice(a, b), axis=0), n - (b - a)
        elif what == "reverse":
            values[a:b, column] = part[::-1].copy()
    options: dict[str, Any] = {
        "frame": data.draw(st.sampled_from(["sensor", "pelvis"])),
        "rate_hz": data.draw(st.sampled_from([None, 200.0, 190.0])),
        "t_s": data.draw(st.sampled_from([None, values[:, 0]])),
    }
    gyr = data.draw(st.sampled_from([None, values[:, 4:7]]))
    try_read(lambda: Recording.from_arrays(values[:, 1:4], gyr, **options))


@SETTINGS
@given(t=st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=60))
def test_any_stamps(t: list[float]) -> None:
    values = table(1.0)[: len(t)]
    try_read(lambda: Recording.from_arrays(values[:, 1:4], values[:, 4:7], t_s=t))


@SETTINGS
@given(
    steps=st.lists(st.sampled_from([0.0, 0.001, 0.004, 0.005, 0.006, 0.01, 0.2, 0.6, 30.0]), min_size=2, max_size=500)
)
def test_any_steps(steps: list[float]) -> None:
    values = np.tile(table(2.0), (2, 1))[: len(steps)]
    try_read(lambda: Recording.from_arrays(values[:, 1:4], values[:, 4:7], t_s=np.cumsum(steps)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@SETTINGS
@given(
    sidecar=st.dictionaries(
        st.sampled_from(
            ["rate_hz", "frame", "range_g", "range_dps", "acc_unit", "gyr_unit", "time_unit", "columns", "mass_kg"]
        ),
        JSON | st.sampled_from([200, "g", "rad/s", "pelvis", {"acc_x": "acc_y_mps2"}, {"t": None}]),
        max_size=3,
    )
    | JSON
)
def test_any_sidecar(tmp_path: Path, sidecar: object) -> None:
    (tmp_path / "run.csv").write_bytes(good())
    (tmp_path / "run.json").write_text(json.dumps(sidecar))
    try_read(lambda: read(tmp_path / "run.csv"))


@SETTINGS
@given(text=st.binary(max_size=200))
def test_any_sidecar_bytes(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "run.csv").write_bytes(good())
    (tmp_path / "run.json").write_bytes(text)
    try_read(lambda: read(tmp_path / "run.csv"))
