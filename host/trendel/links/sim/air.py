"""The air between virtual controllers: connection events, and who is out of reach.

bumble's LocalLink hands packets on at once. Here they wait for the next connection event, and nothing passes while a
device is out of reach; a connection that hears nothing for the supervision timeout is lost at both ends (reason 0x08),
as in Bluetooth Core 5.3, volume 6, part B, sections 4.5.1 and 4.5.2. What waits is kept: a link layer retransmits."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from bumble import hci, ll
from bumble.controller import Connection, Controller
from bumble.core import PhysicalTransport
from bumble.link import LocalLink

INTERVAL_S = 0.015
"""Between connection events: what phones and computers grant."""
SUPERVISION_S = 0.72
"""Without a word for so long a connection is lost: bumble's and BlueZ' proposal (720 ms)."""

PER_EVENT_N = 10
"""Packets of a device that one connection event takes: of 251 bytes on the 2M PHY 1.1 ms each, with answer and gaps."""

_ABSENT = (
    hci.LeFeatureMask.LL_PRIVACY | hci.LeFeatureMask.LE_EXTENDED_ADVERTISING | hci.LeFeatureMask.LE_PERIODIC_ADVERTISING
)
_CONTROL_S = 0.03  # a Linux kernel that is told of a link-layer procedure before its own connection was reported fails


class AirController(Controller):
    """bumble's controller with what Linux and Zephyr hosts ask of one, and packets of a whole ATT PDU of 247 bytes."""

    le_acl_data_packet_length = 251
    le_features = Controller.le_features & ~_ABSENT

    def on_hci_command_packet(self, command: hci.HCI_Command) -> None:
        """See Controller; to Host Number Of Completed Packets nothing is answered (Core 5.3, 4.E.7.3.40)."""
        if command.op_code != hci.HCI_HOST_NUMBER_OF_COMPLETED_PACKETS_COMMAND:
            super().on_hci_command_packet(command)

    def on_hci_le_set_phy_command(self, command: hci.HCI_LE_Set_PHY_Command) -> None:
        """Stay on the 1M PHY, and say so."""
        self._send_hci_command_status(hci.HCI_ErrorCode.SUCCESS, command.op_code)
        done = hci.HCI_LE_PHY_Update_Complete_Event(
            status=hci.HCI_ErrorCode.SUCCESS,
            connection_handle=command.connection_handle,
            tx_phy=hci.HCI_LE_1M_PHY,
            rx_phy=hci.HCI_LE_1M_PHY,
        )
        self.send_hci_packet(done)


