"""A new image onto a clip: upload, one start on trial, self-test, and only then kept.

Nothing that can fail here leaves a clip without a program: MCUboot starts the new image once, and goes back to the old
one at any restart before it is confirmed. What is told is what the clip itself has said last; where it cannot be
asked, that is told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, TypeVar

from trendel.errors import FirmwareError, LinkError
from trendel.links.firmware_image import Firmware
from trendel.links.image_slots import Slot, confirm, mark_for_test, read_slots, reset, upload
from trendel.links.listening import Listening
from trendel.links.management import Management, RefusedError
from trendel.wire.boards import board_name, board_of

Result: TypeAlias = Literal["confirmed", "already", "reverted", "refused", "failed", "unchanged", "unknown"]
BATTERY_MIN = 20
"""Per cent: a swap takes seconds, but an upload that ends with the battery has to begin anew."""
_STEP_S = 0.05
T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """How long is waited, s: for a lost link, for a clip that restarts (a swap takes half a minute), for it to say that
    it does, and before it is asked again."""

    link_s: float = 60.0
    restart_s: float = 120.0
    answer_s: float = 12.0
    pause_s: float = 1.0


@dataclass(frozen=True)
class Outcome:
    """What became of an update.

    Attributes:
        result: 'confirmed' and 'already': the new image runs and stays. 'reverted': it was started, and the clip has
            gone back by itself; 'refused': the bootloader did not start it; 'failed': it failed its self-test, and was
            sent back. 'unchanged': it never came to a start. 'unknown': the clip could not be asked.
        running: what the clip runs, as it said last; None: not known.
        sentence: for people.
    """

    result: Result
    running: Slot | None
    sentence: str

    @property
    def good(self) -> bool:
        """Whether the new image runs, and stays."""
        return self.result in ("confirmed", "already")


def check_fits(
    firmware: Firmware, board: int, running: Slot, status: dict[str, float], *, usb: bool, force: bool
) -> None:
    """Raise FirmwareError where the image is not for this clip, or the clip cannot take it now.

    `board` as in the hello; `status` as in Listening; `usb`: it has power. `force`: an older version may be tried, and
    an image that does not say for which board it is."""
    if firmware.board is None and not force:
        raise FirmwareError(
            f"{firmware.name} does not say for which board it is: sign it with --custom-tlv 0xa0, or --force it."
        )
    if firmware.board is not None and firmware.board != board:
        raise FirmwareError(
            f"{firmware.name} is for a {board_name(firmware.board)}; this clip is a {board_name(board)}."
        )
    if firmware.version[:3] < running.numbers and not force:
        raise FirmwareError(
            f"{firmware.name} is version {firmware.version_text}, older than {running.version} on the clip: --force "
            "tries it, but the clip itself may refuse it."
        )
    known = board_of(board)
    if known is not None and len(firmware.raw) > known.image_max:
        raise FirmwareError(
            f"{firmware.name} has {len(firmware.raw):,} bytes, and this clip has room for {known.image_max:,}."
        )
    percent = status.get("battery_percent", float("nan"))
    if percent < BATTERY_MIN and not usb:
        raise FirmwareError(f"The clip's battery is at {percent:.0f} %: charge it to {BATTERY_MIN} % first.")


@dataclass
class Update:
    """One update of the clip that `listening` listens to.

    Attributes:
        selftest: run while the new image is on trial; what failed, as sentences.
        say: is told what happens; `tell`: bytes sent, and in all.
    """

    firmware: Firmware
    management: Management
    listening: Listening
    selftest: Callable[[], Awaitable[list[str]]]
    say: Callable[[str], None] = lambda sentence: None
    tell: Callable[[int, int], None] = lambda done, total: None
    patience: Patience = field(default_factory=Patience)

    async def run(self) -> Outcome:
        """Do it. Raises FirmwareError where the clip is on trial with another image; everything else is an outcome."""
        slots = await self._asked()
        running = _active(slots)
        if running.hash == self.firmware.hash:
            if running.confirmed:
                return Outcome("already", running, f"The clip runs this image already ({running.version}).")
            self.say(f"{running.version} runs on trial.")
            return await self._judge()
        if not running.confirmed:
            raise FirmwareError(
                f"The clip has {running.version} on trial, not kept: `trendel clip restart` brings back the one before."
            )
        second = _second(slots)
        if second is not None and second.pending and second.hash != self.firmware.hash:
            raise FirmwareError(f"The clip is about to start {second.version}: `trendel clip restart` lets it.")
        try:
            if second is None or second.hash != self.firmware.hash:
                await upload(self.management, self.firmware, self.tell, self._connected)
                self.say("The image is on the clip.")
        except RefusedError as error:
            return Outcome("unchanged", running, f"{_refusal(error)} The clip still runs {running.version}.")
        except LinkError as error:
            return Outcome(
                "unchanged", running, f"{error} The clip still runs {running.version}; the same command goes on."
            )
        try:
            await self._mark()
        except LinkError as error:
            return self._unknown(running, str(error))
        return await self._try(running)

    # ---- the steps ----

    async def _mark(self) -> None:
        """Mark the image for test; whether it is marked is asked, since the answer may have been lost."""
        for _ in range(3):
            with contextlib.suppress(LinkError):
                await mark_for_test(self.management, self.firmware.hash)
            slots = await self._asked()
            second = _second(slots)
            if _active(slots).hash == self.firmware.hash or (second is not None and second.pending):
                return
            if second is None or second.hash != self.firmware.hash:
                raise LinkError("The image is not on the clip any more.")
        raise LinkError("The clip does not mark the image for a start.")

    async def _try(self, old: Slot) -> Outcome:
        try:
            if _active(await self._asked()).hash == self.firmware.hash:
                return await self._judge()  # power failed meanwhile
            self.say("The clip restarts with the new image, on trial.")
            for _ in range(3):
                await self._restart()
                slots = await self._asked()
                second = _second(slots)
                if second is None or not second.pending:
                    break
        except LinkError as error:
            return self._unknown(old, str(error))
        running = _active(slots)
        if running.hash == self.firmware.hash:
            return await self._judge()
        return self._not_kept(slots)

    async def _judge(self) -> Outcome:
        """The new image runs on trial: test it, and keep it or send it back."""
        try:
            failed = ["Its self-test could not be finished."]
            for _ in range(3):
                tried_boot = self._boot_n
                try:
                    found: list[str] | None = await self.selftest()
                except LinkError as error:
                    failed, found = [str(error)], None
                slots = await self._asked()
                running = _active(slots)
                if running.hash != self.firmware.hash:
                    return self._not_kept(slots)
                if found is not None and self._boot_n == tried_boot:
                    failed = found
                    break
            if failed:
                self.say("The self-test has failed; the clip restarts with the image before.")
                await self._restart()
                slots = await self._asked()
                if _active(slots).hash != self.firmware.hash:
                    why = " ".join(failed)
                    return Outcome(
                        "failed", _active(slots), f"{why} The clip runs {_active(slots).version} again, as before."
                    )
                raise LinkError("The clip has not gone back.")
            return await self._keep()
        except LinkError as error:
            return self._unknown(None, str(error))

    async def _keep(self) -> Outcome:
        for _ in range(3):
            with contextlib.suppress(LinkError):
                await confirm(self.management)
            slots = await self._asked()
            running = _active(slots)
            if running.hash != self.firmware.hash:
                return self._not_kept(slots)
            if running.confirmed:
                return Outcome("confirmed", running, f"The clip runs {running.version}, tested and kept.")
        raise LinkError("The clip does not keep the image.")

    def _not_kept(self, slots: list[Slot]) -> Outcome:
        running, second = _active(slots), _second(slots)
        if second is not None and second.hash == self.firmware.hash:
            return Outcome(
                "reverted",
                running,
                f"{self.firmware.name} was started, and the clip went back by itself: {running.version} runs again.",
            )
        return Outcome(
            "refused",
            running,
            f"The clip's bootloader did not start {self.firmware.name}, for its signature, version or bytes: "
            f"{running.version} runs as before.",
        )

    def _unknown(self, old: Slot | None, why: str) -> Outcome:
        before = f"{old.version} or " if old is not None else "the image before or "
        return Outcome(
            "unknown",
            None,
            f"{why} What the clip runs now is not known: {before}{self.firmware.version_text}, which it keeps only "
            "once confirmed. `trendel clip info` asks it, and the same command goes on.",
        )

    # ---- the link ----

    @property
    def _boot_n(self) -> int | None:
        hello = self.listening.hello
        return None if hello is None else hello.boot_n

    async def _asked(self) -> list[Slot]:
        """The slots, as soon as the clip can be asked."""
        return await self._steady(lambda: read_slots(self.management))

    async def _steady(self, work: Callable[[], Awaitable[T]]) -> T:
        for _ in range(4):
            try:
                return await work()
            except LinkError:  # a refusal too: a question that was damaged on its way is refused
                if not self.management.is_connected:
                    await self._connected()
                else:
                    await asyncio.sleep(self.patience.pause_s)
        return await work()

    async def _connected(self) -> None:
        """Wait for a lost link. Raises LinkError."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.patience.link_s):
                while not self.management.is_connected and not self.listening.ended:
                    await asyncio.sleep(_STEP_S)
        if not self.management.is_connected:
            raise LinkError("The clip is out of reach.")

    async def _restart(self) -> None:
        """Have the clip restart, and wait until it is there again. Raises LinkError."""
        before = self._boot_n
        for _ in range(3):
            with contextlib.suppress(LinkError):
                await reset(self.management)
            if await self._restarted(before):
                return
        raise LinkError("The clip does not come back after its restart.")

    async def _restarted(self, before: int | None) -> bool:
        """Whether it has come back from a restart; False where it is still there as before."""
        patience, loop = self.patience, asyncio.get_running_loop()
        began_s = loop.time()
        while (gone_s := loop.time() - began_s) < patience.restart_s and not self.listening.ended:
            if self.management.is_connected and self._boot_n != before:
                return True
            if self.management.is_connected and gone_s > patience.answer_s:
                return False
            await asyncio.sleep(_STEP_S)
        raise LinkError("The clip has not been heard of since its restart.")


def _active(slots: list[Slot]) -> Slot:
    for slot in slots:
        if slot.active:
            return slot
    raise LinkError("The clip does not say which image it runs.")


def _second(slots: list[Slot]) -> Slot | None:
    return next((slot for slot in slots if not slot.active), None)


_REASONS = {
    "INVALID_IMAGE_TOO_LARGE": "The clip has no room for the image.",
    "NO_FREE_SLOT": "The clip's other slot is taken.",
    "CURRENT_VERSION_IS_NEWER": "The clip refuses a version that is older than its own.",
    "EBADSTATE": "The clip refuses a version that is older than its own.",
    "EACCESSDENIED": "The clip takes images from paired hosts only: pair with it.",
}


def _refusal(error: RefusedError) -> str:
    return _REASONS.get(error.reason, str(error))
