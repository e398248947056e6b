"""`trendel sync`: runs that a clip made alone, home into session files; verified, and only then freed on the clip."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from trendel.app.clip_settings import settings_of, tell_clip
from trendel.app.follow import Ending, open_unless, stopped_by_signals
from trendel.app.outputs import make_folder
from trendel.app.progress import fraction_bar
from trendel.app.screen import stdout_console
from trendel.app.synced import Known, partial_path
from trendel.app.warm import load_kernels
from trendel.errors import LinkError, ParameterError, TrendelError
from trendel.links import Link, make_link
from trendel.links.intake import clip_name
from trendel.links.log_reading import PartialImage, read_log, read_table, wanted
from trendel.links.management import Management, RefusedError
from trendel.links.protocol import Arrival, Event
from trendel.recording.log_runs import LoggedRun, runs_of
from trendel.wire.log_image import Entry
from trendel.wire.packets import Hello
from trendel.wire.settings import encode_setting

_HELLO_S = 15.0
_ROUNDS = 5  # each fetches what the one before could not, as the link was lost
_AGAIN_S = 20.0  # how long a lost clip is waited for


@dataclass(frozen=True)
class Home:
    """A run that came home: its file, sentences about it, and whether alerts were computed again with other bits."""

    path: Path
    said: list[str]
    differs: bool


@dataclass(frozen=True)
class Synced:
    """What a sync has brought: runs, sentences, whether the clip was told that it may free them."""

    runs: list[Home]
    said: list[str]
    freed: bool


def sync(moniker: str, out: Path, runner: str | None, mounting: str, say: Callable[[str], None]) -> Synced:
    """Bring home what is new on the clip at `moniker`, into files in the folder `out`. Raises TrendelError."""
    make_folder(out)
    link = make_link(moniker)
    found = asyncio.run(_sync(link, out, runner, mounting, say))
    if found is None:
        raise SystemExit(130)
    return found


def show_synced(moniker: str, out: Path, runner: str | None, mounting: str) -> None:
    """The same for the command line. Raises TrendelError; exit code 1 where alerts came out with other bits."""
    if mounting != "keep" and runner is None:
        raise ParameterError("--mounting says how a runner wears the clip: give --runner NAME with it.")
    load_kernels()
    console = stdout_console()

    def say(sentence: str) -> None:
        console.print(sentence, markup=False, soft_wrap=True)

    found = sync(moniker, out, runner, mounting, say)
    for sentence in found.said:
        say(sentence)
    for home in found.runs:
        say(f"{home.path}: {' '.join(home.said)}")
    say("The clip may free what is home." if found.freed else "There was nothing to be freed on the clip.")
    if any(home.differs for home in found.runs):
        raise SystemExit(1)


async def _sync(link: Link, out: Path, runner: str | None, mounting: str, say: Callable[[str], None]) -> Synced | None:
    ending = Ending()
    with stopped_by_signals(ending):
        if not await open_unless(link, ending.stop):
            return None
        try:
            work = asyncio.create_task(_work(link, out, runner, mounting, say))
            stopper = asyncio.create_task(ending.stop.wait())
            await asyncio.wait([work, stopper], return_when=asyncio.FIRST_COMPLETED)
            stopper.cancel()
            if work.done():
                return work.result()
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            say("Stopped. Nothing on the clip was freed; the same command goes on from here.")
            return None
        finally:
            await link.close()


async def _work(link: Link, out: Path, runner: str | None, mounting: str, say: Callable[[str], None]) -> Synced:
    management = link.management
    async with _listening(link) as hellos:
        hello = await _hello(hellos)
        serial, boot_n = int(hello.fields["serial"]), hello.boot_n
        known = Known.load(serial)
        known.boots[str(boot_n)] = hellos.offset_ns
        async with sync_mode(management, say):
            settings = await settings_of(management)
            entries, through, opened, damaged_n = await _entries(management, serial, boot_n, known)
            runs = [run for run in runs_of(entries) if not run.is_handling]
            done, said = await asyncio.to_thread(_write_all, runs, hello, settings, known, out, link.clock.now_ns())
            if damaged_n:
                said.append(
                    f"{damaged_n} places of the log were torn, as a loss of power leaves them; the rest is whole."
                )
            known.save(serial)
            freed = False
            if through > 0:
                await management.set("log/release", encode_setting("log/release", sequence=through))
                freed = True
            known.through, known.open = through, opened
            known.save(serial)
            partial_path(serial, boot_n).unlink(missing_ok=True)
            if runner is not None:
                said += await tell_clip(management, hello, runner, mounting)
    said.insert(0, f"Clip {clip_name(hello)}: {len(done)} new run{'' if len(done) == 1 else 's'}.")
    return Synced(done, said, freed)


# ---- the clip ----


class _Hellos:
    """The newest hello of the clip, and what its clock shows beside the host's."""

    def __init__(self) -> None:
        self.hello: Hello | None = None
        self.offset_ns = 0
        self.came = asyncio.Event()

    def take(self, event: Event) -> None:
        if isinstance(event, Arrival) and isinstance(event.received.packet, Hello):
            self.hello = event.received.packet
            self.offset_ns = event.time_ns - int(self.hello.fields["time_us"]) * 1000
            self.came.set()


