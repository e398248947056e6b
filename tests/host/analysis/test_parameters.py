"""Parameters: checked, written and read as TOML, rounded once, hashed."""

from __future__ import annotations

import math
import tomllib
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path

import numpy as np
import pytest

from trendel.analysis.kernel_params import Setup, Start, kernel_params
from trendel.analysis.parameters import Attitude, Contacts, Force, Input, Mounting, Parameters
from trendel.analysis.stability import Baseline, Stability
from trendel.errors import ParameterError
from trendel.kernels.layout import DTYPES, LAYOUT_HASH, MAGIC_PARAMS

GROUPS = {
    "input": Input,
    "attitude": Attitude,
    "mounting": Mounting,
    "contacts": Contacts,
    "force": Force,
    "stability": Stability,
}
SETUP = Setup(rate_hz=208.0)
ALL = [(group, f.name) for group, kind in GROUPS.items() for f in fields(kind)]


def changed(group: str, name: str, value: float) -> Parameters:
    """The defaults with one other value."""
    return Parameters.from_dict({group: {name: value}})


@pytest.mark.parametrize(("group", "name"), ALL)
@pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf, "1", None, True])
def test_impossible_values_are_refused(group: str, name: str, bad: object) -> None:
    with pytest.raises(ParameterError, match=rf"{group}\.{name}"):
        GROUPS[group](**{name: bad})


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"unknown parameter attitude\.blocks"):
        Parameters.from_dict({"attitude": {"blocks": 1.0}})
    with pytest.raises(ParameterError, match=r"section \[atitude\]"):
        Parameters.from_dict({"atitude": {}})
    with pytest.raises(ParameterError, match="section"):
        Parameters.from_dict({"attitude": 3})


def test_parameters_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Parameters().attitude.init_s = 1.0  # type: ignore[misc]


def test_toml_round_trip(tmp_path: Path) -> None:
    p = changed("contacts", "tick_ms", 8.5)
    path = tmp_path / "p.toml"
    path.write_text(p.to_toml(), encoding="utf-8")
    assert Parameters.from_toml(path) == p
    assert tomllib.loads(p.to_toml()) == p.to_dict()
    assert {(g, n) for g, values in p.to_dict().items() for n in values} == set(ALL)


def test_a_file_names_only_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text("[mounting]\nsettle_strides = 30\n", encoding="utf-8")
    assert Parameters.from_toml(path) == replace(Parameters(), mounting=Mounting(settle_strides=30))
    path.write_text("", encoding="utf-8")
    assert Parameters.from_toml(path) == Parameters()


