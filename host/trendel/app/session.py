"""What `trendel session` does."""

from pathlib import Path
from typing import Any

from rich.console import Console

from trendel.app.outputs import to_json
from trendel.app.screen import stdout_console
from trendel.recording.session.export import export
from trendel.recording.session.info import describe
from trendel.recording.session.rewrite import rewrite


def show_info(run: Path, *, as_json: bool) -> None:
    """Print what the session holds; raises RecordingError for what is none."""
    about = describe(run)
    if as_json:
        print(to_json(about), end="")
        return
    console = stdout_console()

    def say(line: str) -> None:
        console.print(line, markup=False, soft_wrap=True)

    started = about["about"].get("started_utc", "at a time that is lost")
    say(f"{about['file']}: {about['duration_s'] / 60:.1f} min from {started}, {about['bytes'] / 1e6:.2f} MB")
    say(_state(about))
    for device, found in about["devices"].items():
        say(f"{device}: {_device(found)}")
        clocks = found.get("clocks", ())
        for i, clock in enumerate(clocks, 1):
            say(f"  {f'start {i} of {len(clocks)}: ' if len(clocks) > 1 else ''}{_clock(clock)}")
    width = max(len(topic) for topic in about["messages"]) if about["messages"] else 0
    for topic, number in about["messages"].items():
        say(f"  {topic:<{width}}  {number:>8}")
    for kind in ("markers", "alerts"):
        for message in about[kind]:
            say(f"{kind[:-1]} at {message['at_s']:.1f} s: {message.get('label') or message.get('message') or ''}")
    for note in about["notes"]:
        say(f"note: {note}")


def _clock(clock: dict[str, Any] | None) -> str:
    if clock is None:
        return "too little came live: UTC is not known"
    ppm = clock["drift_ppm"]
    return (
        f"{clock['rate_hz']:.4f} samples a second (standard error {clock['rate_sd_hz']:.4f}); "
        f"its clock is {abs(ppm):.1f} ppm {'slow' if ppm > 0 else 'fast'} by the host's (standard error "
        f"{clock['drift_sd_ppm']:.1f}); delays vary by {clock['jitter_ns'] / 1e6:.1f} ms; UTC has a standard error of "
        f"{clock['offset_sd_ns'] / 1e6:.2f} ms, without the least delay of the link"
    )


def repair_session(run: Path, out: Path | None) -> None:
    """Write what is whole of `run` into a new file; raises RecordingError and SessionError."""
    target = out or run.with_name(f"{run.stem}.repaired{run.suffix}")
    rewrite(run, target)
    before, after = describe(run), describe(target)
    console = stdout_console()
    number = sum(after["messages"].values())
    _print(console, f"{run.name}: {_state(before)}")
    _print(console, f"written to {target}: {number} messages, {after['duration_s'] / 60:.1f} min")


def export_session(run: Path, out: Path, channel: str | None, *, overwrite: bool) -> None:
    """Write the session, or a channel of it, in another form; raises RecordingError and SessionError."""
    written = export(run, out, topic=channel, overwrite=overwrite)
    _print(stdout_console(), f"written to {written}")


def _print(console: Console, line: str) -> None:
    console.print(line, markup=False, soft_wrap=True)


def _state(about: dict[str, Any]) -> str:
    damage = about["damage"]
    if any(damage.values()):
        state = (
            f"damaged: {damage['bytes']} bytes, {damage['chunks']} chunks and {damage['messages']} messages "
            "could not be read"
        )
    else:
        state = "finished, nothing damaged" if about["finished"] else "not finished (the recording was cut off)"
    return state + (f"; {about['messages_missing']} messages are missing" if about["messages_missing"] else "")


def _device(found: dict[str, Any]) -> str:
    hello = found["hello"]
    name = f"{hello['name'] or 'clip'} {hello['serial']}" if hello else "a clip whose hello is not there"
    if "samples" not in found:
        return f"{name}, no samples"
    rate = f" at {found['rate_hz']:.2f} Hz" if found["rate_hz"] else ""
    return (
        f"{name}, {found['samples']} samples{rate}, {found['samples_missing']} missing, "
        f"{found['samples_repeated']} repeated, {found['restarts']} restarts"
    )
