"""Names and units of columns."""

import pytest

from trendel.errors import RecordingError
from trendel.recording.columns import choose, parse_column
from trendel.recording.units import find_unit, unit_option


@pytest.mark.parametrize(
    ("name", "quantity", "unit"),
    [
        ("acc_x_mps2", "acc_x", "m/s2"),
        ("acc_x_g", "acc_x", "g"),
        ("acc_y_mg", "acc_y", "mg"),
        ("acc_z_m_s2", "acc_z", "m/s2"),
        ("gyr_z_dps", "gyr_z", "deg/s"),
        ("gyr_x_radps", "gyr_x", "rad/s"),
        ("gyr_x_rad_s", "gyr_x", "rad/s"),
        ("gyr_y_mdps", "gyr_y", "mdeg/s"),
        ("Acc X (m/s^2)", "acc_x", "m/s2"),
        ("Acc X (m/s²)", "acc_x", "m/s2"),
        ("Acceleration x (m/s^2)", "acc_x", "m/s2"),
        ("AccelX [g]", "acc_x", "g"),
        ("Gyro Y (°/s)", "gyr_y", "deg/s"),
        ("Gyroscope.Z (deg/s)", "gyr_z", "deg/s"),
        ("AngularVelocity_X [rad/s]", "gyr_x", "rad/s"),
        ("x-axis (g)", "acc_x", "g"),
        ("z-axis (deg/s)", "gyr_z", "deg/s"),
        ("X_Acc", "acc_x", None),
        ("ax", "acc_x", None),
        ("gy", "gyr_y", None),
        ("acc_x", "acc_x", None),
        ('"acc_x_g"', "acc_x", "g"),
        ("t_s", "t", "s"),
        ("t_ms", "t", "ms"),
        ("time_us", "t", "us"),
        ("Time (µs)", "t", "us"),
        ("timestamp", "t", None),
        ("timestamp (-0700)", "t", None),
        ("Time(s)", "t", "s"),
        ("seconds_elapsed", "t", "s"),
        ("millis", "t", "ms"),
        ("Timestamp [ns]", "t", "ns"),
        ("Linear Acceleration x (m/s^2)", "linear", "m/s2"),
        ("userAccelerationX", "linear", None),
    ],
)
def test_understood(name: str, quantity: str, unit: str | None) -> None:
    column = parse_column(name)
    assert column is not None
    assert column.quantity == quantity
    assert (column.unit.name if column.unit else None) == unit


@pytest.mark.parametrize(
    "name", ["", "x", "note", "gx (m/s2)", "mag_x_ut", "temperature", "step", "acc", "vgrf_bw", "qx"]
)
def test_not_a_quantity(name: str) -> None:
    assert parse_column(name) is None


def test_unknown_unit_is_kept_for_the_message() -> None:
    column = parse_column("acc_x_counts")
    assert column is not None
    assert (column.quantity, column.unit, column.unknown_unit) == ("acc_x", None, "counts")


def test_doubled_column_is_refused() -> None:
    with pytest.raises(RecordingError, match=r"acc_x is there 2 times.*column 1.*column 3"):
        choose(["acc_x_g", "acc_y_g", "acc_x_mps2"])


def test_mapping_wins_and_carries_units() -> None:
    choice = choose(["A1", "acc_x_g", "clock"], {"acc_x_mg": "A1", "t": None})
    assert choice.columns["acc_x"].name == "A1"
    assert choice.columns["acc_x"].unit is find_unit("mg")
    assert "t" not in choice.columns
    assert set(choice.ignored) == {"acc_x_g", "clock"}


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        ({"acc_q": "a"}, "none of"),
        ({"acc_x": "b"}, "not in the file"),
        ({"acc_x": "a", "acc_x_g": "a"}, "twice"),
        ({"acc_x": 3}, "as text"),
    ],
)
def test_bad_mapping(mapping: dict[str, str], reason: str) -> None:
    with pytest.raises(RecordingError, match=reason):
        choose(["a", "t"], mapping)


def test_of_two_clocks_the_one_with_a_unit_is_read() -> None:
    choice = choose(["timestamp", "elapsed (s)", "acc_x_g"])
    assert choice.columns["t"].name == "elapsed (s)"
    assert "timestamp" in choice.notes[0]


@pytest.mark.parametrize(("option", "text", "kind"), [("acc_unit", "dps", "acc"), ("gyr_unit", "stones", "gyr")])
def test_wrong_unit_option(option: str, text: str, kind: str) -> None:
    with pytest.raises(RecordingError, match=f"{option}='{text}' is not a unit"):
        unit_option(option, text, kind)
