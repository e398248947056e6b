"""The simulated clip's radio: advertising, its GATT services, and the queue of what it has to notify.

Services: the stream (:mod:`trendel.wire.gatt`), Battery, Device Information, SMP and, where asked for, Running Speed
and Cadence. What it notifies waits in a queue as long as a small controller's; what does not fit is refused."""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from dataclasses import dataclass

from bumble import gatt, hci
from bumble.core import UUID, AdvertisingData
from bumble.device import Connection, Device, DeviceConfiguration
from bumble.gatt import Characteristic, CharacteristicValue, Service
from bumble.host import Host
from bumble.profiles.device_information_service import DeviceInformationService
from bumble.transport.common import AsyncPipeSink

from trendel.links.sim.air import Air, AirController
from trendel.links.sim.outlet import Outlet
from trendel.wire.gatt import (
    ALERT_COMPANY,
    ATT_MTU,
    SMP_CHARACTERISTIC,
    SMP_SERVICE,
    STREAM_PACKETS,
    STREAM_SERVICE,
)
from trendel.wire.layout import KIND_STRIDE
from trendel.wire.packets import RecordBlock, decode
from trendel.wire.records import own_layout

QUEUE_N = 20
"""Notifications that wait: Zephyr's buffers on a small chip."""
_PER_EVENT_N = 8  # of 251 bytes on the 2M PHY in 15 ms: 1.1 ms each with its answer and the gaps between
_HEARD_S = 0.005  # until bumble's host has heard of the end of a connection
_TO_CONTROLLER_N = 2  # turns of the event loop from bumble's host to its controller
_ADVERTISED_N = 31
_ADVERTISING_MS, _ADVERTISING_LEAST_MS = 100.0, 20.0
_RSC, _RSC_MEASUREMENT, _RSC_FEATURE, _SENSOR_LOCATION = (
    UUID.from_16_bits(n) for n in (0x1814, 0x2A53, 0x2A54, 0x2A5D)
)
_RUNNING = 4  # flag of an RSC measurement
_HIP = 3  # sensor location
_READ, _NOTIFY = Characteristic.Properties.READ, Characteristic.Properties.NOTIFY
_WRITE = Characteristic.Properties.WRITE_WITHOUT_RESPONSE


@dataclass(frozen=True)
class Identity:
    """What is read of the clip before it streams.

    `services` are advertised; a device that is no clip advertises others and has no stream."""

    name: str = "Anna"
    address: str = "C0:FF:EE:00:00:01"
    firmware: str = "0.0.0"
    serial: str = "00000000"
    running_speed: bool = False
    streams: bool = True


