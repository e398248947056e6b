"""`trendel clip simulate`: a simulated clip for other processes."""

import asyncio
import contextlib
import tempfile
from pathlib import Path

from trendel.app.follow import Ending, stopped_by_signals
from trendel.links.sim.bench import Bench, Options, measured_of
from trendel.links.sim.serve import hci_served, pty_path


def simulate_clip(file: Path | None, transport: str, options: Options) -> None:
    """Serve until Ctrl-C. Raises TrendelError."""
    asyncio.run(_serve(file, transport, options))


async def _serve(file: Path | None, transport: str, options: Options) -> None:
    ending = Ending()
    with tempfile.TemporaryDirectory(prefix="trendel-") as folder, stopped_by_signals(ending):
        measured = await measured_of("" if file is None else str(file), options)
        path = pty_path(transport, Path(folder))
        if path is not None:
            from trendel.links.sim.usb_port import UsbPort

            port = UsbPort(path)
            ways = f"--link usb:{port.path} (SMP: {port.smp_path})"
            await _until(ending.stop, Bench(measured, options, port=port), ways, options)
            return
        bench = Bench(measured, options)
        async with hci_served(bench, transport) as ways:
            await _until(ending.stop, bench, f"{ways} and --link ble:{options.name}", options)


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
