"""Files that cannot be used, or not wholly: each gives one clear sentence, or a flagged result."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.host.recording.made import NAMES, adds_up, lines, table, write
from trendel.errors import RecordingError
from trendel.recording import read

HEADER = ",".join(NAMES)


def put(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows(seconds: float = 4.0) -> list[str]:
    return lines(table(seconds))


CASES: dict[str, tuple[Callable[[], str | bytes], str]] = {
    "empty": (lambda: "", "is empty"),
    "blank lines": (lambda: "\n\n  \n", "is empty but for blank lines"),
    "only a mark": (lambda: b"\xef\xbb\xbf", "is empty but for"),
    "header only": (lambda: HEADER + "\n", "header but no samples"),
    "header and half a line": (lambda: HEADER + "\n0.0,1.0", "header but no samples"),
    "zero bytes": (lambda: b"\x00" * 4096, "binary"),
    "random bytes": (lambda: np.random.default_rng(0).bytes(20000), "binary"),
    "zip": (lambda: b"PK\x03\x04" + bytes(100), "zip or Excel"),
    "gzip": (lambda: b"\x1f\x8b" + bytes(100), "gzip"),
    "parquet": (lambda: b"PAR1" + bytes(100), "Parquet"),
    "utf-16": (lambda: (HEADER + "\n").encode("utf-16"), "UTF-16"),
    "prose": (lambda: "Dear diary\ntoday I ran\n", "no table"),
    "no header": (lambda: "\n".join(rows()) + "\n", "no header line"),
    "other columns": (lambda: "ic_s,to_s,side\n0.1,0.3,L\n", "no accelerometer columns"),
    "linear acceleration": (
        lambda: "t_s,linear_acc_x,linear_acc_y,linear_acc_z\n0,1,2,3\n",
        "gravity has been removed",
    ),
    "column missing": (
        lambda: "\n".join([",".join(NAMES[:3]), *[",".join(r.split(",")[:3]) for r in rows()]]) + "\n",
        "lacks the accelerometer column acc_z",
    ),
    "gyroscope column missing": (
        lambda: "\n".join([",".join(NAMES[:6]), *[",".join(r.split(",")[:6]) for r in rows()]]) + "\n",
        "lacks the gyroscope column gyr_z",
    ),
    "column doubled": (
        lambda: "\n".join([HEADER + ",acc_x_mps2", *[r + ",1.0" for r in rows()]]) + "\n",
        "acc_x is there 2 times",
    ),
    "text": (
        lambda: "\n".join([HEADER, *rows()[:99], "0.49500,1.0,oops,9.0,0,0,0", *rows()[100:]]) + "\n",
        "line 101, column 'acc_y_mps2' holds 'oops'",
    ),
    "header repeated": (lambda: "\n".join([HEADER, *rows(), HEADER, *rows()]) + "\n", "header is repeated in line 802"),
    "many malformed lines": (
        lambda: "\n".join([HEADER, *[r if i % 20 else "1,2" for i, r in enumerate(rows())]]) + "\n",
        "40 malformed lines among 800; the first: line 2 has 2 fields",
    ),
    "decimal comma with comma": (
        lambda: "\n".join([HEADER, *[r.replace(".", ",") for r in rows()]]) + "\n",
        "decimal sign",
    ),
    "zero byte in the middle": (
        lambda: "\n".join([HEADER, *rows(20.0)]).encode().replace(b"15.00000,", b"15.\x000000,"),
        "zero bytes in line",
    ),
    "no unit": (
        lambda: "\n".join(["t_s,acc_x,acc_y,acc_z", *[",".join(r.split(",")[:4]) for r in rows()]]) + "\n",
        r"names no unit in column 'acc_x'.*looks like m/s2",
    ),
    "unknown unit": (
        lambda: "\n".join(["t_s,acc_x_lsb,acc_y_lsb,acc_z_lsb", *[",".join(r.split(",")[:4]) for r in rows()]]) + "\n",
        "names the unit 'lsb'",
    ),
    "one sample": (lambda: "\n".join([HEADER, rows()[0]]) + "\n", "one sample only"),
    "no time, no rate": (
        lambda: "\n".join([",".join(NAMES[1:]), *[r.partition(",")[2] for r in rows()]]) + "\n",
        "no time column and no rate",
    ),
    "all empty cells": (lambda: "\n".join([HEADER, *[f"{i / 200},,,,,," for i in range(400)]]) + "\n", "no usable"),
    "open quote": (lambda: "\n".join([HEADER + ",note", *[r + ',"a' for r in rows()]]) + "\n", "quotes|malformed"),
}


@pytest.mark.parametrize("case", CASES)
def test_refused(tmp_path: Path, case: str) -> None:
    make, reason = CASES[case]
    path = put(tmp_path / "run.csv", make())
    with pytest.raises(RecordingError, match=reason) as caught:
        read(path)
    sentence = str(caught.value)
    assert sentence.startswith("run.csv: ")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 500


def test_missing_folder_and_odd_paths(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"nowhere.csv: does not exist"):
        read(tmp_path / "nowhere.csv")
    with pytest.raises(RecordingError, match="is a folder"):
        read(tmp_path)
    with pytest.raises(RecordingError, match="path"):
        read(3)  # type: ignore[arg-type]
    with pytest.raises(RecordingError, match="zero byte"):
        read("a\0b.csv")
    with pytest.raises(RecordingError, match=r"cannot be read|does not exist"):
        read("x" * 5000)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "run.csv")
    with pytest.raises(RecordingError, match="not a regular file"):
        read(tmp_path / "run.csv")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_permission(tmp_path: Path) -> None:
    path = write(tmp_path / "run.csv", table(4.0))
    path.chmod(0)
    with pytest.raises(RecordingError, match="permissions"):
        read(path)


@pytest.mark.parametrize("kind", ["truth", "contacts", "vgrf", "ankle"])
def test_companions(tmp_path: Path, kind: str) -> None:
    path = put(tmp_path / f"run.{kind}.csv", "t_s,value\n0.0,1.0\n0.1,1.0\n")
    with pytest.raises(RecordingError, match="goes with a recording"):
        read(path)


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.93, 0.97])
def test_cut_in_the_last_line(tmp_path: Path, keep: float) -> None:
    body = rows()
    cut = body[-1][: int(len(body[-1]) * keep)]
    recording = read(put(tmp_path / "run.csv", "\n".join([HEADER, *body[:-1], cut])))
    assert adds_up(recording)
    assert len(recording) == len(body) - 1
    assert recording.counts.read == len(body)
    assert recording.counts.refused == 1
    assert any("cut in the middle" in note for note in recording.notes)


def test_zero_bytes_at_the_end_are_a_cut(tmp_path: Path) -> None:
    body = rows()
    text = "\n".join([HEADER, *body[:-1], body[-1][:20]]).encode() + bytes(70000)
    recording = read(put(tmp_path / "run.csv", text))
    assert adds_up(recording)
    assert len(recording) == len(body) - 1
    assert any("70000 zero bytes" in note for note in recording.notes)


def test_few_malformed_lines_are_bridged(tmp_path: Path) -> None:
    body = rows()
    body[100], body[200] = "1,2,3", body[200] + ",7"
    recording = read(put(tmp_path / "run.csv", "\n".join([HEADER, *body]) + "\n"))
    assert adds_up(recording)
    assert (recording.counts.read, recording.counts.refused, recording.counts.filled) == (800, 2, 2)
    assert len(recording) == 800
    assert np.flatnonzero(~recording.valid).tolist() == [100, 200]
    assert any("line 102 has 3 fields where the header has 7" in note for note in recording.notes)


def test_malformed_lines_without_stamps_keep_their_place(tmp_path: Path) -> None:
    body = [row.partition(",")[2] for row in rows()]
    body[100] = "1,2,3"
    recording = read(put(tmp_path / "run.csv", "\n".join([",".join(NAMES[1:]), *body]) + "\n"), rate_hz=200)
    assert adds_up(recording)
    assert len(recording) == 800
    assert np.flatnonzero(~recording.valid).tolist() == [100]


@pytest.mark.parametrize("cell", ["", "nan", "NaN", "NA", "null", " "])
def test_missing_values_are_flagged_and_held(tmp_path: Path, cell: str) -> None:
    body = [row.split(",") for row in rows()]
    for i in range(300, 340):
        body[i][2] = cell
    recording = read(put(tmp_path / "run.csv", "\n".join([HEADER, *[",".join(row) for row in body]]) + "\n"))
    assert adds_up(recording)
    assert recording.counts.invalid == 40
    assert not recording.valid[300:340].any()
    assert (recording.acc_mps2[300:340] == recording.acc_mps2[299]).all()


def test_infinite_and_impossible_values_are_flagged(tmp_path: Path) -> None:
    body = [row.split(",") for row in rows()]
    body[10][1], body[20][2], body[30][4], body[40][3] = "inf", "1e30", "-1e9", "1e400"
    recording = read(put(tmp_path / "run.csv", "\n".join([HEADER, *[",".join(row) for row in body]]) + "\n"))
    assert adds_up(recording)
    assert np.flatnonzero(~recording.valid).tolist() == [10, 20, 30, 40]


def test_a_damaged_sidecar_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "run.csv", table(4.0))
    for text, reason in (
        ('{"rate_hz": 200', r"run.json is not valid JSON \(line 1"),
        ("[1, 2]", "one JSON object"),
        ('{"rate_hz": "fast"}', "rate_hz = 'fast'"),
        ('{"rate_hz": NaN}', "rate_hz"),
        ('{"rate_hz": -1}', "rate_hz"),
        ('{"frame": "moon"}', "frame = 'moon'"),
        ('{"columns": 3}', "columns"),
        ('{"acc_unit": 3}', "acc_unit"),
        ('{"acc_unit": "stone"}', "acc_unit='stone'"),
        ("[" * 100000, "JSON"),
        ('{"rate_hz": ' + "9" * 5000 + "}", "JSON|rate_hz"),
    ):
        path.with_suffix(".json").write_text(text)
        with pytest.raises(RecordingError, match=reason):
            read(path)
    path.with_suffix(".json").write_bytes(b'{"a": "\xff"}')
    with pytest.raises(RecordingError, match="UTF-8"):
        read(path)


@pytest.mark.parametrize("rate", ["abc", 0, -5, float("nan"), float("inf")])
def test_bad_rate_option(tmp_path: Path, rate: float) -> None:
    with pytest.raises(RecordingError, match="rate_hz is"):
        read(write(tmp_path / "run.csv", table(4.0)), rate_hz=rate)


def test_one_endless_line_is_refused_quickly(tmp_path: Path) -> None:
    path = put(tmp_path / "run.csv", b"1," * 5_000_000)
    start = time.perf_counter()
    with pytest.raises(RecordingError):
        read(path)
    assert time.perf_counter() - start < 5


def test_malformed_lines_that_are_not_utf8_are_counted(tmp_path: Path) -> None:
    body = [row.encode() for row in rows()]
    body[100] = b"\xff\xfe broken"
    recording = read(put(tmp_path / "run.csv", b"\n".join([HEADER.encode(), *body]) + b"\n"))
    assert adds_up(recording)
    assert (recording.counts.read, recording.counts.refused, recording.counts.filled) == (800, 1, 1)


def _refusal(path: Path, **options: object) -> str:
    with pytest.raises(RecordingError) as refusal:
        read(path, **options)  # type: ignore[arg-type]
    return str(refusal.value)


def test_refusals_say_both_the_python_and_the_command_line_form(tmp_path: Path) -> None:
    values = table(5.0)
    path = tmp_path / "run.csv"
    write(path, values, ("t_s", "acc_x", "acc_y", "acc_z", *NAMES[4:]))
    assert "give acc_unit='m/s2', 'g' or 'mg' (--acc-unit m/s2, g or mg)" in _refusal(path)
    assert "give acc_unit='m/s2' (--acc-unit m/s2)" in _refusal(path, acc_unit="g")
    write(path, values, ("t_s", "A", "B", "C", *NAMES[4:]))
    assert "columns={'acc_x_g': 'A'} (--column acc_x_g=A)" in _refusal(path)
    write(path, values[:, :3], NAMES[:3])
    assert "give frame='pelvis' (--frame pelvis)" in _refusal(path)
    write(path, values[:, :5], NAMES[:5])
    assert "--column gyr_x= --column gyr_y= --column gyr_z=)" in _refusal(path)
    stopped = values.copy()
    stopped[:, 0] = 0
    write(path, stopped)
    assert "columns={'t': None} (--column t=) and give rate_hz=... (--rate-hz ...)" in _refusal(path)


def test_a_time_column_that_is_not_recognised_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "run.csv", table(5.0), ("Zeit 1", *NAMES[1:]))
    said = _refusal(path)
    assert "not recognised: 'Zeit 1'" in said
    assert "columns={'t_ms': 'Zeit 1'} (--column 't_ms=Zeit 1')" in said
    assert "(--rate-hz ...)" in said
    assert "not recognised" not in _refusal(path, columns={"t": None})
