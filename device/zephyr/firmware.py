"""`make firmware`: the clip's program and MCUboot for every board, signed, with their sizes against what they may have.

ZEPHYR_BASE names a Zephyr workspace of the user's own (3.4 or newer, with MCUboot); nothing is fetched. Exit code 2,
and one sentence, where something is missing; 1 where a build fails or an image is too large."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
OUT = ROOT / "build" / "firmware"
FLASH_MAX, RAM_MAX = 400 * 1024, 128 * 1024
UF2_FAMILY = "0xADA52840"  # nRF52840, as the XIAO's own bootloader knows it


@dataclass(frozen=True)
class Board:
    """One board: `zephyr` is its name for the application, `boot` for MCUboot."""

    name: str
    zephyr: str
    boot: str
    conf: str | None = None

    @property
    def native(self) -> bool:
        """A Linux process."""
        return self.name == "native_sim"


BOARDS = (
    Board("native_sim", "native_sim_64", "native_sim_64"),
    Board("xiao_ble_sense", "xiao_ble_sense", "xiao_ble", "nrf52840.conf"),
    Board("nrf52840dk", "nrf52840dk_nrf52840", "nrf52840dk_nrf52840", "nrf52840.conf"),
)


class FirmwareError(Exception):
    """One sentence: what is missing, or what failed. `code`: exit code."""

    def __init__(self, sentence: str, code: int = 2) -> None:
        super().__init__(sentence)
        self.code = code


def workspace() -> Path:
    """ZEPHYR_BASE, looked at. Raises FirmwareError."""
    named = os.environ.get("ZEPHYR_BASE")
    if not named:
        raise FirmwareError("ZEPHYR_BASE is not set: name a Zephyr workspace of yours (docs/firmware.md, Building).")
    base = Path(named)
    if not (base / "cmake" / "modules").is_dir():
        raise FirmwareError(f"ZEPHYR_BASE={named} holds no Zephyr.")
    for tool, package in (("cmake", "cmake"), ("ninja", "ninja-build"), ("dtc", "device-tree-compiler")):
        if shutil.which(tool) is None:
            raise FirmwareError(f"{tool} is not installed (Debian: apt-get install {package}).")
    return base


def run(command: list[str], log: Path) -> None:
    """Run a step of the build; its output goes to `log`. Raises FirmwareError with its last words."""
    with log.open("a") as file:
        file.write(f"$ {' '.join(command)}\n")
        file.flush()
        done = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, cwd=ROOT, check=False)
    if done.returncode != 0:
        lines = log.read_text(errors="replace").splitlines()
        said = [line for line in lines if re.search(r"error|FAILED", line, re.IGNORECASE)][-3:] or lines[-3:]
        raise FirmwareError(f"{command[0]} failed, see {log}: {' / '.join(said)[:600]}", 1)


def configured(source: Path, target: Path, options: list[str], log: Path) -> None:
    """A build folder, made up to date."""
    if not (target / "build.ninja").exists():
        run(["cmake", "-GNinja", "-S", str(source), "-B", str(target), *options], log)
    run(["ninja", "-C", str(target)], log)


def module(build: Path, name: str) -> Path:
    """Folder of a module of the workspace, as Zephyr found it. Raises FirmwareError."""
    listed = (build / "zephyr_modules.txt").read_text() if (build / "zephyr_modules.txt").exists() else ""
    found = re.search(rf'^"{name}":"([^"]+)"', listed, re.MULTILINE)
    if found is None:
        raise FirmwareError(f"The Zephyr workspace has no module {name}: `west update` brings it.")
    return Path(found[1])


def build(board: Board, key: Path, python: str) -> tuple[Path, Path]:
    """Application and MCUboot of a board: their build folders."""
    app, boot, log = OUT / board.name, OUT / f"{board.name}_mcuboot", OUT / f"{board.name}.log"
    log.write_text("")
    extra = [f"-DEXTRA_CONF_FILE={HERE / board.conf}"] if board.conf else []
    configured(HERE, app, [f"-DBOARD={board.zephyr}", f"-DTRENDEL_PYTHON={python}", *extra], log)
    folder = HERE / "mcuboot"
    confs = [folder / "mcuboot.conf", folder / f"{board.boot}.conf"]
    if board.conf:
        confs.insert(1, folder / board.conf)
    options = [
        f"-DBOARD={board.boot}",
        f"-DEXTRA_CONF_FILE={';'.join(str(conf) for conf in confs if conf.exists())}",
        f"-DEXTRA_DTC_OVERLAY_FILE={folder / f'{board.boot}.overlay'}",
        f'-DCONFIG_BOOT_SIGNATURE_KEY_FILE="{key}"',
    ]
    if board.native:  # jumps nowhere, but swaps and reverts for the tests
        options.append(f"-DEXTRA_CFLAGS=-I{folder / 'native'} -DCONFIG_FLASH_BASE_ADDRESS=0")
    configured(module(app, "mcuboot") / "boot" / "zephyr", boot, options, log)
    return app, boot


def signing_key() -> Path:
    """The user's key (TRENDEL_SIGNING_KEY), or one made for these builds and kept in build/."""
    named = os.environ.get("TRENDEL_SIGNING_KEY")
    if named:
        if not Path(named).is_file():
            raise FirmwareError(f"TRENDEL_SIGNING_KEY={named} is no file.")
        return Path(named).resolve()
    key = OUT / "signing-key.pem"
    if not key.exists():
        if shutil.which("openssl") is None:
            raise FirmwareError("openssl, which makes the signing key, is not installed; or name TRENDEL_SIGNING_KEY.")
        words = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out"
        run([*words.split(), str(key)], OUT / "key.log")
        key.chmod(0o600)
    return key


