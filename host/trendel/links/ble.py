"""`ble:NAME-or-address`: a clip over Bluetooth LE, with bleak. Each notification is a packet."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from trendel.clock import Clock
from trendel.errors import LinkError
from trendel.links.held import HeldLink, Patience
from trendel.links.moniker import Moniker
from trendel.wire.framing import NotificationFramer
from trendel.wire.gatt import SMP_CHARACTERISTIC, STREAM_PACKETS, STREAM_SERVICE

try:
    from bleak import BleakClient, BleakGATTCharacteristic, BleakScanner
    from bleak.backends.client import BaseBleakClient
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
    from bleak.exc import BleakBluetoothNotAvailableError, BleakError
except ImportError:
    raise LinkError("Bluetooth needs bleak: pip install 'trendel[links]'.") from None

ADAPTER = "TRENDEL_BLE"
"""Names another Bluetooth than the system's: bumble:TRANSPORT, an HCI transport as bumble calls it. docs/live.md."""
SCAN_S = 8.0
_CONNECT_S = 15.0
_LET_GO_S = 5.0  # BlueZ takes half of it
_SETTINGS = "switch Bluetooth on in the system's settings (Linux: `bluetoothctl power on`)"


@dataclass(frozen=True)
class Backend:
    """What stands in for the system's Bluetooth; None: the system's own."""

    client: type[BaseBleakClient] | None = None
    scanner: type[BaseBleakScanner] | None = None


def chosen_backend() -> Backend:
    """The system's own, or what the environment names. Raises LinkError for what names none."""
    kind, _, transport = os.environ.get(ADAPTER, "").partition(":")
    if not kind:
        return Backend()
    if kind != "bumble" or not transport:
        raise LinkError(f"{ADAPTER} is bumble:TRANSPORT, such as bumble:tcp-client:127.0.0.1:4000, or unset.")
    from trendel.links.sim import need_bumble

    need_bumble()
    from trendel.links.sim.backend import over_transport

    return over_transport(transport).backend()


@dataclass(frozen=True)
class Seen:
    """A clip in reach. `address`: a UUID on macOS. `rssi_dbm`: how strong it is heard."""

    name: str
    address: str
    rssi_dbm: int
    device: BLEDevice


async def scan(seconds: float, backend: Backend | None = None, *, first: str | None = None) -> list[Seen]:
    """Clips that advertise the stream service, strongest first; at once when the one named `first` is seen.

    Raises LinkError where Bluetooth is off, missing or not permitted."""
    found: dict[str, Seen] = {}
    enough = asyncio.Event()

    def seen(device: BLEDevice, said: AdvertisementData) -> None:
        name = said.local_name or device.name or ""
        found[device.address] = Seen(name, device.address, said.rssi, device)
        if first and _is_named(found[device.address], first):
            enough.set()

    try:
        async with BleakScanner(seen, [STREAM_SERVICE], backend=(backend or chosen_backend()).scanner):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(enough.wait(), seconds)
    except (BleakError, OSError, EOFError) as error:
        raise LinkError(_sentence("Bluetooth", error)) from None
    return sorted(found.values(), key=lambda clip: -clip.rssi_dbm)


