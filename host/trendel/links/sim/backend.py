"""bleak over bumble: a client and a scanner for bleak's `backend=`, on a virtual controller or any HCI transport.

A GATT operation ends at once, with BleakError, when the link is lost: bumble alone may wait 30 s for an answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ClassVar, TypeVar

from bleak.args import SizedBuffer
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakError
from bleak.uuids import normalize_uuid_str
from bumble import core, hci
from bumble.core import UUID, AdvertisingData
from bumble.device import Advertisement, Connection, Device, Peer
from bumble.gatt import Characteristic
from bumble.transport import open_transport
from bumble.transport.common import TransportSink, TransportSource

from trendel.links.sim.adapter import ANSWER_S, Adapter, Closing
from trendel.wire.gatt import ATT_MTU

T = TypeVar("T")


class BumbleScanner(BaseBleakScanner):
    """See BaseBleakScanner."""

    ADAPTER: ClassVar[Adapter]

    def __init__(self, detection_callback: Any, service_uuids: Any, scanning_mode: str, **kwargs: Any) -> None:
        super().__init__(detection_callback, service_uuids)
        self._active = scanning_mode != "passive"
        self._device: Device | None = None

    async def start(self) -> None:
        """See BaseBleakScanner."""
        self.seen_devices = {}
        device = await self.ADAPTER.acquire()
        device.on(Device.EVENT_ADVERTISEMENT, self._heard)
        self._device = device
        await device.start_scanning(active=self._active)

    async def stop(self) -> None:
        """See BaseBleakScanner."""
        device, self._device = self._device, None
        if device is not None:
            device.remove_listener(Device.EVENT_ADVERTISEMENT, self._heard)
            with contextlib.suppress(core.BaseBumbleError):
                await device.stop_scanning()
            await self.ADAPTER.release()

    def _heard(self, advertisement: Advertisement) -> None:
        data = advertisement.data
        uuids = _uuids(data)
        if not self.is_allowed_uuid(uuids):
            return
        kinds = AdvertisingData.Type
        name = data.get(kinds.COMPLETE_LOCAL_NAME) or data.get(kinds.SHORTENED_LOCAL_NAME)
        made_by = dict(data.get_all(kinds.MANUFACTURER_SPECIFIC_DATA))
        local_name = name if isinstance(name, str) else None
        said = AdvertisementData(local_name, made_by, {}, uuids, None, advertisement.rssi, ())
        address = advertisement.address
        device = self.create_or_update_device(str(address), address.to_string(False), said.local_name, address, said)
        self.call_detection_callbacks(device, said)


class BumbleClient(BaseBleakClient):
    """See BaseBleakClient."""

    ADAPTER: ClassVar[Adapter]

    def __init__(self, address_or_ble_device: BLEDevice | str, **kwargs: Any) -> None:
        super().__init__(
            address_or_ble_device, disconnected_callback=kwargs["disconnected_callback"], timeout=kwargs["timeout"]
        )
        seen = address_or_ble_device if isinstance(address_or_ble_device, BLEDevice) else None
        self._name = (seen.name if seen else None) or self.address
        self._target: hci.Address = seen.details if seen else hci.Address(self.address)
        self._connection: Connection | None = None
        self._peer: Peer | None = None
        self._lost: asyncio.Future[None] | None = None
        self._subscribed: dict[int, Callable[[bytes], None]] = {}

    @property
    def name(self) -> str:
        """See BaseBleakClient."""
        return self._name

    @property
    def mtu_size(self) -> int:
        """See BaseBleakClient."""
        return int(self._connection.att_mtu) if self._connection else 23

    @property
    def is_connected(self) -> bool:
        """See BaseBleakClient."""
        return self._lost is not None and not self._lost.done()

    async def connect(self, pair: bool, **kwargs: Any) -> None:
        """See BaseBleakClient."""
        device = await self.ADAPTER.acquire()
        try:
            self._connection = await device.connect(
                self._target,
                core.PhysicalTransport.LE,
                own_address_type=hci.OwnAddressType.RANDOM,
                timeout=self._timeout,
            )
            self._lost = asyncio.get_running_loop().create_future()
            self._connection.on(Connection.EVENT_DISCONNECTION, self._gone)
            self._peer = Peer(self._connection)
            await self._raced(self._peer.request_mtu(ATT_MTU))
            if pair:
                await self.pair()
            self.services = await self._raced(self._discover(self._peer))
        except BaseException as error:
            callback, self._disconnected_callback = self._disconnected_callback, None
            await self.disconnect() if self._lost else await self.ADAPTER.release()
            self._disconnected_callback = callback
            if isinstance(error, core.BaseBumbleError):
                raise BleakError(f"device '{self.address}' does not connect ({_words(error)})") from None
            raise

    async def disconnect(self) -> None:
        """See BaseBleakClient."""
        connection, lost = self._connection, self._lost
        if connection is None or lost is None:
            return
        if not lost.done():
            with contextlib.suppress(core.BaseBumbleError, TimeoutError):
                async with asyncio.timeout(ANSWER_S):
                    await connection.disconnect()
        await self._forget()

    async def pair(self, *args: Any, **kwargs: Any) -> None:
        """See BaseBleakClient."""
        await self._raced(self._held().pair())

    async def unpair(self) -> None:
        """See BaseBleakClient: nothing is kept of a pairing."""

    async def read_gatt_char(
        self, characteristic: BleakGATTCharacteristic, *, use_cached: bool = False, **kwargs: Any
    ) -> bytearray:
        """See BaseBleakClient."""
        return bytearray(await self._raced(self._client().gatt_client.read_value(characteristic.handle)))

    async def read_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, *, use_cached: bool = False, **kwargs: Any
    ) -> bytearray:
        """See BaseBleakClient."""
        return bytearray(await self._raced(self._client().gatt_client.read_value(descriptor.handle)))

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool) -> None:
        """See BaseBleakClient."""
        client = self._client().gatt_client
        await self._raced(client.write_value(characteristic.handle, bytes(data), with_response=response))

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: SizedBuffer) -> None:
        """See BaseBleakClient."""
        client = self._client().gatt_client
        await self._raced(client.write_value(descriptor.handle, bytes(data), with_response=True))

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **kwargs: Any
    ) -> None:
        """See BaseBleakClient."""

        def notified(value: bytes) -> None:
            callback(bytearray(value))

        self._subscribed[characteristic.handle] = notified
        client = self._client().gatt_client
        try:
            await self._raced(client.subscribe(characteristic.obj, notified))
        except BleakError:  # bumble keeps who was refused, and would tell it everything once another is taken
            client.notification_subscribers.get(characteristic.handle, set()).discard(notified)
            raise

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        """See BaseBleakClient."""
        notified = self._subscribed.pop(characteristic.handle, None)
        await self._raced(self._client().gatt_client.unsubscribe(characteristic.obj, notified))

    def _held(self) -> Connection:
        if self._connection is None or not self.is_connected:
            raise BleakError("Not connected")
        return self._connection

    def _client(self) -> Peer:
        self._held()
        assert self._peer is not None
        return self._peer

    def _gone(self, reason: int) -> None:
        if self._lost is not None and not self._lost.done():
            self._lost.set_result(None)
            if self._disconnected_callback is not None:
                self._disconnected_callback()

    async def _forget(self) -> None:
        if self._connection is not None:
            self._connection.remove_listener(Connection.EVENT_DISCONNECTION, self._gone)
            self._connection = self._peer = None
            self._subscribed.clear()
            await self.ADAPTER.release()

    async def _raced(self, operation: Coroutine[Any, Any, T] | Awaitable[T]) -> T:
        """The operation's result; BleakError as soon as the link is lost."""
        lost = self._lost
        assert lost is not None
        task = asyncio.ensure_future(operation)
        try:
            waiting: set[asyncio.Future[Any]] = {task, lost}
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        if task.cancelled() or lost.done():
            raise BleakError(f"device '{self.address}' disconnected")
        error = task.exception()
        if isinstance(error, core.BaseBumbleError):
            raise BleakError(_words(error)) from None
        return task.result()

    async def _discover(self, peer: Peer) -> BleakGATTServiceCollection:
        found = BleakGATTServiceCollection()
        for theirs in await peer.discover_services():
            service = BleakGATTService(theirs, theirs.handle, _text(theirs.uuid))
            found.add_service(service)
            for of in await peer.discover_characteristics(service=theirs):
                properties = _properties(of.properties)
                characteristic = BleakGATTCharacteristic(of, of.handle, _text(of.uuid), properties, self._room, service)
                found.add_characteristic(characteristic)
                for its in await peer.discover_descriptors(of):
                    found.add_descriptor(BleakGATTDescriptor(its, its.handle, _text(its.type), characteristic))
        return found

    def _room(self) -> int:
        return self.mtu_size - 3


def over_transport(name: str) -> Adapter:
    """An adapter on an HCI transport by bumble's name of it: tcp-client:HOST:PORT, unix:PATH, usb:0 and so on."""

    async def opened() -> tuple[TransportSource, TransportSink, Closing]:
        transport = await open_transport(name)
        return transport.source, transport.sink, transport.close

    return Adapter(opened, name)


def _text(uuid: UUID) -> str:
    return normalize_uuid_str(uuid.to_hex_str("-"))


def _properties(bits: Characteristic.Properties) -> Any:
    """bleak's names of them: bumble's with hyphens."""
    return [flag.name.lower().replace("_", "-") for flag in Characteristic.Properties if flag & bits and flag.name]


def _uuids(data: AdvertisingData) -> list[str]:
    kinds = AdvertisingData.Type
    lists = (
        kinds.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
        kinds.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
        kinds.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
        kinds.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
    )
    return [_text(uuid) for kind in lists for listed in data.get_all(kind) for uuid in _as_list(listed)]


def _as_list(listed: Any) -> list[UUID]:
    return listed if isinstance(listed, list) else []


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__