class Air(LocalLink):
    """Joins controllers. Time passes by `event`, which the simulated world calls once a connection event."""

    def __init__(self) -> None:
        super().__init__()
        self._held: deque[tuple[Controller | None, Callable[[], None]]] = deque()  # data with who sends it
        self._alone_s: dict[tuple[Controller, int], float] = {}  # connections without another end, since when
        self._unheard_s: dict[Controller, float] = {}  # those out of reach, since when

    def join(self, name: str, address: str) -> AirController:
        """A new controller; `address` is its public one."""
        controller = AirController(name, link=self, public_address=address)
        controller.random_address = hci.Address(address, hci.Address.RANDOM_DEVICE_ADDRESS)
        self.add_controller(controller)
        return controller

    def leave(self, controller: Controller) -> None:
        """It is switched off: whoever it was connected to loses it."""
        self._drop(controller, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)
        self._unheard_s.pop(controller, None)
        self.controllers.discard(controller)

    def out_of_reach(self, controller: Controller, now_s: float) -> None:
        """From now on nothing of it is heard, nor does it hear."""
        self._unheard_s.setdefault(controller, now_s)

    def in_reach(self, controller: Controller) -> None:
        """It is back: what was held passes at the next event, unless the connection was lost meanwhile."""
        self._unheard_s.pop(controller, None)

    def event(self, now_s: float) -> None:
        """A connection event: what waits passes, and connections that time out are lost."""
        for controller, since_s in self._unheard_s.items():
            if now_s - since_s >= SUPERVISION_S and controller.le_connections:
                self._held.clear()
                self._drop(controller, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)
        self._drop_one_sided(now_s)
        if not self._unheard_s:
            self._pass()

    def _drop_one_sided(self, now_s: float) -> None:
        """A connection whose other end restarted while it was made hears nothing, and times out."""
        alone = [
            (controller, connection)
            for controller in self.controllers
            for connection in controller.le_connections.values()
            if not any(connection.self_address in other.le_connections for other in self.controllers - {controller})
        ]
        keys = [(controller, connection.handle) for controller, connection in alone]
        self._alone_s = {key: self._alone_s.get(key, now_s) for key in keys}
        for key, (controller, connection) in zip(keys, alone, strict=True):
            if now_s - self._alone_s[key] >= SUPERVISION_S:
                _end(controller, connection, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)

    def _pass(self) -> None:
        sent_n: dict[Controller, int] = {}
        later: deque[tuple[Controller | None, Callable[[], None]]] = deque()
        while self._held:
            sender, arrive = self._held.popleft()
            if sender is not None:
                sent_n[sender] = sent_n.get(sender, 0) + 1
                if sent_n[sender] > PER_EVENT_N:
                    later.append((sender, arrive))
                    continue
            arrive()
        self._held = later

    def send_acl_data(
        self,
        sender_controller: Controller,
        destination_address: hci.Address,
        transport: PhysicalTransport,
        data: bytes,
    ) -> None:
        """See LocalLink, which names the sender by its random address even where it is known by its public one."""
        connection = sender_controller.le_connections.get(destination_address)
        receiver = self.find_le_controller(destination_address)
        if connection is not None and receiver is not None:
            sender = connection.self_address
            self._held.append((sender_controller, lambda: receiver.on_link_acl_data(sender, transport, data)))

    def send_ll_control_pdu(
        self, sender_address: hci.Address, receiver_address: hci.Address, packet: ll.ControlPdu
    ) -> None:
        """See LocalLink."""
        receiver = self.find_le_controller(receiver_address)
        if receiver is not None:
            self._held.append((None, lambda: self._control(receiver, sender_address, packet)))

    def send_advertising_pdu(self, sender_controller: Controller, packet: ll.AdvertisingPdu) -> None:
        """See LocalLink: heard by all in reach; a connection to who no longer advertises is none."""
        if sender_controller in self._unheard_s:
            return
        loop = asyncio.get_running_loop()
        for controller in self.controllers - {sender_controller} - self._unheard_s.keys():
            loop.call_soon(controller.on_ll_advertising_pdu, packet)
        if isinstance(packet, ll.ConnectInd):
            loop.call_soon(self._establish, sender_controller, packet.advertiser_address)

    def _establish(self, central: Controller, address: hci.Address) -> None:
        """Tell a central whose request nobody took (Core 5.3, volume 1, part F, 2.62)."""
        mine = central.le_connections.get(address)
        taken = any(mine is not None and mine.self_address in c.le_connections for c in self.controllers - {central})
        if mine is not None and not taken:
            central.on_le_disconnected(mine, hci.HCI_ErrorCode.CONNECTION_FAILED_TO_BE_ESTABLISHED_ERROR)

    def _control(self, receiver: Controller, sender: hci.Address, packet: ll.ControlPdu) -> None:
        if isinstance(packet, ll.TerminateInd):
            receiver.on_ll_control_pdu(sender, packet)
        else:
            asyncio.get_running_loop().call_later(_CONTROL_S, receiver.on_ll_control_pdu, sender, packet)

    def _drop(self, controller: Controller, reason: int) -> None:
        """End all of its connections, at both ends."""
        for connection in list(controller.le_connections.values()):
            for other in self.controllers - {controller}:
                theirs = other.le_connections.get(connection.self_address)
                if theirs is not None and theirs.self_address == connection.peer_address:
                    other.on_le_disconnected(theirs, reason)
            _end(controller, connection, reason)


def _end(controller: Controller, connection: Connection, reason: int) -> None:
    if controller.le_connections.get(connection.peer_address) is connection:
        controller.on_le_disconnected(connection, reason)
