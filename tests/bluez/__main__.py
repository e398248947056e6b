"""`make test-bluez`: the contract of links over bleak's BlueZ backend, bluetoothd and a stock Linux kernel.

The kernel runs in QEMU with this computer's `/`, read-only, over 9p (writes go to memory). Its Bluetooth adapter is
/dev/vhci, joined to the simulated clip, which runs outside: everything but the radio is what a Linux user has. Nothing
on this computer is changed. Without hardware acceleration it takes some minutes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bluez.initramfs import module_files, write_initramfs
from tests.host.links.made import csv_file

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = "qemu-system-x86 linux-image-amd64 bluez dbus busybox-static kmod"
LIMIT_S = 1500.0
_DONE = "TRENDEL-BLUEZ ended with "
_MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay", "virtio_console")
# Without the first ones no adapter appears: Bluetooth asks for them while it starts.
_BLUETOOTH = "hmac sha256_generic sha512_generic ctr drbg ecb aes_generic cmac ecdh_generic bluetooth hci_vhci"

_INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in /modules/*; do insmod "$module"; done
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=loose,ro host /host || reboot -f
mount -t tmpfs tmpfs /rw
mkdir /rw/up /rw/work
mount -t overlay -o lowerdir=/host,upperdir=/rw/up,workdir=/rw/work overlay /new || reboot -f
for folder in proc sys dev; do mount --move /$folder /new/$folder; done
/bin/busybox mount -t tmpfs tmpfs /new/run
/bin/busybox chroot /new /bin/sh {guest}
reboot -f
"""

_GUEST = """
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
modprobe -a {modules}
mkdir -p /run/dbus
dbus-daemon --system --fork
({bluetoothd} -n; echo "bluetoothd ended with $?") > /run/bluetoothd.log 2>&1 &
cd {root}
export PYTHONPATH={pythonpath} PYTHONDONTWRITEBYTECODE=1
{python} -m tests.bluez.bridge &
for i in $(seq 240); do
  bluetoothctl show 2>/dev/null | grep -q 'Powered: yes' && break
  bluetoothctl power on >/dev/null 2>&1
  sleep 0.5
done
bluetoothctl show | grep -E 'Controller|Powered'
TRENDEL_LINK=ble:Anna {python} -m pytest tests/host/links/test_contract.py -k firmware -q -p no:cacheprovider
ended=$?
[ $ended = 0 ] || (tail -n 40 /run/bluetoothd.log; dmesg | tail -n 10)
echo "{done}$ended"
"""


@dataclass(frozen=True)
class Tools:
    """What of the system it uses."""

    qemu: str
    bluetoothd: str
    busybox: str
    kernel: Path
    release: str


def find_tools() -> Tools | str:
    """The tools, or a sentence that says what is missing."""
    daemons = (shutil.which("bluetoothd"), "/usr/libexec/bluetooth/bluetoothd", "/usr/lib/bluetooth/bluetoothd")
    bluetoothd = next((path for path in daemons if path and Path(path).exists()), None)
    qemu, busybox = shutil.which("qemu-system-x86_64"), shutil.which("busybox")
    missing = [
        name
        for name, there in (
            ("qemu-system-x86_64", qemu),
            ("bluetoothd", bluetoothd),
            ("dbus-daemon", shutil.which("dbus-daemon")),
            ("busybox", busybox),
            ("modprobe", shutil.which("modprobe") or Path("/sbin/modprobe").exists()),
        )
        if not there
    ]
    kernels = sorted(Path("/boot").glob("vmlinuz-*"), key=lambda path: path.stat().st_mtime, reverse=True)
    kernel = next((path for path in kernels if _has_vhci(path.name.removeprefix("vmlinuz-"))), None)
    if kernel is None:
        missing.append("a kernel in /boot with hci_vhci among its modules")
    elif not os.access(kernel, os.R_OK):
        missing.append(f"the right to read {kernel}")
    if missing or not (qemu and bluetoothd and busybox and kernel):
        return f"make test-bluez lacks {', '.join(missing)}. On Debian: apt-get install {PACKAGES}"
    return Tools(qemu, bluetoothd, busybox, kernel, kernel.name.removeprefix("vmlinuz-"))


def _has_vhci(release: str) -> bool:
    return any(Path("/lib/modules", release).glob("kernel/drivers/bluetooth/hci_vhci.ko*"))


def main() -> int:
    """0 where the contract holds; 2 where something is missing."""
    tools = find_tools()
    if isinstance(tools, str):
        print(tools, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="trendel-bluez-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        socket, guest = folder / "hci", folder / "guest.sh"
        parts = {
            "modules": _BLUETOOTH,
            "bluetoothd": tools.bluetoothd,
            "root": ROOT,
            "pythonpath": os.pathsep.join(path for path in sys.path if path),
            "python": sys.executable,
            "done": _DONE,
        }
        guest.write_text(_GUEST.format(**parts))
        modules = module_files(_MODULES, tools.release)
        initramfs = write_initramfs(folder / "initramfs.gz", Path(tools.busybox), _INIT.format(guest=guest), modules)
        with (folder / "clip.log").open("w+") as log:
            clip = _clip(csv_file(folder, 900.0), socket, log.fileno())
            try:
                return _run(tools, initramfs, socket)
            finally:
                clip.terminate()
                clip.wait(30)


def _clip(recording: Path, socket: Path, log: int) -> subprocess.Popen[bytes]:
    """The simulated clip, served; it begins to measure when somebody subscribes."""
    code = "from trendel.app.cli import main; main()"
    arguments = ["clip", "simulate", str(recording), "--transport", f"unix-server:{socket}"]
    clip = subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=log, stderr=log)
    ends = time.monotonic() + 180.0
    while not socket.exists():
        assert clip.poll() is None and time.monotonic() < ends, "the simulated clip did not start"
        time.sleep(0.1)
    return clip


def _run(tools: Tools, initramfs: Path, socket: Path) -> int:
    command = [
        tools.qemu, "-accel", "tcg,thread=multi", "-cpu", "Haswell-noTSX", "-smp", "1", "-m", "2048",
        "-nographic", "-no-reboot", "-nodefaults", "-serial", "stdio",
        "-kernel", str(tools.kernel), "-initrd", str(initramfs),
        "-append", "console=ttyS0 panic=-1 oops=panic quiet loglevel=3",
        "-fsdev", "local,id=host,path=/,security_model=none,readonly=on,multidevs=remap",
        "-device", "virtio-9p-pci,fsdev=host,mount_tag=host",
        "-device", "virtio-serial-pci",
        "-chardev", f"socket,id=hci,path={socket}", "-device", "virtserialport,chardev=hci,name=hci",
    ]  # fmt: skip
    ended = 1
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    began_s = time.monotonic()
    assert process.stdout is not None
    try:
        for raw in process.stdout:
            line = raw.decode("utf-8", "replace").rstrip()
            print(f"{time.monotonic() - began_s:6.1f} {line}", flush=True)
            if line.startswith(_DONE):
                ended = int(line.removeprefix(_DONE))
            if time.monotonic() - began_s > LIMIT_S:
                print(f"It was not done after {LIMIT_S:g} s.", file=sys.stderr)
                break
    finally:
        process.kill()
        process.wait()
    return ended


if __name__ == "__main__":
    sys.exit(main())