@contextlib.asynccontextmanager
async def _listening(link: Link) -> AsyncIterator[_Hellos]:
    found = _Hellos()

    async def listen() -> None:
        async for event in link.events():
            found.take(event)

    task = asyncio.create_task(listen())
    try:
        yield found
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _hello(hellos: _Hellos) -> Hello:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_HELLO_S):
            await hellos.came.wait()
    if hellos.hello is None:
        raise LinkError("What is connected does not say that it is a clip: see `trendel scan`.")
    return hellos.hello


@contextlib.asynccontextmanager
async def sync_mode(management: Management, say: Callable[[str], None]) -> AsyncIterator[None]:
    """The clip rests while its log is read, unless it takes what it does now for a run."""
    resting = True
    try:
        await management.set("mode", encode_setting("mode", mode=1))
    except RefusedError:
        resting = False
        say("The clip is in a run (it ends five minutes after the last step): what is in its log by now is fetched.")
    try:
        yield
    finally:
        if resting:
            with contextlib.suppress(LinkError):  # it goes back by itself after a while
                await management.set("mode", encode_setting("mode", mode=0))


async def _entries(
    management: Management, serial: int, boot_n: int, known: Known
) -> tuple[list[Entry], int, dict[str, int], int]:
    """(entries that are new, newest sequence that was read, bytes that are home of open sectors, damaged places).

    Raises LinkError; what was read is kept for the next time."""
    partial = PartialImage(partial_path(serial, boot_n))
    try:
        with fraction_bar("reading the clip's log") as progress:
            told = progress or (lambda fraction: None)
            for attempt in range(_ROUNDS):
                try:
                    table = await read_table(management)
                    if int(table.header["next_sequence"]) <= known.through:  # it was erased, and numbers begin anew
                        known.through, known.open = 0, {}
                    want = wanted(table, known.through, {int(sequence) for sequence in known.open})
                    image = await read_log(management, want, partial, lambda n, of: told(n / max(1, of)))
                    break
                except RefusedError:
                    raise
                except LinkError:
                    if attempt == _ROUNDS - 1 or not await _connected_again(management):
                        raise
    finally:
        partial.close()
    opened = {str(want.places[place]): n for place, n in want.open_bytes.items()}
    entries = [entry for entry in image.entries() if entry.offset >= known.open.get(str(entry.sequence), 0)]
    return entries, want.newest, opened, image.damaged_n


async def _connected_again(management: Management) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_AGAIN_S):
            while not management.is_connected:
                await asyncio.sleep(0.1)
    return management.is_connected


# ---- the runs ----