def version() -> str:
    """What VERSION says."""
    said = dict(re.findall(r"^(\w+) *= *(\d+)", (HERE / "VERSION").read_text(), re.MULTILINE))
    return f"{said['VERSION_MAJOR']}.{said['VERSION_MINOR']}.{said['PATCHLEVEL']}+{said['VERSION_TWEAK']}"


def sign(app: Path, key: Path, python: str, log: Path) -> tuple[Path, Path]:
    """The image signed, as it is uploaded; and padded and confirmed, as it is written with a bootloader.

    With imgtool itself and not through west, so that a workspace needs no west."""
    devicetree = (app / "zephyr" / "zephyr.dts").read_text()
    slot = re.search(r"slot1_partition:[^{]*\{[^}]*?reg = < \S+ (\S+) >", devicetree)
    if slot is None:
        raise FirmwareError("The board has no slot1_partition.", 1)
    zephyr = app / "zephyr"
    imgtool = str(module(app, "mcuboot") / "scripts" / "imgtool.py")
    number = re.search(r"^CONFIG_TRENDEL_BOARD=(\d+)", (zephyr / ".config").read_text(), re.MULTILINE)
    if number is None:
        raise FirmwareError("The build does not say its CONFIG_TRENDEL_BOARD.", 1)
    # By this protected TLV `trendel clip flash` tells an image for another board (docs/clips.md).
    told = ["--custom-tlv", "0xa0", f"0x{int(number[1]).to_bytes(2, 'little').hex()}"]
    options = ["--key", str(key), "--header-size", "0x200", "--align", "4", "--version", version(), *told]
    command = [python, imgtool, "sign", *options, "--slot-size", slot[1]]
    signed, confirmed = zephyr / "zephyr.signed.bin", zephyr / "zephyr.signed.confirmed.hex"
    run([*command, str(zephyr / "zephyr.bin"), str(signed)], log)
    run([*command, "--pad", "--confirm", str(zephyr / "zephyr.hex"), str(confirmed)], log)
    return signed, confirmed


def sizes(build_folder: Path) -> tuple[int, int]:
    """(flash, RAM) in bytes that a linked image takes, by its sections."""
    prefix = os.environ.get("CROSS_COMPILE") or "arm-none-eabi-"
    tool = shutil.which(f"{prefix}size") or shutil.which("size")
    elf = build_folder / "zephyr" / "zephyr.elf"
    listed = subprocess.run([str(tool), str(elf)], capture_output=True, text=True, check=True).stdout.splitlines()[1]
    text, data, bss = (int(word) for word in listed.split()[:3])
    return text + data, data + bss


def uf2(base: Path, confirmed: Path, boot: Path, python: str, log: Path) -> Path:
    """MCUboot and application in one file, for the XIAO's own bootloader."""
    merged, made = OUT / "xiao_ble_sense.hex", OUT / "xiao_ble_sense.uf2"
    scripts = base / "scripts" / "build"
    parts = [str(boot / "zephyr" / "zephyr.hex"), str(confirmed)]
    run([python, str(scripts / "mergehex.py"), "-o", str(merged), *parts], log)
    run([python, str(scripts / "uf2conv.py"), "-c", "-f", UF2_FAMILY, "-o", str(made), str(merged)], log)
    return made


def main() -> int:
    """See above."""
    parser = argparse.ArgumentParser(prog="make firmware", description=__doc__)
    parser.add_argument("boards", nargs="*", metavar="BOARD", help=", ".join(board.name for board in BOARDS))
    options = parser.parse_args()
    wanted = [board for board in BOARDS if not options.boards or board.name in options.boards]
    python = os.environ.get("ZEPHYR_PYTHON") or shutil.which("python3") or sys.executable
    try:
        base = workspace()
        OUT.mkdir(parents=True, exist_ok=True)
        return made(base, wanted, python)
    except FirmwareError as error:
        print(error, file=sys.stderr)
        return error.code


def made(base: Path, wanted: list[Board], python: str) -> int:
    """Build and tell; 1 where something is too large."""
    too_large = False
    key = signing_key()
    for board in wanted:
        app, boot = build(board, key, sys.executable)
        if board.native:
            print(f"{board.name}: {app / 'zephyr' / 'zephyr.exe'}")
            continue
        log = OUT / f"{board.name}.log"
        signed, confirmed = sign(app, key, python, log)
        (flash, ram), (boot_flash, _) = sizes(app), sizes(boot)
        over = flash > FLASH_MAX or ram > RAM_MAX
        too_large |= over
        print(
            f"{board.name}: flash {flash:,} of {FLASH_MAX:,} bytes, RAM {ram:,} of {RAM_MAX:,}"
            f"{' TOO LARGE' if over else ''}; MCUboot {boot_flash:,}; {signed}"
        )
        if board.name == "xiao_ble_sense":
            print(f"{board.name}: {uf2(base, confirmed, boot, python, log)}")
    return int(too_large)


if __name__ == "__main__":
    raise SystemExit(main())
