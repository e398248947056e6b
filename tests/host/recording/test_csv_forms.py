"""CSV in the forms that people and loggers write it."""

from pathlib import Path

import numpy as np
import pytest

from tests.host.recording.made import NAMES, G, adds_up, lines, running, table, write
from trendel.recording import read


@pytest.fixture
def values() -> np.ndarray:
    return table(4.0)


def same(path: Path, values: np.ndarray, **options: object) -> None:
    recording = read(path, **options)  # type: ignore[arg-type]
    assert adds_up(recording)
    np.testing.assert_allclose(recording.t_s, values[:, 0], atol=1e-5)
    np.testing.assert_allclose(recording.acc_mps2, values[:, 1:4], atol=2e-3)
    assert recording.gyr_radps is not None
    np.testing.assert_allclose(recording.gyr_radps, values[:, 4:7], atol=2e-4)
    assert recording.rate_hz == pytest.approx(200)
    assert recording.counts.bridged == 0


def test_plain(tmp_path: Path, values: np.ndarray) -> None:
    path = write(tmp_path / "run.csv", values, sidecar={"rate_hz": 200, "subject": "P01", "mass_kg": 61.5})
    same(path, values)
    recording = read(path, metadata={"condition": "fresh", "subject": "P02"})
    assert recording.metadata == {"rate_hz": 200, "subject": "P02", "mass_kg": 61.5, "condition": "fresh"}
    assert recording.source == "run.csv"
    assert recording.frame == "sensor"
    assert recording.notes == ()
    assert recording.duration_s == pytest.approx(4.0)
    assert "6-axis" in repr(recording)


@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_delimiters_line_ends_and_marks(
    tmp_path: Path, values: np.ndarray, delimiter: str, newline: str, bom: str
) -> None:
    text = newline.join([delimiter.join(NAMES), *lines(values, delimiter)]) + newline
    (tmp_path / "run.csv").write_bytes((bom + text).encode())
    same(tmp_path / "run.csv", values)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_decimal_comma(tmp_path: Path, values: np.ndarray, delimiter: str) -> None:
    text = "\n".join([delimiter.join(NAMES), *[line.replace(".", ",") for line in lines(values, delimiter)]])
    (tmp_path / "run.csv").write_text(text + "\n")
    same(tmp_path / "run.csv", values)


@pytest.mark.parametrize(
    "before",
    ["# logged by a clip\n# firmware 3\n", "sep=,\n", "Device: A17\nStart,2024-05-01 10:00\n\n", "% x\n", "\n\n"],
)
def test_preamble(tmp_path: Path, values: np.ndarray, before: str) -> None:
    (tmp_path / "run.csv").write_text(before + "\n".join([",".join(NAMES), *lines(values)]) + "\n")
    same(tmp_path / "run.csv", values)


def test_commented_header_and_unit_row(tmp_path: Path, values: np.ndarray) -> None:
    (tmp_path / "a.csv").write_text("\n".join(["# " + ",".join(NAMES), *lines(values)]) + "\n")
    same(tmp_path / "a.csv", values)
    names = "time,acc_x,acc_y,acc_z,gyr_x,gyr_y,gyr_z\ns,m/(s^2),m/(s^2),m/(s^2),rad/s,rad/s,rad/s"
    (tmp_path / "b.csv").write_text("\n".join([names, *lines(values)]) + "\n")
    same(tmp_path / "b.csv", values)


def test_quotes_spaces_trailing_delimiter_and_other_columns(tmp_path: Path, values: np.ndarray) -> None:
    quoted = [",".join(f'"{cell}"' for cell in line.split(",")) for line in lines(values)]
    (tmp_path / "a.csv").write_text("\n".join([",".join(f'"{n}"' for n in NAMES), *quoted]) + "\n")
    same(tmp_path / "a.csv", values)
    (tmp_path / "b.csv").write_text(
        "\n".join([", ".join(NAMES), *[x.replace(",", " , ") for x in lines(values)]]) + "\n"
    )
    same(tmp_path / "b.csv", values)
    (tmp_path / "c.csv").write_text("\n".join([",".join(NAMES), *[x + "," for x in lines(values)]]) + "\n")
    same(tmp_path / "c.csv", values)
    rows = [f"{i},lap one,{x},36.6" for i, x in enumerate(lines(values))]
    (tmp_path / "d.csv").write_text("\n".join(["i,note," + ",".join(NAMES) + ",temp_c", *rows]) + "\n")
    same(tmp_path / "d.csv", values)
    assert any("Columns not used: i, note, temp_c" in note for note in read(tmp_path / "d.csv").notes)


def test_no_newline_at_the_end_is_no_cut(tmp_path: Path, values: np.ndarray) -> None:
    (tmp_path / "run.csv").write_text("\n".join([",".join(NAMES), *lines(values)]))
    same(tmp_path / "run.csv", values)