def _write_all(
    runs: list[LoggedRun], now: Hello, settings: Any, known: Known, out: Path, now_ns: int
) -> tuple[list[Home], list[str]]:
    """Files of the runs; those that a sync which was stopped has written already are left as they are."""
    done: list[Home] = []
    said: list[str] = []
    for run in runs:
        key = f"{run.boot_n}:{run.start_ms}"
        before = known.written.get(key)
        if before is not None and Path(before).exists():
            said.append(f"{before} was written before.")
            continue
        home = _write(run, now, settings, known.boots.get(str(run.boot_n)), out, now_ns)
        known.written[key] = str(home.path.resolve())
        done.append(home)
    return done, said


def _write(run: LoggedRun, now: Hello, settings: Any, offset_ns: int | None, out: Path, now_ns: int) -> Home:
    from trendel.analysis.recompute import recompute
    from trendel.recording.session.from_log import write_run

    hello = run.hello or now
    again = recompute(hello, settings, run.blocks(), run.checkpoints(), run.events)
    path = _free_name(out, _stem(run, now, offset_ns))
    verified = {
        "strides_n": run.strides_n,
        "strides_missing_n": run.holes_n,
        "samples_n": run.samples_n,
        "recomputed": {key: value for key, value in asdict(again).items() if key != "why_not"},
        "why_not": again.why_not,
    }
    try:
        write_run(path, run, offset_ns, now_ns, {"clip": clip_name(hello), "synced": True}, verified)
    except OSError as error:
        raise TrendelError(f"{path}: cannot be written ({error.strerror}): nothing on the clip was freed.") from None
    return Home(path, _sentences(run, again, offset_ns), bool(again.differ or again.states_differ_n))


def _sentences(run: LoggedRun, again: Any, offset_ns: int | None) -> list[str]:
    minutes = (run.end_ms - run.start_ms) / 60_000
    raw_s = run.samples_n and run.samples_n / _rate_hz(run)
    said = [f"{minutes:.1f} min, {run.strides_n} strides by the clip, raw of {raw_s / 60:.1f} min."]
    if run.holes_n:
        said.append(f"{run.holes_n} strides are not in the log.")
    if offset_ns is None:
        said.append("When it was is not known: the clip has restarted since, and no host saw that boot's clock.")
    alerts_n = len(again.same) + len(again.differ) + len(again.unknown)
    if alerts_n:
        parts = [f"{len(again.same)} computed again to the bit"] if again.same else []
        parts += [f"{len(again.differ)} NOT the same when computed again: please report it"] if again.differ else []
        parts += [f"{len(again.unknown)} cannot be computed again"] if again.unknown else []
        said.append(f"{alerts_n} alert{'s' if alerts_n > 1 else ''}: {', '.join(parts)}.")
    if again.states_n or again.states_differ_n:
        said.append(
            f"Kernels' states at {again.states_n} checkpoints came out again to the bit, {again.states_differ_n} not."
        )
    elif again.why_not and alerts_n:
        said.append(again.why_not)
    return said


def _rate_hz(run: LoggedRun) -> float:
    hello = run.hello
    return int(hello.fields["rate_mhz"]) / 1e3 if hello is not None and hello.fields["rate_mhz"] else 208.0


def _stem(run: LoggedRun, hello: Hello, offset_ns: int | None) -> str:
    """Date and clip; without a known date its boot and how long after it the run began."""
    plain = hello.name.rstrip("\0")
    name = "".join(c if c.isalnum() else "-" for c in plain).strip("-") or f"{int(hello.fields['serial']):x}"
    if offset_ns is None:
        minutes = run.start_ms // 60_000
        return f"{name}_boot{run.boot_n}_{minutes // 60:02}h{minutes % 60:02}"
    began = datetime.fromtimestamp((run.start_ms * 1_000_000 + offset_ns) / 1e9, UTC).astimezone()
    return f"{began:%Y-%m-%d_%H%M}_{name}"


def _free_name(folder: Path, stem: str) -> Path:
    path, k = folder / f"{stem}.mcap", 1
    while path.exists():
        k += 1
        path = folder / f"{stem}-{k}.mcap"
    return path