class BleLink(HeldLink):
    """A clip, found by its name, its address, or as the only one in reach; afterwards always the same one."""

    def __init__(
        self,
        moniker: Moniker,
        clock: Clock,
        *,
        backend: Backend | None = None,
        patience: Patience | None = None,
        scan_s: float = SCAN_S,
        certain: bool = False,
    ) -> None:
        """`certain`: a name is looked for long enough to see whether two clips have it."""
        super().__init__(moniker, clock, patience or Patience())
        self._backend, self._scan_s, self._certain = backend or chosen_backend(), scan_s, certain
        self._framer = NotificationFramer(self.counts)
        self._client: BleakClient | None = None
        self._address = ""

    async def _reach(self) -> str:
        clip = await self._find()
        self._address = clip.address
        who = clip.name or clip.address

        def lost(client: BleakClient) -> None:
            if client is self._client:
                self._is_lost(f"{who} is out of reach or was switched off; it is looked for again.")

        client = BleakClient(clip.device, lost, timeout=_CONNECT_S, backend=self._backend.client)
        self._client = client
        try:
            # bleak's own limit does not hold for all that a backend does on the way.
            async with asyncio.timeout(2 * _CONNECT_S):
                await client.connect()
                await self._subscribe(client, who)
            smp = client.services.get_characteristic(SMP_CHARACTERISTIC)
            carrier = None if smp is None else _Carrier(self, client, smp)
            self._manages(carrier, f"{who} offers no management: update its firmware.", offers=carrier is not None)
        except (BleakError, OSError, EOFError, TimeoutError) as error:
            await self._let_go()
            raise LinkError(_sentence(who, error)) from None
        except BaseException:
            await self._let_go()
            raise
        return who

    async def _subscribe(self, client: BleakClient, who: str) -> None:
        # Connection parameters and MTU are for the clip and the system to agree on: bleak cannot ask for them.
        packets = client.services.get_characteristic(STREAM_PACKETS)
        if packets is None:
            raise LinkError(f"{who} is no Trendel clip: it lacks the stream service; see `trendel scan`.")

        def notified(_: Any, data: bytearray) -> None:
            if client is self._client:
                self._feed(self._framer, data, self.clock.now_ns())

        async def subscribe() -> None:
            # BlueZ gives each notification twice where both of its ways are used.
            await client.start_notify(packets, notified, bluez={"use_start_notify": False})

        await _paired_where_asked(client, subscribe)

    def _managed(self, client: BleakClient, data: bytearray) -> None:
        if client is self._client:
            self._answered(data)

    async def _let_go(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(BleakError, OSError, EOFError, TimeoutError):
                async with asyncio.timeout(_LET_GO_S):
                    # bluetoothd (5.66 at least) may crash where a connection ends under a subscription.
                    for subscribed in (SMP_CHARACTERISTIC, STREAM_PACKETS):
                        if client.is_connected:
                            with contextlib.suppress(BleakError, KeyError):  # that there is none, or that it is lost
                                await client.stop_notify(subscribed)
                    await client.disconnect()

    async def _find(self) -> Seen:
        wanted = self._address or self.moniker.target
        named = bool(wanted) and not (self._certain and not self._address)
        seen = await scan(
            self._scan_s if named else min(self._scan_s, SCAN_S / 2), self._backend, first=wanted if named else None
        )
        matching = [clip for clip in seen if not wanted or _is_named(clip, wanted)]
        if not matching:
            others = ", ".join(clip.name or clip.address for clip in seen)
            beside = f" In reach are {others}." if others else ""
            raise LinkError(
                f"{wanted or 'A clip'} is not in reach: wake it by moving it, bring it near, and see that no phone or "
                f"other computer is connected to it.{beside}"
            )
        if len(matching) > 1 and not self._address:
            names = ", ".join(f"{clip.name} ({clip.address})" for clip in matching)
            raise LinkError(f"Several clips are in reach ({names}): name one, such as ble:{matching[0].address}.")
        return matching[0]


class _Carrier:
    """SMP on the connection that the packets come by: see Carrier."""

    def __init__(self, link: BleLink, client: BleakClient, characteristic: BleakGATTCharacteristic) -> None:
        self._link, self._client, self._characteristic = link, client, characteristic
        self._sending = asyncio.Lock()

    @property
    def piece_n(self) -> int:
        """See Carrier. On BlueZ only the characteristic knows."""
        return int(self._characteristic.max_write_without_response_size)

    async def start(self) -> None:
        """See Carrier."""

        def notified(_: Any, data: bytearray) -> None:
            self._link._managed(self._client, data)

        async def subscribe() -> None:
            await self._client.start_notify(self._characteristic, notified, bluez={"use_start_notify": False})

        await _paired_where_asked(self._client, subscribe)

    async def secure(self) -> None:
        """See Carrier."""
        with contextlib.suppress(BleakError, NotImplementedError, OSError, TimeoutError):
            await self._client.pair()

    async def send(self, frame: bytes) -> None:
        """See Carrier."""
        n = self.piece_n
        async with self._sending:  # pieces of two frames must not mix
            for at in range(0, len(frame), n):
                await self._client.write_gatt_char(self._characteristic, frame[at : at + n], response=False)


async def _paired_where_asked(client: BleakClient, work: Callable[[], Awaitable[None]]) -> None:
    """`work`, after pairing where the clip asks for it."""
    try:
        await work()
    except BleakError as error:
        if not _asks_for_pairing(error):
            raise
        with contextlib.suppress(NotImplementedError):  # macOS pairs by itself
            await client.pair()
        await work()


def _asks_for_pairing(error: BleakError) -> bool:
    """Whether the clip refuses what it only gives to whom it is paired with; each system words it otherwise."""
    said = str(error).lower().replace("_", " ")  # bumble: INSUFFICIENT_AUTHENTICATION
    return any(words in said for words in ("insufficient auth", "insufficient enc", "0x05", "0x0f", "not paired"))


def _is_named(clip: Seen, wanted: str) -> bool:
    return wanted.lower() in (clip.address.lower(), clip.name.lower())


def _sentence(who: str, error: BaseException) -> str:
    said = str(error)
    low = said.lower()
    if isinstance(error, BleakBluetoothNotAvailableError):
        if os.environ.get(ADAPTER):
            return f"{error.args[0]}: see that {ADAPTER} names what is there."
        reason = error.reason.name
        if "DENIED" in reason or "PERMISSION" in reason:
            return "This program may not use Bluetooth: allow it in the system's privacy settings."
        if "OFF" in reason:
            return f"Bluetooth is off: {_SETTINGS}."
        return "This computer has no Bluetooth that can be used: plug in an adapter, or use usb:."
    if "turned off" in low or "not powered" in low or "notready" in low or "not ready" in low:
        return f"Bluetooth is off: {_SETTINGS}."
    if "accessdenied" in low or "notpermitted" in low or "not authorized" in low or "permission" in low:
        return (
            "This user may not use Bluetooth: on Linux join the group bluetooth and log in again; elsewhere allow it "
            "in the privacy settings."
        )
    if isinstance(error, FileNotFoundError) or "serviceunknown" in low or "no bluetooth" in low or "dbus" in low:
        return "No Bluetooth service answers here: on Linux start it (`systemctl start bluetooth`), or use usb:."
    if isinstance(error, TimeoutError):
        return f"{who} did not answer in time: bring it near, and see that nothing else is connected to it."
    return f"{who} could not be connected ({said.strip('.') or type(error).__name__}): bring it near and try again."
