"""What was received comes out again, byte for byte, and other programs can read it."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from mcap.reader import make_reader

import trendel
from tests.host.session.made import SERIAL, everything, record
from trendel.clock import SimulatedClock
from trendel.errors import RecordingError, SessionError
from trendel.recording.session import topics
from trendel.recording.session.info import describe
from trendel.recording.session.packets import describe as describe_packet
from trendel.recording.session.rewrite import pack, rewrite
from trendel.recording.session.writer import SessionWriter
from trendel.wire import layout


@pytest.mark.parametrize("packed", [False, True])
def test_packets_come_out_as_they_came(tmp_path: Path, packed: bool) -> None:
    sent = list(everything(70.0))  # longer than two blocks
    path = record(tmp_path / "run.mcap", sent, packed=packed)
    with trendel.open(path) as session:
        got = list(session.packets())
        assert session.is_finished
        assert not any(vars(session.damage).values())
    assert sorted((p.time_ns, p.raw) for p in got) == sorted((s.time_ns, s.raw) for s in sent)
    # In the order of their arrival, too, for each kind.
    for kind in {s.raw[0] for s in sent}:
        assert [p.raw for p in got if p.raw[0] == kind] == [s.raw for s in sent if s.raw[0] == kind]
    assert {(p.device, p.source) for p in got} == {("clip", "live")}


def test_packing_and_unpacking_give_the_same_session(tmp_path: Path) -> None:
    plain = record(tmp_path / "a.mcap", list(everything(40.0)), packed=False)
    copy = tmp_path / "b.mcap"
    copy.write_bytes(plain.read_bytes())
    pack(copy)
    again = tmp_path / "c.mcap"
    rewrite(copy, again, packed=False)
    assert copy.stat().st_size < 0.75 * plain.stat().st_size
    again_packed = tmp_path / "d.mcap"
    rewrite(copy, again_packed)
    with trendel.open(plain) as a, trendel.open(copy) as b, trendel.open(again) as c, trendel.open(again_packed) as d:
        for other in (b, c, d):
            # Across topics at the same host time the order is free.
            assert sorted(a.entries(), key=repr) == sorted(other.entries(), key=repr)
        assert not any(topic.endswith("/packed") for topic in c.channels())


def test_other_programs_find_every_message_and_its_schema(tmp_path: Path) -> None:
    sent = list(everything(5.0))
    path = record(tmp_path / "run.mcap", sent, packed=False)
    with path.open("rb") as stream:
        reader = make_reader(stream, validate_crcs=True)
        found = list(reader.iter_messages())
    assert sum(channel.message_encoding == "ros1" for _, channel, _ in found) == len(sent)
    for schema, channel, message in found:
        assert schema is not None and schema.data
        assert (channel.message_encoding, schema.encoding) in {("json", "jsonschema"), ("ros1", "ros1msg")}
        if channel.message_encoding == "json":
            assert json.loads(schema.data)["type"] == "object"
            assert set(json.loads(message.data)) >= {"session_id"} or channel.topic != topics.START
        elif channel.topic.endswith("/imu/18"):
            block = np.frombuffer(message.data, layout.IMU_HEADER, 1)[0]
            fields = _ros1(schema.data.decode(), message.data)
            assert {name: fields[name] for name in layout.IMU_HEADER.names or ()} == {
                name: block[name] for name in layout.IMU_HEADER.names or ()
            }
            samples = np.frombuffer(message.data, layout.IMU_SAMPLE, offset=layout.IMU_HEADER.itemsize)
            assert fields["samples"] == [{"acc": list(s["acc"]), "gyr": list(s["gyr"])} for s in samples]


def _ros1(definition: str, data: bytes) -> dict[str, object]:
    """A message read by its ROS 1 definition alone."""
    main, *others = definition.split("=" * 80 + "\n")
    nested = {re.match(r"MSG: (\S+)\n", text)[1]: text.split("\n", 1)[1] for text in others}  # type: ignore[index]
    sizes = {"uint8": "u1", "int8": "i1", "uint16": "<u2", "int16": "<i2", "uint32": "<u4", "uint64": "<u8"}

    def read(text: str, at: int) -> tuple[dict[str, object], int]:
        values: dict[str, object] = {}
        for line in text.splitlines():
            line = line.split("#")[0].strip()
            if not line:
                continue
            kind, name = line.split()
            base, _, count = kind.partition("[")
            items = []
            for _ in range(int(count[:-1]) if count else 1):
                if base in nested:
                    item, at = read(nested[base], at)
                else:
                    item = np.frombuffer(data, sizes[base], 1, at)[0]
                    at += item.itemsize
                items.append(item)
            values[name] = items if count else items[0]
        return values, at

    fields, end = read(main, 0)
    assert end == len(data)
    return fields


def test_every_packet_of_a_known_struct_is_described() -> None:
    known = {"imu", "hello", "faults", "stride", "status", "bytes"}
    assert {describe_packet(sent.raw).name.split("/")[0] for sent in everything(10.0)} == known
    assert describe_packet(b"").name == "bytes"


def test_messages_of_all_topics_and_of_the_callers_own(tmp_path: Path) -> None:
    clock = SimulatedClock()
    with_all = SessionWriter(tmp_path / "run.mcap", clock=clock, about={"runner": "Ä"})
    clock.advance(1.0)
    with_all.marker("hill", "a long one")
    with_all.add(topics.STEPS, {"side": "L", "contact_time_ms": np.float32(250.5), "impact_peak_g": float("nan")})
    with_all.add(topics.ALERTS, {"side": "R", "size_deg": 2.5, "message": "slow down", "evidence": [1, 2]})
    with_all.add("/user/treadmill", {"speed_mps": 3.0})
    with_all.note("something happened")
    with_all.close("test")
    with trendel.open(tmp_path / "run.mcap") as session:
        found = {m.topic: m.content for m in session.messages()}
        schemas = session.channels()
        assert session.about["runner"] == "Ä"
        assert [m.time_ns for m in session.messages(topics.MARKERS)] == [clock.now_ns()]
    assert found[topics.STEPS] == {"side": "L", "contact_time_ms": 250.5, "impact_peak_g": None}
    assert found[topics.ALERTS]["evidence"] == [1, 2]
    assert found[topics.END]["reason"] == "test"
    assert "speed_mps" in json.loads(schemas["/user/treadmill"].schema)["properties"]
    assert set(found) <= set(schemas)


def test_what_cannot_be_kept_is_refused_before_it_does_harm(tmp_path: Path) -> None:
    writer = SessionWriter(tmp_path / "run.mcap", clock=SimulatedClock())
    for refused in (
        lambda: writer.add("/elsewhere", {}),
        lambda: writer.add(topics.MARKERS, {"x": object()}),
        lambda: writer.add(topics.MARKERS, {"x": 1}, time_ns=-1),
        lambda: writer.packet(b"abcd", device="No Name"),
        lambda: writer.packet(b"abcd", device="session"),
        lambda: writer.packet(b"abcd", time_ns=1 << 63),
    ):
        with pytest.raises(SessionError):
            refused()
    writer.packet(b"abcd")
    writer.close()
    with pytest.raises(SessionError, match="closed"):
        writer.packet(b"abcd")
    with trendel.open(tmp_path / "run.mcap") as session:
        assert [p.raw for p in session.packets()] == [b"abcd"]


def test_a_session_that_cannot_be_begun_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="JSON"):
        SessionWriter(tmp_path / "run.mcap", about={"runner": object()})
    assert not list(tmp_path.iterdir())


def test_info_says_what_is_there(tmp_path: Path) -> None:
    sent = list(everything(30.0))
    del sent[60:64]
    path = record(tmp_path / "run.mcap", sent)
    about = describe(path)
    clip = about["devices"]["clip"]
    lost = sum(18 for s in list(everything(30.0))[60:64] if s.raw[0] == layout.KIND_IMU)
    assert clip["samples_missing"] == lost
    assert clip["hello"]["serial"] == f"{SERIAL:016x}"
    assert clip["rate_hz"] == pytest.approx(208.0, rel=1e-3)
    assert clip["faults"] == {layout.FAULTS[1]: 1, layout.FAULTS[2]: 2}
    assert about["finished"] and about["packed"] and about["messages_missing"] == 0
    assert about["messages"]["/clip/live/imu/18"] == sum(
        s.raw[0] == layout.KIND_IMU and len(s.raw) == 244 for s in sent
    )


def test_another_format_and_other_files_are_refused(tmp_path: Path) -> None:
    path = record(tmp_path / "run.mcap", list(everything(2.0)))
    newer = tmp_path / "newer.mcap"
    newer.write_bytes(path.read_bytes().replace(b"format\x01\x00\x00\x001", b"format\x01\x00\x00\x002"))
    with pytest.raises(RecordingError, match="update"):
        trendel.open(newer)
    for content in (b"", b"not at all", path.read_bytes()[:7]):
        newer.write_bytes(content)
        with pytest.raises(RecordingError, match="no session"):
            trendel.open(newer)
    with pytest.raises(RecordingError, match="cannot be read"):
        trendel.open(tmp_path)


def test_json_messages_of_one_shape_are_packed_and_come_out_to_the_byte(tmp_path: Path) -> None:
    clock, rng = SimulatedClock(), np.random.default_rng(1)
    writer = SessionWriter(tmp_path / "run.mcap", clock=clock)
    for k in range(300):
        clock.advance(0.4)
        angle = float(f"{rng.normal():.4g}") if k % 7 else float("nan")
        writer.add(topics.STEPS, {"side": "LR"[k % 2], "tilt_mean_deg": angle, "flags": ["Ü", 1e300][: k % 3]})
        writer.add("/user/odd", {f"name{k % 2}": k})  # no columns to be had
    assert writer.close(packed=False).error is None
    with trendel.open(writer.path) as session:
        before = sorted(session.entries(), key=repr)
    size = writer.path.stat().st_size
    pack(writer.path)
    rewrite(writer.path, tmp_path / "plain.mcap", packed=False)
    assert writer.path.stat().st_size < size / 2
    with trendel.open(writer.path) as session, trendel.open(tmp_path / "plain.mcap") as plain:
        assert sorted(session.entries(), key=repr) == sorted(plain.entries(), key=repr) == before
        assert "/session/steps/packed" in session.channels() and "/user/odd/packed" not in session.channels()
        schema = json.loads(session.channels()["/session/steps/packed"].schema)
        assert schema["properties"]["side"] == {"type": "array", "items": {"type": "string"}}
        assert plain.channels()["/session/steps"] == session.channels()["/session/steps"]
