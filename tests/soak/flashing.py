"""Uploads of firmware over a bad link onto a clip that loses power: it always runs a whole image, and the host is right
about which.

In each, from a seed: the link is lost and found again, power fails (in an upload, in a swap, on trial), bytes are
damaged on the air and in the flash, images are signed by somebody else or fail their self-test."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric import ec

from tests.host.links.mcuboot import public_pem
from trendel.app.clip_reach import Reached, reached
from trendel.app.clip_selftest import trial
from trendel.errors import LinkError, TrendelError
from trendel.links import parse_moniker
from trendel.links.ble import BleLink
from trendel.links.firmware_image import parse_firmware
from trendel.links.held import Patience as Pauses
from trendel.links.image_slots import upload
from trendel.links.sim import need_bumble
from trendel.links.sim.bench import Bench, Options
from trendel.links.sim.faults import Schedule
from trendel.links.sim.mcuboot import image_hash, read_image
from trendel.links.sim.practice import practice_image
from trendel.links.sim.smp_server import HEADER
from trendel.links.sim.source import resting
from trendel.links.update import Outcome, Patience, Update
from trendel.wire.image_format import TLV_SHA256

SPEED = 20.0
PATIENCE = Patience(link_s=8.0, restart_s=12.0, answer_s=1.0, pause_s=0.1)
LIMIT_S = 90.0
BODY_N = 30_000
OLD_VERSION = (1, 0, 0, 0)


@dataclass
class Found:
    """What came of some uploads. `due_n`: of how many images that nothing in their plan excuses from being kept."""

    results: Counter[str] = field(default_factory=Counter)
    power_cuts_n: int = 0
    disconnects_n: int = 0
    damaged_n: int = 0
    due_n: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Plan:
    """Of one upload."""

    image: bytes
    good: bool
    outages: tuple[tuple[float, float], ...]
    cuts_s: list[float]
    swap_cuts: list[int]
    damage: float
    flips_s: float | None

    @property
    def due(self) -> bool:
        """Whether the image has to be kept, whenever what is planned befalls it: only power that fails on trial, bytes
        that change and the image itself may keep it from that; a lost link may not, nor a cut in the swap."""
        return self.good and not self.cuts_s and not self.damage and self.flips_s is None


def plan(seed: int, key: ec.EllipticCurvePrivateKey, other: ec.EllipticCurvePrivateKey) -> _Plan:
    """From a seed. Times are of the world, since a host first subscribed; an undisturbed update takes some 12 s."""
    rng = np.random.default_rng([seed, 7])
    kind = rng.choice(["good", "broken", "foreign"], p=[0.75, 0.15, 0.1])
    image = practice_image((1, 1, 0, 0), BODY_N, other if kind == "foreign" else key, broken=kind == "broken")
    outages, at_s = [], 0.0
    for _ in range(int(rng.integers(0, 4))):
        at_s += float(rng.uniform(0.5, 5.0))
        outages.append((at_s, at_s + float(rng.uniform(0.2, 3.0))))
        at_s = outages[-1][1]
    cuts_s = sorted(float(at) for at in rng.uniform(0.3, 14.0, int(rng.integers(0, 3))))
    swap_cuts = [int(n) for n in rng.integers(0, 40, int(rng.integers(0, 3)))]
    damage = float(rng.choice([0.0, 0.0, 0.001, 0.004]))
    flips_s = float(rng.uniform(1.0, 6.0)) if rng.random() < 0.2 else None
    return _Plan(image, kind == "good", tuple(outages), cuts_s, swap_cuts, damage, flips_s)


async def upload_once(seed: int, found: Found) -> None:
    """One upload, and what it came to."""
    key, other = (ec.derive_private_key(seed + n, ec.SECP256R1()) for n in (1, 10_000))
    planned = plan(seed, key, other)
    old = practice_image(OLD_VERSION, BODY_N, key)
    bench = Bench(resting(seed), Options(speed=SPEED, seed=seed))
    bench.flash.running, bench.flash.key = old, public_pem(key)
    bench.world.schedule = Schedule(planned.outages, ())
    _damaging(bench, planned.damage, seed, found)
    await bench.start()
    breaking = asyncio.create_task(_break(bench, planned, found))
    backend, pauses = bench.adapter().backend(), Pauses(0.05, 0.4)
    link = BleLink(parse_moniker("ble:Anna"), bench.clock, backend=backend, patience=pauses, scan_s=3.0)
    try:
        said = await _flash(link, planned.image)
    finally:
        breaking.cancel()
        await asyncio.gather(breaking, return_exceptions=True)
        await link.close()
        bench.check()
        await bench.stop()
    found.disconnects_n += sum(begin < bench.world.played_s for begin, _ in planned.outages)
    _judge(seed, bench, planned, old, said, found)


async def _flash(link: BleLink, image: bytes) -> Outcome | str:
    """What the host says in the end: an outcome, or an error, by which nothing was changed."""
    try:
        async with asyncio.timeout(LIMIT_S):
            for _ in range(20):  # the clip may not be in reach yet
                try:
                    await link.open()
                    break
                except LinkError:
                    link._opened = False
            async with reached(link) as clip:
                return await _update(clip, image)
    except TrendelError as error:
        return str(error)


async def _update(clip: Reached, image: bytes) -> Outcome:
    async def test() -> list[str]:
        return [line.sentence() for line in await trial(clip)]

    firmware = parse_firmware(image, "new.bin")
    return await Update(firmware, clip.management, clip.heard, test, patience=PATIENCE).run()


def _judge(seed: int, bench: Bench, planned: _Plan, old: bytes, said: Outcome | str, found: Found) -> None:
    flash, new = bench.flash, planned.image
    found.power_cuts_n += bench.world.restarts.count("cut")
    found.due_n += planned.due

    def wrong(what: str) -> None:
        found.wrong.append(f"seed {seed}: {what}; said {said}, restarts {bench.world.restarts}")

    runs = flash.running
    image = read_image(runs)
    if image is None or image.tlvs[TLV_SHA256] != hashlib.sha256(image.covered).digest() or runs not in (old, new):
        wrong("what runs is no whole image")
    if planned.due and (isinstance(said, str) or said.result != "confirmed"):
        wrong("nothing kept the image from being kept, and it is not")
    if isinstance(said, str):
        found.results["not begun"] += 1
        if runs != old:
            wrong("an error, and yet another image runs")
        return
    found.results[said.result] += 1
    if not said.good:
        print(f"seed {seed}: {said.result}: {said.sentence[:300]}", flush=True)
    if said.running is not None and said.running.hash != image_hash(runs):
        wrong("another image runs")
    if said.good and (runs != new or not flash.confirmed):
        wrong("not kept")
    if said.good and not planned.good:
        wrong("an image that must not be kept was")
    if not said.good and said.result != "unknown" and runs != old:
        wrong("the old image does not run")
    while flash.boot() == "cut":  # what was not confirmed is given up
        pass
    if flash.running != (new if said.good else flash.running if said.result == "unknown" else old):
        wrong("another image runs after one more restart")


async def _break(bench: Bench, planned: _Plan, found: Found) -> None:
    bench.world.cuts.extend(planned.swap_cuts)
    cuts, flips_s = list(planned.cuts_s), planned.flips_s
    while True:
        await asyncio.sleep(0.005)
        now_s = bench.world.played_s
        if cuts and now_s >= cuts[0]:
            cuts.pop(0)
            bench.world.lose_power()
            found.power_cuts_n += 1
        if flips_s is not None and now_s >= flips_s and not bench.flash.pending and bench.flash.confirmed:
            flips_s = None
            held = bytearray(bench.flash.second)
            if held:
                held[len(held) // 2] ^= 0x10
                bench.flash.second = bytes(held)
                found.damaged_n += 1


def _damaging(bench: Bench, share: float, seed: int, found: Found) -> None:
    """A share of the pieces of requests and of answers has a wrong byte, but not in the header of one: Bluetooth and
    USB check what they carry, and this stands for what goes wrong behind them."""
    rng = np.random.default_rng([seed, 8])
    outlet: Any = bench.world.outlet
    asked, answered = outlet.on_request, outlet.answer

    def damaged(data: bytes) -> bytes:
        if rng.random() >= share or len(data) <= HEADER.size:
            return data
        found.damaged_n += 1
        raw = bytearray(data)
        raw[int(rng.integers(HEADER.size, len(raw)))] ^= 1 << int(rng.integers(8))
        return bytes(raw)

    outlet.on_request = lambda data: asked(damaged(data))
    outlet.answer = lambda response: answered(damaged(response))


async def _timed(body_n: int) -> float:
    key = ec.derive_private_key(1, ec.SECP256R1())
    bench = Bench(resting(1), Options())
    await bench.start()
    link = BleLink(parse_moniker("ble:Anna"), bench.clock, backend=bench.adapter().backend())
    try:
        async with link, reached(link) as clip:
            firmware = parse_firmware(practice_image((1, 0, 0, 0), body_n, key), "new.bin")

            async def connected() -> None:
                raise LinkError("The link was lost.")

            before_s = bench.world.now_s
            await upload(clip.management, firmware, lambda done, total: None, connected)
            assert bench.flash.second == firmware.raw
            return bench.world.now_s - before_s
    finally:
        await bench.stop()


def upload_seconds(body_n: int = 400_000) -> float:
    """Of the world, at its true speed: an image of so many bytes over Bluetooth onto the clip, with erasing."""
    need_bumble()
    return asyncio.run(_timed(body_n))


def uploads(n: int, first: int = 0) -> Found:
    """`n` uploads, one after the other."""
    need_bumble()
    found = Found()
    for seed in range(first, first + n):
        asyncio.run(upload_once(seed, found))
        print(f"upload {seed - first + 1} of {n}: {dict(found.results)}", flush=True)
    return found
