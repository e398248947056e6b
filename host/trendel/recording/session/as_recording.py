"""A session as a Recording, checked as a file from elsewhere is, so that whatever takes a CSV takes it too."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trendel.errors import RecordingError
from trendel.recording.assembly import Raw, assemble, check_stated_rate, named
from trendel.recording.calibration import why_not
from trendel.recording.clip_metadata import about_clip, ranges
from trendel.recording.plausibility import Labels
from trendel.recording.recording import Recording
from trendel.recording.session.reader import SessionReader
from trendel.recording.session.samples import Samples, gather, order_main
from trendel.recording.session.topics import CALIBRATION, OFFSET
from trendel.recording.sidecar import check_frame, parse_metadata, read_sidecar, sidecar_path
from trendel.recording.wording import counted
from trendel.wire import layout
from trendel.wire.packets import Hello

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ZONE_MAX_S = 18 * 3600


def read_session(
    path: Path,
    *,
    rate_hz: float | None = None,
    frame: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> tuple[Recording, Samples]:
    """The samples of the session `path` as a Recording, and as they are: of the clip that sent the most.

    Clip time from the first sample on is the recording's clock. A JSON of the same stem beside it, and `metadata`, add
    to what the session says. Raises RecordingError where there are no samples, or none that can be used."""
    with named(path.name):
        sidecar = read_sidecar(sidecar_path(path))
        stated = check_stated_rate(rate_hz)
        with _opened(path) as session:
            raw, samples = _raw(session)
            _add_calibration(session, raw)
        added = {**sidecar.metadata, **parse_metadata(metadata or {}, "metadata=").metadata}
        raw.sidecar = parse_metadata({**raw.sidecar.metadata, **added}, "the session with its sidecar")
        raw.frame = check_frame(frame, "frame=") if frame is not None else raw.sidecar.frame or "sensor"
        raw.rate_hz, raw.rate_origin = stated, "rate_hz"
        return assemble(raw), samples


def _opened(path: Path) -> SessionReader:
    try:
        return SessionReader(path)
    except RecordingError as error:
        # `named` puts the name in front again.
        raise RecordingError(str(error).removeprefix(f"{path.name}: ")) from None


def _raw(session: SessionReader) -> tuple[Raw, Samples]:
    found = gather(session.packets())
    main = order_main(found)
    if main is None:
        raise RecordingError("holds no samples: the clip sent none, or they are lost")
    name, samples = main
    hello = found[name].hello
    notes = list(samples.notes)
    if len(found) > 1:
        notes.append(f"Of the clips {', '.join(sorted(found))} the samples of {name} are used.")
    if hello is None:
        notes.append("The clip's hello is not in the session; its scales are taken to be those of this version.")
    if samples.repeated_n:
        notes.append(f"{counted(samples.repeated_n, 'sample')} came more than once; used once.")
    notes += _state(session)
    acc, gyr = _physical(samples, hello)
    raw = Raw(
        acc=acc, gyr=gyr, t=(samples.time_ns - samples.time_ns[0]) * 1e-9, rate_hz=None, rate_origin="", frame="sensor",
        missing=(), sidecar=parse_metadata(_metadata(session, name, samples, hello), "the session"),
        source=session.path.name, labels=Labels(), notes=notes,
    )  # fmt: skip
    return raw, samples


def _add_calibration(session: SessionReader, raw: Raw) -> None:
    """The calibration record of the session that the samples are calibrated by: of this clip, with the hash that the
    clip's hello says if there is one, else the last."""
    metadata = raw.sidecar.metadata
    fitting = [
        message.content
        for message in session.messages(CALIBRATION)
        if message.content.get("applied_by") != "nobody" and why_not(message.content, metadata) is None
    ]
    on_clip = metadata.get("clip", {}).get("calibration_hash")
    same = [content for content in fitting if content.get("hash") == on_clip]
    if fitting:
        metadata["calibration"] = (same or fitting)[-1]


def _physical(samples: Samples, hello: Hello | None) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """(n, 3) m/s2 and (n, 3) rad/s: one float32 product a value, as the clip computes it."""
    acc_scale = layout.ACC_SCALE_MPS2 if hello is None else np.float32(hello.fields["acc_scale_mps2"])
    gyr_scale = layout.GYR_SCALE_RADPS if hello is None else np.float32(hello.fields["gyr_scale_radps"])
    acc_factor = acc_scale * np.float32(2.0) ** (samples.range_code & 15)
    gyr_factor = gyr_scale * np.float32(2.0) ** (samples.range_code >> 4)
    acc = samples.acc.astype(np.float32) * acc_factor.astype(np.float32)[:, None]
    gyr = samples.gyr.astype(np.float32) * gyr_factor.astype(np.float32)[:, None]
    return acc, gyr


def _state(session: SessionReader) -> list[str]:
    notes = []
    damage = session.damage
    if damage.lost_n or damage.chunks_n or damage.messages_n:
        parts = [f"{counted(damage.lost_n, 'byte')} at its end or within" if damage.lost_n else ""]
        parts += [counted(damage.chunks_n, "chunk")] if damage.chunks_n else []
        parts += [counted(damage.messages_n, "message")] if damage.messages_n else []
        notes.append(f"The file is damaged: {', '.join(part for part in parts if part)} could not be read.")
    elif not session.is_finished:
        notes.append("The session was not finished; what is in the file is used.")
    return notes


def _zone(offset_s: object) -> timezone:
    """The time of day where the session was recorded; UTC where it does not say."""
    if not isinstance(offset_s, (int, float)) or not abs(offset_s) <= _ZONE_MAX_S:
        return UTC
    return timezone(timedelta(minutes=round(offset_s / 60)))


def _metadata(session: SessionReader, device: str, samples: Samples, hello: Hello | None) -> dict[str, Any]:
    """What the session says beside its samples, under the names that a sidecar would use; plain values."""
    range_g, range_dps = ranges(int((samples.range_code & 15).max()), int((samples.range_code >> 4).max()))
    about: dict[str, Any] = {
        "range_g": range_g,
        "range_dps": range_dps,
        "session": session.about,
        "device": device,
        "calibrated_on_clip": bool((samples.marks & layout.IMU_CALIBRATED).all()),
    }
    offset_ns = samples.host_offset_ns if samples.host_offset_ns is not None else session.about.get(OFFSET)
    fit = samples.clocks[0]
    if fit is not None:
        offset_ns = int(fit.host_ns(samples.time_ns[:1])[0] - samples.time_ns[0])
    if isinstance(offset_ns, int):
        first = _EPOCH + timedelta(microseconds=(int(samples.time_ns[0]) + offset_ns) / 1000)
        about["started_at"] = first.astimezone(_zone(session.about.get("utc_offset_s"))).isoformat()
    if fit is not None:
        about["clock"] = {
            "drift_ppm": fit.drift_ppm,
            "drift_sd_ppm": fit.drift_sd_ppm,
            "utc_sd_ms": float(fit.sd_ns(samples.time_ns[:1])[0]) / 1e6,
            "jitter_ms": fit.jitter_ns / 1e6,
        }
    if hello is not None:
        fields = hello.fields
        about = {name: value for name, value in about_clip(hello).items() if value is not None} | about
        about["clip"] = {
            "name": hello.name,
            "firmware": ".".join(str(part) for part in fields["firmware"][:3].tolist()),
            "hardware": int(fields["hardware"]),
            "calibration_hash": f"{int(fields['calibration_hash']):08x}",
        }
    return about
