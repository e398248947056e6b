"""`trendel clip simulate`: a simulated clip for other processes."""

import asyncio
import contextlib
import tempfile
from pathlib import Path

from trendel.app.follow import stopped_by_signals
from trendel.links.sim.bench import Bench, Options, measured_of
from trendel.links.sim.serve import hci_served, pty_path
from trendel.links.sim.usb_port import UsbPort


def simulate_clip(file: Path | None, transport: str, options: Options) -> None:
    """Serve until Ctrl-C. Raises TrendelError."""
    asyncio.run(_serve(file, transport, options))


async def _serve(file: Path | None, transport: str, options: Options) -> None:
    stop = asyncio.Event()
    with tempfile.TemporaryDirectory(prefix="trendel-") as folder, stopped_by_signals(stop):
        measured = await measured_of("" if file is None else str(file), options)
        path = pty_path(transport, Path(folder))
        port = UsbPort(path) if path is not None else None
        bench = Bench(measured, options, port=port)
        if port is not None:
            ways = f"--link usb:{port.path} (SMP: {port.smp_path})"
            await _until(stop, bench, ways, options)
            return
        async with hci_served(bench, transport) as ways:
            await _until(stop, bench, f"{ways} and --link ble:{options.name}", options)


async def _until(stop: asyncio.Event, bench: Bench, ways: str, options: Options) -> None:
    await bench.start()
    print(f"The simulated clip {options.name} is there: {ways}. Ctrl-C ends it.", flush=True)
    told = False
    try:
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.2):
                    await stop.wait()
            bench.check()
            if bench.world.ended.is_set() and not told:
                told = True
                print("All that it measured has been played; its log can still be read.", flush=True)
    finally:
        await bench.stop()