def test_latin1_header(tmp_path: Path, values: np.ndarray) -> None:
    names = "Zeit (s),Acc X (m/s²),Acc Y (m/s²),Acc Z (m/s²),Gyr X (rad/s),Gyr Y (rad/s),Gyr Z (rad/s),Temp °C"
    text = "\n".join([names, *[x + ",20" for x in lines(values)]]) + "\n"
    (tmp_path / "run.csv").write_bytes(text.encode("latin-1"))
    same(tmp_path / "run.csv", values, columns={"t": "Zeit (s)"})


@pytest.mark.parametrize(("unit", "factor"), [("s", 1.0), ("ms", 1e3), ("us", 1e6), ("ns", 1e9)])
@pytest.mark.parametrize("named", [True, False])
def test_units_of_time(tmp_path: Path, values: np.ndarray, unit: str, factor: float, named: bool) -> None:
    scaled = values.copy()
    scaled[:, 0] *= factor
    path = write(tmp_path / "run.csv", scaled, (f"t_{unit}" if named else "timestamp", *NAMES[1:]))
    same(path, values)
    same(path, values, time_unit=unit)
    assert named or any("names no unit" in note for note in read(path).notes)


def test_foreign_names_and_units(tmp_path: Path, values: np.ndarray) -> None:
    scaled = values.copy()
    scaled[:, 1:4] /= G
    scaled[:, 4:] = np.rad2deg(scaled[:, 4:])
    path = write(tmp_path / "run.csv", scaled, ("Uhr", "A1", "A2", "A3", "W1", "W2", "W3"))
    columns = {"t": "Uhr", "acc_x": "A1", "acc_y": "A2", "acc_z": "A3", "gyr_x": "W1", "gyr_y": "W2", "gyr_z": "W3"}
    same(path, values, columns=columns, acc_unit="g", gyr_unit="deg/s", time_unit="s")
    own = write(
        tmp_path / "own.csv", scaled, ("t_s", "acc_x_g", "acc_y_g", "acc_z_g", "gyr_x_dps", "gyr_y_dps", "gyr_z_dps")
    )
    same(own, values)
    options = {"columns": columns, "acc_unit": "g", "gyr_unit": "deg/s"}
    same(write(tmp_path / "told.csv", scaled, ("Uhr", "A1", "A2", "A3", "W1", "W2", "W3"), sidecar=options), values)


def test_milli_g(tmp_path: Path, values: np.ndarray) -> None:
    scaled = values.copy()
    scaled[:, 1:4] /= G / 1000
    same(write(tmp_path / "run.csv", scaled), values, acc_unit="mg")


def test_rate_only(tmp_path: Path, values: np.ndarray) -> None:
    path = write(tmp_path / "run.csv", values[:, 1:], NAMES[1:])
    same(path, values, rate_hz=200)
    path = write(tmp_path / "told.csv", values[:, 1:], NAMES[1:], sidecar={"rate_hz": 200})
    same(path, values)


def test_accelerometer_only(tmp_path: Path, values: np.ndarray) -> None:
    recording = read(write(tmp_path / "run.csv", values[:, :4], NAMES[:4]))
    assert adds_up(recording)
    assert recording.gyr_radps is None
    assert recording.missing == ()
    left_out = read(write(tmp_path / "all.csv", values), columns={"gyr_x": None, "gyr_y": None, "gyr_z": None})
    assert left_out.gyr_radps is None


def test_pelvis_frame_with_axes_missing(tmp_path: Path) -> None:
    t, acc, _ = running(5.0, 500.0)
    clipped = np.column_stack([t, acc[:, 0], np.maximum(acc[:, 2] * 1.3 - 4, 0)])
    names = ("t_s", "acc_x_mps2", "acc_z_mps2")
    recording = read(write(tmp_path / "trial.csv", clipped, names, sidecar={"rate_hz": 500, "frame": "pelvis"}))
    assert adds_up(recording)
    assert recording.missing == ("acc_y",)
    assert recording.frame == "pelvis"
    assert not recording.acc_mps2[:, 1].any()
    assert recording.counts.saturated == 0
    assert any("clipped" in note for note in recording.notes)


def test_dates(tmp_path: Path, values: np.ndarray) -> None:
    start = np.datetime64("2024-05-01T10:00:00.000000")
    stamps = start + np.rint(values[:, 0] * 1e6).astype("timedelta64[us]")
    for zone in ("", "Z"):
        rows = [f"{s}{zone},{line.partition(',')[2]}" for s, line in zip(stamps, lines(values), strict=True)]
        (tmp_path / "run.csv").write_text("\n".join(["timestamp," + ",".join(NAMES[1:]), *rows]) + "\n")
        recording = read(tmp_path / "run.csv")
        assert recording.rate_hz == pytest.approx(200, rel=1e-6)
        assert recording.t_s[0] == 1714557600.0