class Radio(Outlet):
    """The clip's end of the air. See Outlet.

    Attributes:
        identity: who it is.
        battery_percent: what the Battery service says.
        controller: in the air, while it is on.
    """

    controller: AirController

    def __init__(self, air: Air, identity: Identity, battery_percent: int = 100, speed: float = 1.0) -> None:
        """`speed`: of the world, since bumble advertises by the host's time."""
        super().__init__()
        self._advertising_ms = max(_ADVERTISING_MS / speed, _ADVERTISING_LEAST_MS)
        self.air, self.identity, self.battery_percent = air, identity, battery_percent
        self._queue: deque[tuple[Characteristic, bytes]] = deque()
        self._answers: deque[tuple[Characteristic, bytes]] = deque()
        self._connection: Connection | None = None
        self._device: Device | None = None
        self._wanted: set[Characteristic[bytes]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def payload_n(self) -> int:
        """See Outlet: the ATT MTU less 3."""
        return int(self._connection.att_mtu) - 3 if self._connection is not None else 20

    async def switch_on(self) -> None:
        """See Outlet."""
        address = hci.Address(self.identity.address, hci.Address.RANDOM_DEVICE_ADDRESS)
        configuration = DeviceConfiguration(name=self.identity.name, address=address)
        configuration.advertising_interval_min = configuration.advertising_interval_max = self._advertising_ms
        self.controller = self.air.join(self.identity.name, self.identity.address)
        host = Host(self.controller, AsyncPipeSink(self.controller))
        device = Device(config=configuration, host=host)
        # With more, BlueZ writes 514 bytes at once and drops them.
        device.gatt_server.max_mtu = ATT_MTU
        device.add_services(self._services())
        device.on(Device.EVENT_CONNECTION, self._taken)
        self._device = device
        await device.power_on()
        await self.advertise()

    async def switch_off(self) -> None:
        """See Outlet."""
        device, self._device = self._device, None
        if device is not None:
            await asyncio.gather(*self._tasks)
            await device.stop_advertising()
            self.air.leave(self.controller)
            await asyncio.sleep(_HEARD_S)
            await device.power_off()

    async def advertise(self) -> None:
        """Say that it is there, with the flag of an alert; nothing while it is connected."""
        if self._device is not None and self._connection is None:
            await self._device.stop_advertising()
        if self._device is not None and self._connection is None and self.alerting is not None:
            await self._device.start_advertising(advertising_data=self.advertised())

    def advertised(self) -> bytes:
        """Advertising data, at most 31 bytes. A name that does not fit is cut: bumble sends no scan response."""
        kinds = AdvertisingData.Type
        parts: list[tuple[int, bytes]] = [(kinds.FLAGS, b"\x06")]
        if self.identity.streams:
            listed = kinds.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS
            parts.append((listed, UUID(STREAM_SERVICE).to_bytes()))
        else:
            listed = kinds.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS
            parts.append((listed, gatt.GATT_HEART_RATE_SERVICE.to_bytes()))
        if self.alerting:
            parts.append((kinds.MANUFACTURER_SPECIFIC_DATA, struct.pack("<HB", ALERT_COMPANY, self.alerting)))
        room = _ADVERTISED_N - sum(2 + len(body) for _, body in parts) - 2
        whole = self.identity.name.encode()
        cut = whole[:room].decode("utf-8", "ignore").encode()
        kind = kinds.COMPLETE_LOCAL_NAME if cut == whole else kinds.SHORTENED_LOCAL_NAME
        return bytes(AdvertisingData([*parts, (kind, cut)]))

    @property
    def room_n(self) -> int:
        """See Outlet."""
        return QUEUE_N - len(self._queue) if self.subscribed else 0

    def send(self, packet: bytes) -> None:
        """See Outlet. A stride is also told to who wants Running Speed and Cadence."""
        if self._measurement in self._wanted and packet[0] == KIND_STRIDE:
            self._queue.append((self._measurement, running_speed(packet)))
        if self._packets in self._wanted and not self.loses(packet):
            self._queue.append((self._packets, packet))

    def answer(self, response: bytes) -> None:
        """See Outlet: in as many notifications as it takes."""
        room = self.payload_n
        self._answers.extend((self._smp, response[at : at + room]) for at in range(0, len(response), room))

    def reach(self, within: bool, now_s: float) -> None:
        """See Outlet."""
        if within:
            self.air.in_reach(self.controller)
        else:
            self.air.out_of_reach(self.controller, now_s)

    async def event(self, now_s: float) -> None:
        """A connection event: as much as fits goes out, a part of it answers to SMP where some wait."""
        if await self._fill():
            for _ in range(_TO_CONTROLLER_N):
                await asyncio.sleep(0)
        self.air.event(now_s)

    async def _fill(self) -> bool:
        """Whether anything goes out."""
        for k in range(_PER_EVENT_N):
            queue = self._answers if self._answers and (k % 2 or not self._queue) else self._queue
            if not queue or self._device is None or self._connection is None:
                return k > 0
            characteristic, value = queue.popleft()
            await self._device.notify_subscriber(self._connection, characteristic, value)
        return True

    @property
    def waiting_n(self) -> int:
        """See Outlet."""
        return len(self._queue) + len(self._answers)

    def _taken(self, connection: Connection) -> None:
        self._connection, self.connected = connection, True
        connection.on(Connection.EVENT_DISCONNECTION, self._let)
        connection.on(Connection.EVENT_CONNECTION_ATT_MTU_UPDATE, lambda: self.on_host())
        self.on_host()

    def _let(self, reason: int) -> None:
        self._connection, self.connected, self.subscribed = None, False, False
        self._wanted = set()
        self._queue.clear()
        self._answers.clear()
        self.on_host()
        task = asyncio.get_running_loop().create_task(self.advertise())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _wants(self, characteristic: Characteristic[bytes], notify: bool) -> None:
        self._wanted = self._wanted | {characteristic} if notify else self._wanted - {characteristic}
        self.subscribed = bool(self._wanted)
        self.on_host()

    def _services(self) -> list[Service]:
        self._packets: Characteristic[bytes] = Characteristic(STREAM_PACKETS, _NOTIFY, Characteristic.READABLE, b"")
        self._battery: Characteristic[bytes] = Characteristic(
            gatt.GATT_BATTERY_LEVEL_CHARACTERISTIC,
            _READ | _NOTIFY,
            Characteristic.READABLE,
            CharacteristicValue(read=lambda _: bytes([self.battery_percent])),
        )
        self._smp: Characteristic[bytes] = Characteristic(
            SMP_CHARACTERISTIC,
            _WRITE | _NOTIFY,
            Characteristic.WRITEABLE,
            CharacteristicValue(write=lambda _, value: self.on_request(bytes(value))),
        )
        self._measurement: Characteristic[bytes] = Characteristic(
            _RSC_MEASUREMENT, _NOTIFY, Characteristic.READABLE, b""
        )
        for streamed in (self._packets, self._measurement):
            streamed.on(
                Characteristic.EVENT_SUBSCRIPTION, lambda _, notify, indicate, of=streamed: self._wants(of, notify)
            )
        about = DeviceInformationService(
            manufacturer_name="Trendel",
            model_number="simulated clip",
            serial_number=self.identity.serial,
            firmware_revision=self.identity.firmware,
        )
        services = [Service(gatt.GATT_BATTERY_SERVICE, [self._battery]), about]
        if self.identity.streams:
            services.append(Service(STREAM_SERVICE, [self._packets]))
            services.append(Service(SMP_SERVICE, [self._smp]))
        if self.identity.running_speed:
            feature = (_RSC_FEATURE, struct.pack("<H", _RUNNING))
            location = (_SENSOR_LOCATION, bytes([_HIP]))
            told = [Characteristic(uuid, _READ, Characteristic.READABLE, value) for uuid, value in (feature, location)]
            services.append(Service(_RSC, [self._measurement, *told]))
        return services


def running_speed(packet: bytes) -> bytes:
    """An RSC measurement of a packet of strides: cadence of one foot, and the speed 0, since a clip at the pelvis knows
    none (docs/simulated-clip.md)."""
    block = decode(packet)
    assert isinstance(block, RecordBlock)
    time_ms = float(own_layout(KIND_STRIDE).physical(block)["stride_time_ms"][-1])
    cadence = round(60_000.0 / time_ms) if time_ms > 0.0 else 0
    return struct.pack("<BHB", _RUNNING if cadence else 0, 0, min(cadence, 255))
