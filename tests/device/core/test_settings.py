"""Settings on the clip: golden bytes, what is refused and why, older versions, torn stores, the kernels' parameters."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.device.core.rig import core
from tests.device.core.wearer import S, host_alerts, packets, run, worn
from trendel.analysis.clip_settings import params_of, settings_for
from trendel.analysis.kernel_params import Setup, kernel_params
from trendel.analysis.parameters import Attitude, Parameters
from trendel.analysis.stability import Baseline, Stability
from trendel.analysis.stream import Stream
from trendel.errors import ParameterError, WireError
from trendel.wire.packets import Faults, Hello, ImuBlock, decode
from trendel.wire.settings import (
    BY_NAME,
    DTYPES,
    KEYS,
    RESULTS,
    calibrate,
    calibration_hash,
    decode_params,
    decode_setting,
    encode_params,
    encode_setting,
)
from trendel_core.clip import RATES_HZ, SettingRefusedError, SimulatedClip

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "settings.json").read_text())
TURN = ((0.0, 1.0, 0.0), (-1.0, 0.0, 0.0), (0.0, 0.0, 1.0))


def refused(clip: SimulatedClip, key: str, value: bytes) -> str:
    """By what name the clip refuses a value; '' if it takes it."""
    try:
        clip.setting_set(key, value)
    except SettingRefusedError as error:
        return RESULTS[error.code]
    return ""


def with_crc(body: bytes) -> bytes:
    return body + zlib.crc32(body).to_bytes(4, "little")


def still(**options: Any) -> SimulatedClip:
    return worn(np.tile(np.array([[0, 0, 2048, 0, 0, 0]], np.int16), (10, 1)), **options)


def test_golden_values() -> None:
    for entry in GOLDEN:
        value, fields = bytes.fromhex(entry["value"]), entry["fields"]
        if entry["key"] == "params":
            assert decode_params(value) == (fields["rate_hz"], bytes.fromhex(fields["record"]))
            continue
        assert encode_setting(entry["key"], **fields) == value
        record = decode_setting(entry["key"], value)
        for name, expected in fields.items():
            found = record[name].tolist()
            assert (found.decode() if isinstance(found, bytes) else found) == expected


def test_the_clip_keeps_golden_values_over_a_reboot() -> None:
    with still() as clip:
        kept = [e for e in GOLDEN if e["key"] not in ("params", "mode", "log/release", "log/erase")]
        for entry in kept:
            clip.setting_set(f"trendel/{entry['key']}", bytes.fromhex(entry["value"]))
        clip.reboot()
        for entry in kept:
            assert clip.setting_get(entry["key"]).hex() == entry["value"]
        clip.connect()
        clip.subscribe()
        hello = packets(clip)[0]
        assert isinstance(hello, Hello) and hello.name.rstrip("\0") == "clip 7"
        assert hello.fields["calibration_hash"] == calibration_hash(clip.setting_get("calibration"))
        assert (hello.fields["rate_mhz"], hello.fields["range_code"]) == (416000, 0x43)
        clip.setting_delete("trendel/name")
        with pytest.raises(SettingRefusedError) as missing:
            clip.setting_get("trendel/name")
        assert RESULTS[missing.value.code] == "missing"


def test_defaults_are_read_where_nothing_is_stored() -> None:
    with still() as clip:
        assert decode_setting("rate_hz", clip.setting_get("rate_hz"))["rate_hz"] == 208
        assert decode_setting("range_code", clip.setting_get("range_code"))["range_code"] == 0x43
        assert decode_setting("mode", clip.setting_get("mode"))["mode"] == 0
        assert decode_setting("rsc", clip.setting_get("rsc"))["on"] == 0
        for key in ("log/release", "log/erase"):
            with pytest.raises(SettingRefusedError) as no:
                clip.setting_get(key)
            assert RESULTS[no.value.code] == "access"


NAN = float("nan")
MIRROR = [1.0, 0, 0, 0, 1.0, 0, 0, 0, -1.0]
EYE = [1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0]
BAD: list[tuple[str, dict[str, Any]]] = [
    ("name", {"name": b"a\x01"}),
    ("name", {"name": b"\xff\xfe"}),
    ("name", {"name": b"\xc3"}),
    ("baseline", {"prior_rad": [NAN, 0.0], "prior_n": 1.0}),
    ("baseline", {"prior_rad": [0.1, 4.0], "prior_n": 1.0}),
    ("baseline", {"prior_rad": [0.1, 0.1], "prior_n": -1.0}),
    ("mounting", {"axes": MIRROR}),
    ("mounting", {"axes": [0.0] * 9}),
    ("mounting", {"axes": [NAN] * 9}),
    ("mounting", {"axes": EYE, "has_standing": 2}),
    ("thresholds", {"notice_rad": 0.03, "warning_rad": 0.02, "stop_rad": 0.06, "rest_s": 1.0}),
    ("thresholds", {"notice_rad": 0.01, "warning_rad": 0.02, "stop_rad": 0.06, "rest_s": float("inf")}),
    ("calibration", {"acc_matrix": EYE, "gyr_matrix": [0.0] * 9}),
    ("calibration", {"acc_matrix": EYE, "gyr_matrix": EYE, "acc_bias": [30.0, 0, 0]}),
    ("mode", {"mode": 3}),
    ("rate_hz", {"rate_hz": 52}),
    ("range_code", {"range_code": 0x53}),
    ("rsc", {"on": 2}),
    ("log/erase", {"word": 1}),
]


@pytest.mark.parametrize(("key", "fields"), BAD)
def test_values_that_cannot_be_are_refused_and_counted(key: str, fields: dict[str, Any]) -> None:
    with still() as clip:
        before = clip.parameters
        assert refused(clip, key, encode_setting(key, **fields)) == "value"
        assert clip.parameters == before
        faults = decode(clip.read_file("/faults"))
        assert isinstance(faults, Faults) and faults.named()["writes_refused"] == 1


def test_torn_foreign_older_and_newer_values_are_refused() -> None:
    with still() as clip:
        for entry in GOLDEN:
            key, value = entry["key"], bytes.fromhex(entry["value"])
            if key in ("params", "log/release", "log/erase"):
                continue
            assert refused(clip, key, value[:-1]) == "length"
            assert refused(clip, key, value + b"\0") == "length"
            assert refused(clip, key, value[:-1] + bytes([value[-1] ^ 1])) == "crc"
            assert refused(clip, key, with_crc(b"\x02" + value[1:-4])) == "version"
            assert refused(clip, key, with_crc(b"\0" + value[1:-4])) == "version"
        assert refused(clip, "trendel/nothing", b"") == refused(clip, "", b"") == "unknown_key"
        clip._sim.store_fails = True
        assert refused(clip, "name", encode_setting("name", name="x")) == "store"


def test_a_store_that_is_torn_or_older_costs_the_setting_alone() -> None:
    with still() as clip:
        for entry in GOLDEN:
            if entry["key"] in ("name", "rate_hz", "baseline"):
                clip.setting_set(entry["key"], bytes.fromhex(entry["value"]))
        older = clip.setting_get("rate_hz")
        clip.store_setting("rate_hz", with_crc(b"\0" + older[1:-4]))
        clip.store_setting("baseline", clip.setting_get("baseline")[:-3])
        clip.reboot()
        assert clip.powered and clip.state == "idle"
        faults = decode(clip.read_file("/faults"))
        assert isinstance(faults, Faults) and faults.named()["settings_unusable"] == 2
        assert decode_setting("rate_hz", clip.setting_get("rate_hz"))["rate_hz"] == 208
        assert clip.parameters == params_of({}, 208).tobytes()
        assert bytes(clip.setting_get("name"))[1:7] == b"clip 7"


SETUPS = [
    Setup(rate_hz=208.0),
    Setup(rate_hz=104.0, baseline=Baseline(5.5, 6.25, 0.7)),
    Setup(rate_hz=416.0, axes=TURN, has_standing=True),
    Setup(rate_hz=833.0, axes=TURN, lean_rad=0.1, baseline=Baseline(1.0, -2.0, 3.0)),
]
TUNED = Parameters(attitude=Attitude(block_ms=25.0), stability=Stability(warning_deg=1.5, learn_s=60.0, memory_s=900.0))


@pytest.mark.parametrize("setup", SETUPS, ids=lambda s: f"{s.rate_hz:g}")
@pytest.mark.parametrize("parameters", [Parameters(), Parameters(stability=Stability(stop_deg=4.5)), TUNED])
def test_the_clips_parameters_are_the_hosts_to_the_byte(setup: Setup, parameters: Parameters) -> None:
    with still() as clip:
        values = settings_for(parameters, setup)
        clip.setting_set("rate_hz", encode_setting("rate_hz", rate_hz=round(setup.rate_hz)))
        for key, value in values.items():
            if value is not None:
                clip.setting_set(key, value)
        expected = kernel_params(parameters, setup).tobytes()
        assert clip.parameters == expected
        kept = {key: value for key, value in values.items() if value is not None}
        assert params_of(kept, round(setup.rate_hz)).tobytes() == expected
        assert (values["params"] is None) == (parameters is not TUNED)


def test_params_of_other_kernels_are_refused() -> None:
    record = kernel_params(Parameters(), Setup(rate_hz=208.0))
    with still() as clip:
        assert refused(clip, "params", encode_params(record.tobytes(), 208)) == ""
        assert refused(clip, "params", encode_params(record.tobytes(), 833)) == "value"
        assert refused(clip, "params", encode_params(record.tobytes()[:-4], 208)) == "length"
        other = record.copy()
        other["layout_hash"] ^= 1
        assert refused(clip, "params", encode_params(other.tobytes(), 208)) == "version"
        changed = record.copy()
        changed["stability"]["rest_s"] = 1.0  # its hash is that of other values
        assert refused(clip, "params", encode_params(changed.tobytes(), 208)) == "value"
    with pytest.raises(WireError):
        params_of({"params": encode_params(b"\0" * 64, 208)}, 208)
    with pytest.raises(ParameterError):
        settings_for(Parameters(), Setup(rate_hz=100.0))


def test_a_run_in_progress_is_not_changed() -> None:
    with worn(run(60.0)) as clip:
        clip.play()
        clip.advance(40 * S)
        assert clip.state == "run"
        before = clip.parameters
        clip.setting_set("rate_hz", encode_setting("rate_hz", rate_hz=416))
        clip.setting_set("thresholds", encode_setting("thresholds", notice_rad=0.1, warning_rad=0.2, stop_rad=0.3))
        clip.advance(60 * S)
        assert clip.parameters == before and clip.state == "run"
        clip.advance(500 * S)
        assert clip.state == "idle"
        clip.connect()
        clip.subscribe()
        clip.advance(501 * S)
        assert clip.parameters != before
        clip.advance(505 * S)
        found = packets(clip)
        assert [p for p in found if isinstance(p, Hello)][-1].fields["rate_mhz"] == 416000
        blocks = [p for p in found if isinstance(p, ImuBlock)]
        assert 1e9 / int(blocks[-1].header["dt_ns"]) == pytest.approx(416, rel=1e-4)


def test_a_clip_that_is_armed_takes_a_new_rate_at_once() -> None:
    counts = run(20.0)
    with worn(counts) as clip:
        clip.connect()
        clip.subscribe()
        clip.advance(3 * S)
        assert clip.state == "armed"
        clip.take_sent()
        clip.setting_set("range_code", encode_setting("range_code", range_code=0x42))
        clip.advance(4 * S)
        found = packets(clip)
        hello = next(p for p in found if isinstance(p, Hello))
        assert hello.fields["range_code"] == 0x42
        after = [p for p in found if isinstance(p, ImuBlock) and p.header["range_code"] == 0x42]
        assert int(after[0].header["marks"]) & 2 and len(after) > 5


def test_calibration_is_the_hosts_to_the_bit() -> None:
    rng = np.random.default_rng(5)
    matrix = [(np.eye(3) + rng.normal(0, 0.01, (3, 3))).ravel() for _ in range(2)]
    value = encode_setting(
        "calibration", acc_matrix=matrix[0], acc_bias=rng.normal(0, 0.3, 3), gyr_matrix=matrix[1],
        gyr_bias=rng.normal(0, 0.02, 3),
    )  # fmt: skip
    with worn(run(60.0)) as clip:
        clip.setting_set("calibration", value)
        clip.connect()
        clip.subscribe()
        clip.advance(60_000)
        clip.play()
        clip.advance(60 * S)
        blocks = [p for p in packets(clip) if isinstance(p, ImuBlock)]
        stream = Stream(208.0)
        host_alerts(blocks, stream, decode_setting("calibration", value))
        assert stream.state == clip.kernel_state
        other = Stream(208.0)
        host_alerts(blocks, other)
        assert other.state != clip.kernel_state
    assert not any(int(b.header["marks"]) & 1 for b in blocks)  # the blocks are raw


def test_calibrate_rounds_each_operation() -> None:
    record = decode_setting("calibration", encode_setting("calibration", acc_matrix=EYE, gyr_matrix=EYE))
    acc, gyr = np.float32([[1.1, 2.2, 3.3]]), np.float32([[0.1, 0.2, 0.3]])
    found = calibrate(record, acc, gyr)
    assert (found[0] == acc).all() and (found[1] == gyr).all() and found[0].dtype == np.float32


def test_nanoseconds_are_seconds_as_numpy_rounds_them() -> None:
    """At the intervals of all rates within an eighth of nominal, as the clock allows."""
    lib = core().lib
    dt = np.unique(np.concatenate([np.arange(1_000_000_000 // rate * 7 // 8, 1_000_000_000 // rate * 9 // 8, 97)
                                   for rate in (*RATES_HZ, 26, 52, 1666)]))  # fmt: skip
    found = np.array([lib.sim_dt_s(int(ns)) for ns in dt], np.float32)
    assert (found == (dt * 1e-9).astype(np.float32)).all()


@settings(max_examples=300, deadline=None)
@given(key=st.sampled_from([k.name for k in KEYS]), body=st.binary(max_size=120), framed=st.booleans())
def test_any_bytes_are_answered(key: str, body: bytes, framed: bool) -> None:
    size = DTYPES[BY_NAME[next(k.struct for k in KEYS if k.name == key)].name].itemsize
    body = b"\x01" + body[1:] if framed else body
    value = with_crc(body.ljust(max(0, size - 4), b"\0")[: max(0, size - 4)]) if framed and size > 8 else body
    clip = _shared()
    refused(clip, key, value)
    clip.advance(clip.now_us + 100_000)
    assert clip.powered


_CLIPS: list[SimulatedClip] = []


def _shared() -> SimulatedClip:
    if not _CLIPS:
        _CLIPS.append(still(sectors=16))
    return _CLIPS[0]
