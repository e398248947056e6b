"""Clips in the air behind bleak's own API: a client and a scanner for its `backend=`, without a radio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakError

from tests.host.links.fake_smp import FakeSmp
from trendel.links.ble import Backend
from trendel.wire.gatt import SMP_CHARACTERISTIC, SMP_SERVICE, STREAM_PACKETS, STREAM_SERVICE

_HEART_RATE = "0000180d-0000-1000-8000-00805f9b34fb"


@dataclass
class AirClip:
    """A clip that sends `preamble` to whoever subscribes, then goes on with `packets` where it is.

    What is due while nobody is connected is lost, as on a clip without its log: `send` says how many to let pass.
    `smp` answers its management; `loses` decides of each piece of an answer whether the air loses it."""

    name: str
    address: str
    preamble: list[bytes]
    packets: list[bytes]
    in_reach: bool = True
    services: tuple[str, ...] = (STREAM_SERVICE,)
    characteristics: tuple[str, ...] = (STREAM_PACKETS,)
    refuses: BaseException | None = None
    wants_pairing: str = ""
    position: int = 0
    client: _Client | None = None
    connections_n: int = 0
    smp: FakeSmp | None = None
    loses: Callable[[], bool] = lambda: False
    mute: bool = False
    mute_until_paired: bool = False

    def send(self, n: int) -> None:
        """The next `n` packets: to the subscriber, or lost."""
        for raw in self.packets[self.position : self.position + n]:
            if self.client is not None and self.client.callback is not None:
                self.client.callback(bytearray(raw))
        self.position += n

    def drop(self) -> None:
        """The connection is lost."""
        if self.client is not None:
            self.client.lose()


@dataclass
class Air:
    """What is in the air. `trouble` is raised by a scanner that starts."""

    clips: list[AirClip] = field(default_factory=list)
    trouble: BaseException | None = None

    def backend(self) -> Backend:
        """bleak's backend for it."""
        air = self

        class Client(_Client):
            AIR = air

        class Scanner(_Scanner):
            AIR = air

        return Backend(Client, Scanner)


class _Scanner(BaseBleakScanner):
    AIR: Air

    def __init__(self, detection_callback: Any, service_uuids: Any, scanning_mode: str, **kwargs: Any) -> None:
        super().__init__(detection_callback, service_uuids)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        if self.AIR.trouble is not None:
            raise self.AIR.trouble
        self.seen_devices = {}
        self._task = asyncio.create_task(self._advertise())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _advertise(self) -> None:
        while True:
            for rank, clip in enumerate(self.AIR.clips):
                if clip.in_reach and clip.client is None and self.is_allowed_uuid(list(clip.services)):
                    said = AdvertisementData(clip.name, {}, {}, list(clip.services), None, -50 - rank, ())
                    device = self.create_or_update_device(clip.address, clip.address, clip.name, None, said)
                    self.call_detection_callbacks(device, said)
            await asyncio.sleep(0.01)


class _Client(BaseBleakClient):
    AIR: Air

    def __init__(self, address_or_ble_device: BLEDevice | str, **kwargs: Any) -> None:
        kept = {name: kwargs[name] for name in ("disconnected_callback", "timeout")}
        super().__init__(address_or_ble_device, **kept)
        self.callback: NotifyCallback | None = None
        self.answers: NotifyCallback | None = None
        self._clip = next(clip for clip in self.AIR.clips if clip.address == self.address)

    @property
    def name(self) -> str:
        return self._clip.name

    @property
    def mtu_size(self) -> int:
        return 23  # as BlueZ says, whatever it is

    @property
    def is_connected(self) -> bool:
        return self._clip.client is self

    async def connect(self, pair: bool, **kwargs: Any) -> None:
        if self._clip.refuses is not None:
            raise self._clip.refuses
        if not self._clip.in_reach:
            raise BleakError(f"device '{self.address}' not found")
        self._clip.client = self
        self._clip.connections_n += 1
        self.services = BleakGATTServiceCollection()
        for handle, uuid in enumerate(self._clip.services):
            service = BleakGATTService(None, 100 * (handle + 1), uuid)
            self.services.add_service(service)
            for k, of in enumerate(self._clip.characteristics):
                found = BleakGATTCharacteristic(None, 100 * (handle + 1) + k + 1, of, ["notify"], lambda: 244, service)
                self.services.add_characteristic(found)
        if self._clip.smp is not None:
            self._clip.smp.forget()
            service = BleakGATTService(None, 900, SMP_SERVICE)
            self.services.add_service(service)
            uses = ["notify", "write-without-response"]
            found = BleakGATTCharacteristic(None, 901, SMP_CHARACTERISTIC, uses, lambda: 244, service)
            self.services.add_characteristic(found)

    async def disconnect(self) -> None:
        if self._clip.client is self:
            self._clip.client = None

    def lose(self) -> None:
        self._clip.client = None
        self.callback = self.answers = None
        if self._disconnected_callback is not None:
            self._disconnected_callback()

    async def start_notify(self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **kw: Any) -> None:
        assert kw["bluez"] == {"use_start_notify": False}
        if self._clip.wants_pairing:
            raise BleakError(self._clip.wants_pairing)
        if characteristic.uuid == SMP_CHARACTERISTIC:
            self.answers = callback
            return
        self.callback = callback
        for raw in self._clip.preamble:
            callback(bytearray(raw))

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        self.callback = None

    async def pair(self, *args: Any, **kwargs: Any) -> None:
        if self._clip.mute_until_paired:
            self._clip.mute = self._clip.mute_until_paired = False
            return
        if "0x05" not in self._clip.wants_pairing:
            raise BleakError("[org.bluez.Error.AuthenticationRejected] refused")
        self._clip.wants_pairing = ""

    async def unpair(self) -> None:
        raise NotImplementedError

    async def read_gatt_char(self, characteristic: BleakGATTCharacteristic, **kwargs: Any) -> bytearray:
        raise NotImplementedError

    async def read_gatt_descriptor(self, descriptor: BleakGATTDescriptor, **kwargs: Any) -> bytearray:
        raise NotImplementedError

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: Any, response: bool) -> None:
        assert characteristic.uuid == SMP_CHARACTERISTIC and not response and len(data) <= 244
        if self._clip.client is not self:
            raise BleakError("Not connected")
        smp = self._clip.smp
        assert smp is not None
        if self._clip.mute:
            return
        for answer in smp.take(bytes(data)):
            asyncio.get_running_loop().call_soon(self._answer, answer)

    def _answer(self, answer: bytes) -> None:
        for at in range(0, len(answer), 244):
            if self.answers is not None and not self._clip.loses():
                self.answers(bytearray(answer[at : at + 244]))

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: Any) -> None:
        raise NotImplementedError


def heart_rate_belt() -> AirClip:
    """Somebody else's device."""
    return AirClip("Belt", "AA:00:00:00:00:99", [], [], services=(_HEART_RATE,))
