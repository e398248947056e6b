"""In the guest: joins /dev/vhci, its Bluetooth adapter, to the simulated clip outside, by HCI over a virtual port."""

import asyncio
import os
from pathlib import Path

from bumble.transport.common import PacketParser
from bumble.transport.vhci import open_vhci_transport

PORTS = Path("/sys/class/virtio-ports")
_READ_N = 4096


def port() -> Path:
    """The port that is called hci."""
    name = next(path.name for path in PORTS.iterdir() if (path / "name").read_text().strip() == "hci")
    return Path("/dev", name)


async def main() -> None:
    """Until it is killed."""
    far = os.open(port(), os.O_RDWR)
    kernel = await open_vhci_transport(None)

    class Outside:
        def on_packet(self, packet: bytes) -> None:
            os.write(far, packet)

    kernel.source.set_packet_sink(Outside())
    parser = PacketParser(kernel.sink)
    while data := await asyncio.to_thread(os.read, far, _READ_N):
        parser.feed_data(data)


if __name__ == "__main__":
    asyncio.run(main())
