"""A Bluetooth adapter that bumble drives: a virtual controller or any HCI transport, on while somebody uses it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason
from bumble import core, hci
from bumble.device import Device, DeviceConfiguration
from bumble.host import Host
from bumble.transport.common import TransportSink, TransportSource

from trendel.links.ble import Backend

Closing = Callable[[], Awaitable[None]]
Opening = Callable[[], Awaitable[tuple[TransportSource, TransportSink, Closing]]]
"""Reaches a controller: what it sends, what it takes, and how it is let go."""


ANSWER_S = 5.0  # of the controller itself, which is near


class Adapter:
    """A controller with bumble's host on it: on from the first that needs it until the last that did lets it go."""

    def __init__(self, opening: Opening, name: str = "Bluetooth") -> None:
        self._opening, self._name = opening, name
        self._users_n = 0
        self._device: Device | None = None
        self._close: Closing | None = None
        self._lock = asyncio.Lock()

    def backend(self) -> Backend:
        """bleak's backend on it."""
        from trendel.links.sim.backend import BumbleClient, BumbleScanner

        adapter = self

        class Client(BumbleClient):
            ADAPTER = adapter

        class Scanner(BumbleScanner):
            ADAPTER = adapter

        return Backend(Client, Scanner)

    async def acquire(self) -> Device:
        """The device, on. Raises BleakError where the controller does not answer."""
        async with self._lock:
            if self._device is None:
                self._device = await self._switched_on()
            self._users_n += 1
            return self._device

    async def release(self) -> None:
        """What `acquire` gave is no longer needed."""
        async with self._lock:
            self._users_n -= 1
            if self._users_n == 0:
                device, self._device = self._device, None
                close, self._close = self._close, None
                with contextlib.suppress(core.BaseBumbleError, TimeoutError, OSError):
                    async with asyncio.timeout(ANSWER_S):
                        if device is not None:
                            await device.power_off()
                if close is not None:
                    await close()

    async def _switched_on(self) -> Device:
        try:
            source, sink, self._close = await self._opening()
        except (OSError, core.BaseBumbleError, ValueError) as error:
            said = f"{self._name} cannot be reached ({error})"
            raise BleakBluetoothNotAvailableError(said, BleakBluetoothNotAvailableReason.NO_BLUETOOTH) from None
        configuration = DeviceConfiguration(name="Trendel host", address=hci.Address.generate_static_address())
        device = Device(config=configuration, host=Host(source, sink))
        try:
            async with asyncio.timeout(ANSWER_S):
                await device.power_on()
        except (TimeoutError, core.BaseBumbleError) as error:
            await self._close()
            said = f"{self._name} does not answer ({type(error).__name__})"
            raise BleakBluetoothNotAvailableError(said, BleakBluetoothNotAvailableReason.NO_BLUETOOTH) from None
        return device
