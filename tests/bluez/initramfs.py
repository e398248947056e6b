"""What a kernel is booted with: busybox, a script and some modules, as a cpio archive (newc format)."""

from __future__ import annotations

import gzip
import lzma
import shutil
import stat
import subprocess
from collections.abc import Iterable
from pathlib import Path


def module_files(names: Iterable[str], release: str) -> list[Path]:
    """Files of kernel modules in the order in which they are loaded, with all that they need."""
    modprobe = shutil.which("modprobe") or "/sbin/modprobe"
    files: list[Path] = []
    for name in names:
        command = [modprobe, "-S", release, "--show-depends", name]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for line in said.splitlines():  # "insmod FILE ..." or "builtin NAME"
            kind, _, rest = line.partition(" ")
            path = Path(rest.split()[0]) if kind == "insmod" else None
            if path is not None and path not in files:
                files.append(path)
    return files


def write_initramfs(path: Path, busybox: Path, init: str, modules: list[Path]) -> Path:
    """Write it; `path`."""
    archive = bytearray()
    for folder in ("bin", "dev", "proc", "sys", "host", "rw", "new", "modules"):
        archive += _entry(folder, stat.S_IFDIR | 0o755, b"")
    archive += _entry("bin/busybox", stat.S_IFREG | 0o755, busybox.read_bytes())
    archive += _entry("init", stat.S_IFREG | 0o755, init.encode())
    for number, module in enumerate(modules):
        raw = lzma.decompress(module.read_bytes()) if module.suffix == ".xz" else module.read_bytes()
        archive += _entry(f"modules/{number:03}-{module.name.removesuffix('.xz')}", stat.S_IFREG | 0o644, raw)
    archive += _entry("TRAILER!!!", 0, b"")
    path.write_bytes(gzip.compress(bytes(archive), 1))
    return path


def _entry(name: str, mode: int, body: bytes) -> bytes:
    """See the kernel's Documentation/driver-api/early-userspace/buffer-format.rst."""
    coded = name.encode() + b"\0"
    fields = (0, mode, 0, 0, 1, 0, len(body), 0, 0, 0, 0, len(coded), 0)
    head = b"070701" + b"".join(f"{field:08x}".encode() for field in fields) + coded
    return _padded(head) + _padded(body)


def _padded(raw: bytes) -> bytes:
    return raw + bytes(-len(raw) % 4)