@pytest.mark.parametrize(
    ("text", "says"), [(b"[attitude", "not valid TOML"), (b"\xff\xfe\x00", "cannot read"), (b"[x]\n", "section")]
)
def test_bad_files(text: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_bytes(text)
    with pytest.raises(ParameterError, match=says):
        Parameters.from_toml(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="cannot read the parameter file"):
        Parameters.from_toml(tmp_path / "no.toml")


@pytest.mark.parametrize("rate_hz", [0.0, 10.0, 3000.0, math.nan, math.inf, -208.0])
def test_impossible_rates_are_refused(rate_hz: float) -> None:
    with pytest.raises(ParameterError, match="outside"):
        kernel_params(Parameters(), Setup(rate_hz=rate_hz))


@pytest.mark.parametrize("rate_hz", [25.0, 52.0, 104.0, 208.0, 285.7, 833.0, 2000.0])
def test_every_field_is_filled(rate_hz: float) -> None:
    """No number is left zero but those that may be."""
    axes = ((0.8, 0.6, 0.0), (-0.6, 0.8, 0.0), (0.0, 0.0, 1.0))
    start = Start((0.5, 0.5, 0.5, 0.5), (0.6, 0.8), (9.8, 0.1, 0.1))
    setup = Setup(rate_hz=rate_hz, axes=axes, has_standing=True, bias_radps=(0.1, 0.2, 0.3), start=start, lean_rad=0.1)
    record = kernel_params(Parameters(), setup)[0]
    may_be_zero = {"levelled", "slow_taps", "fine_taps", "even_taps", "axes", "tick_centre"}
    for stage in ("input", "attitude", "mounting", "contacts"):
        for name in record[stage].dtype.names:
            value = np.asarray(record[stage][name])
            assert np.isfinite(value).all(), (stage, name)
            assert name in may_be_zero or np.all(value != 0), (stage, name)
    assert record.contacts.slow_taps[0] > 0 and record.contacts.fine_taps[0] > 0
    assert np.array_equal(record.mounting.axes, np.float32(axes).ravel())
    assert record.magic == MAGIC_PARAMS and record.layout_hash == LAYOUT_HASH
    assert record.bytes_n == DTYPES["Params"].itemsize


def test_numbers_are_rounded_once() -> None:
    """float32 of the float64 expression, not of an expression of float32."""
    p = Parameters()
    for rate_hz in (104.0, 208.0, 285.7):
        record = kernel_params(p, Setup(rate_hz=rate_hz))[0]
        assert record.input.dt_s == np.float32(1 / rate_hz)
        assert record.attitude.gyro_noise2 == np.float32(math.radians(p.attitude.gyro_noise_deg_rts) ** 2)
        assert record.mounting.stand_cos_min == np.float32(math.cos(math.radians(p.mounting.stand_angle_deg)))
        assert record.contacts.tick_inv == np.float32(1 / int(record.contacts.tick_n))
        assert record.input.gyr_limit_radps == np.float32(math.radians(p.input.gyr_limit_dps))


@pytest.mark.parametrize(("group", "name"), ALL)
def test_hash_changes_with_every_parameter(group: str, name: str) -> None:
    value = getattr(getattr(Parameters(), group), name)
    other = changed(
        group,
        name,
        value + 1 if isinstance(value, int) else value * (0.9 if name in ("side_keep", "notice_deg") else 1.3) + 0.01,
    )
    # What only speaks of input without a gyroscope shows there.
    setup = Setup(rate_hz=208.0, has_gyro=False) if name == "no_gyro_turn_dps_rts" else SETUP
    assert kernel_params(other, setup).param_hash != kernel_params(Parameters(), setup).param_hash


@pytest.mark.parametrize(
    "change",
    [
        {"rate_hz": 208.01},
        {"has_gyro": False},
        {"has_left": False},
        {"levelled": True},
        {"has_standing": True},
        {"bias_radps": (1e-4, 0.0, 0.0)},
        {"axes": ((0.0, 1.0, 0.0), (-1.0, 0.0, 0.0), (0.0, 0.0, 1.0))},
        {"start": Start()},
        {"lean_rad": 0.1},
    ],
)
def test_hash_changes_with_the_setup(change: dict[str, object]) -> None:
    assert kernel_params(Parameters(), replace(SETUP, **change)).param_hash != (  # type: ignore[arg-type]
        kernel_params(Parameters(), SETUP).param_hash
    )


def test_same_parameters_same_bytes() -> None:
    assert kernel_params(Parameters(), SETUP).tobytes() == kernel_params(Parameters(), SETUP).tobytes()


def test_parameters_take_effect() -> None:
    from tests.host.analysis.made import recording
    from trendel import analyze

    many = analyze(recording()).summary["steps"]
    strict = analyze(recording(), params=changed("contacts", "step_max_ms", 300.0)).summary
    assert many > 60 and strict["steps"] < 5
    assert strict["parameters"]["contacts"]["step_max_ms"] == 300.0


@pytest.mark.parametrize(
    ("group", "values"),
    [
        ("contacts", {"tick_ms": 0}),
        ("contacts", {"tick_ms": 1000}),
        ("contacts", {"step_min_ms": 600.0}),
        ("contacts", {"start_steps": 2.5}),
        ("attitude", {"block_ms": 0}),
        ("input", {"acc_limit_mps2": 0}),
    ],
)
def test_numbers_that_cannot_work_are_refused_with_their_file(
    group: str, values: dict[str, float], tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in values.items()))
    with pytest.raises(ParameterError, match=rf"mine\.toml.*{next(iter(values))}"):
        Parameters.from_toml(path)


@pytest.mark.parametrize("values", [(math.nan, 6.0, 1.0), (6.0, math.inf, 1.0), (6.0, 6.0, 0.0), (6.0, 6.0, -1.0)])
def test_a_baseline_that_no_runner_has_is_refused(values: tuple[float, float, float]) -> None:
    with pytest.raises(ParameterError, match=r"baseline\..*must be between"):
        Baseline(*values)
