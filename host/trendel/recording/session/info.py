"""What a session file holds, in plain values."""

import os
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from trendel.errors import WireError
from trendel.recording.session.clocks import ClockFit
from trendel.recording.session.container import PACKED_SUFFIX
from trendel.recording.session.packets import StoredPacket, parse_topic, restored
from trendel.recording.session.reader import SessionReader
from trendel.recording.session.samples import Gathered, Samples, order
from trendel.recording.session.topics import ALERTS, MARKERS, NOTES
from trendel.wire import layout
from trendel.wire.packets import Faults, decode


def describe(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Who, when, how long, which clips and packets, what is missing, what was marked. Reads the whole file.

    Raises RecordingError for what is no session."""
    with SessionReader(path) as session:
        counts: Counter[str] = Counter()
        last: dict[str, tuple[int, int]] = {}
        gathered: dict[str, Gathered] = {}
        faults: dict[str, Faults] = {}
        end_ns = session.start_ns
        for entry in session.entries():
            counts[entry.topic] += 1
            end_ns = max(end_ns, entry.time_ns)
            first, highest = last.get(entry.topic, (entry.sequence, entry.sequence))
            last[entry.topic] = min(first, entry.sequence), max(highest, entry.sequence)
            parsed = parse_topic(entry.topic)
            raw = restored(entry.data, parsed[2]) if parsed else None
            if parsed is None or raw is None:
                continue
            gathered.setdefault(parsed[0], Gathered()).take(StoredPacket(entry.time_ns, raw, parsed[0], parsed[1]))
            _faults(raw, parsed[0], faults)
        damage, channels = session.damage, session.channels()
        return {
            "file": Path(path).name,
            "bytes": session.bytes_n,
            "session_id": session.metadata.get("session_id"),
            "finished": session.is_finished,
            "packed": any(topic.endswith(PACKED_SUFFIX) for topic in channels),
            "damage": {"bytes": damage.lost_n, "chunks": damage.chunks_n, "messages": damage.messages_n},
            # Numbers count from 0 on each topic, so what is not there between is known.
            "messages_missing": sum(last[topic][1] + 1 - n for topic, n in counts.items()),
            "about": session.about,
            "duration_s": (end_ns - session.start_ns) / 1e9,
            "devices": {key: _device(found, faults.get(key)) for key, found in sorted(gathered.items())},
            "messages": dict(sorted(counts.items())),
            "schemas": {topic: channels[topic].schema_name for topic in sorted(channels)},
            "markers": [m.content | _at(session, m.time_ns) for m in session.messages(MARKERS)],
            "alerts": [m.content | _at(session, m.time_ns) for m in session.messages(ALERTS)],
            "notes": [str(m.content.get("message", "")) for m in session.messages(NOTES)],
        }


def _faults(raw: bytes, device: str, faults: dict[str, Faults]) -> None:
    if raw[:1] != bytes([layout.KIND_FAULTS]):
        return
    try:
        decoded = decode(raw)
    except WireError:
        return
    if isinstance(decoded, Faults):
        faults[device] = decoded


def _device(gathered: Gathered, faults: Faults | None) -> dict[str, Any]:
    about: dict[str, Any] = {"hello": None if gathered.hello is None else _hello(gathered.hello.fields)}
    samples = order(gathered)
    if samples is not None:
        about |= {
            "samples": len(samples.time_ns),
            "rate_hz": _rate_hz(samples),
            "duration_s": float(samples.time_ns[-1] - samples.time_ns[0]) / 1e9,
            "samples_missing": samples.lost_n,
            "samples_repeated": samples.repeated_n,
            "restarts": int(samples.boot_i[-1]),
            "clocks": [_clock(samples, i, fit) for i, fit in enumerate(samples.clocks)],
        }
    about["packets_bad"] = gathered.bad_n
    if faults is not None:
        about["faults"] = {name: value for name, value in faults.named().items() if value}
    return about


def _clock(samples: Samples, boot_i: int, fit: ClockFit | None) -> dict[str, Any] | None:
    """The fit, and the sensor's true output rate by it: by the host's clock, over steps that lost nothing."""
    if fit is None:
        return None
    steps_ns = np.diff(samples.time_ns[samples.boot_i == boot_i])
    usual_ns = float(np.median(steps_ns)) if len(steps_ns) else np.nan
    whole_ns = float(steps_ns[np.abs(steps_ns - usual_ns) < usual_ns / 2].mean()) if usual_ns > 0 else np.nan
    rate_hz = 1e9 / (whole_ns * (1.0 + fit.drift_ppm * 1e-6))
    return asdict(fit) | {"rate_hz": rate_hz, "rate_sd_hz": rate_hz * fit.drift_sd_ppm * 1e-6}


def _rate_hz(samples: Samples) -> float | None:
    steps = np.diff(samples.time_ns)
    return 1e9 / float(np.median(steps)) if len(steps) and np.median(steps) > 0 else None


def _hello(fields: np.void) -> dict[str, Any]:
    plain = {name: fields[name].tolist() for name in fields.dtype.names or () if name not in ("kind", "version")}
    plain["name"] = bytes(fields["name"]).decode("utf-8", "replace")
    plain["serial"] = f"{int(fields['serial']):016x}"
    return plain


def _at(session: SessionReader, time_ns: int) -> dict[str, float]:
    return {"at_s": (time_ns - session.start_ns) / 1e9}
