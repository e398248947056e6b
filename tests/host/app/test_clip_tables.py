"""What the clip itself computed, beside an analysis or alone."""

import csv
from pathlib import Path

import numpy as np

from tests.host.app.conftest import Cli
from tests.host.session.made import Sent, everything, record
from trendel.wire import layout
from trendel.wire.packets import encode_records


def _event(code: str, time_ms: int, sequence: int) -> bytes:
    event = np.zeros(1, layout.DTYPES["Event"])
    event["code"], event["time_ms"], event["since_ms"] = layout.EVENTS.index(code), time_ms, time_ms - 1000
    event["side"], event["size_deg"], event["confidence"], event["detail"] = 1, 152, 254, 1 | 2 << 4
    return encode_records(layout.KIND_EVENT, event, boot=1, sequence=sequence)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_strides_and_events_of_the_clip(cli: Cli, tmp_path: Path) -> None:
    packets = list(everything(20.0))
    end_ns = packets[-1].time_ns
    events = [Sent(end_ns + k, _event(code, 5000, k)) for k, code in enumerate(("alert_start", "marker"))]
    stride_n = sum(sent.raw[0] == layout.KIND_STRIDE for sent in packets)
    again = [sent for sent in packets if sent.raw[0] == layout.KIND_STRIDE][:3]  # as when a batch of the log overlaps
    path = record(tmp_path / "run.mcap", [*packets, *events, *(Sent(end_ns + 9, sent.raw) for sent in again)])
    assert cli("analyze", path, "--out", tmp_path / "out").code == 0
    rows = _rows(tmp_path / "out" / "clip_strides.csv")
    assert len(rows) == stride_n > 15
    assert float(rows[3]["clip_s"]) - float(rows[3]["ic_s"]) == 1.0  # the first sample is at 1 s of the clip's clock
    alert, marker = _rows(tmp_path / "out" / "clip_events.csv")
    assert (alert["event"], alert["side"], alert["kind"], alert["level"]) == (
        "alert_start",
        "L",
        "pelvic_drop",
        "warning",
    )
    assert (float(alert["size_deg"]), float(alert["at_s"]), float(alert["since_s"])) == (1.52, 4.0, 3.0)
    assert (marker["event"], marker["kind"], marker["since_s"]) == ("marker", "", "")


def test_a_run_without_raw_says_so(cli: Cli, tmp_path: Path) -> None:
    packets = [sent for sent in everything(20.0) if sent.raw[0] != layout.KIND_IMU]
    n = sum(sent.raw[0] == layout.KIND_STRIDE for sent in packets)
    said = cli("analyze", record(tmp_path / "run.mcap", packets), "--out", tmp_path / "out")
    assert said.code == 0 and "holds no samples" in said.out and f"counted {n} strides" in said.out.replace("\n", " ")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"clip_strides.csv"}
    nothing = [sent for sent in packets if sent.raw[0] not in (layout.KIND_STRIDE, layout.KIND_EVENT)]
    said = cli("analyze", record(tmp_path / "none.mcap", nothing), "--out", tmp_path / "none")
    assert said.code == 2 and "holds no samples" in said.err and not (tmp_path / "none").exists()
