"""The first firmware onto a bare board: copied to the drive that its own bootloader shows, or written by a probe."""

from __future__ import annotations

import os
import string
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

from trendel.app.progress import fraction_bar
from trendel.errors import FirmwareError, reason
from trendel.wire.boards import BOARDS, Board

INFO = "INFO_UF2.TXT"
_BLOCK = struct.Struct("<IIIIIIII")
_BLOCK_N, _MAGICS, _END_MAGIC = 512, (0x0A324655, 0x9E5D5157), 0x0AB16F30
_HAS_FAMILY = 0x2000
_FAMILY = 0xADA52840
"""nRF52840, as its UF2 bootloader knows it."""
_GONE_S = 20.0
_STEP_N = 16 * 1024


def is_for_bare_board(file: Path) -> bool:
    """Whether a file is one for a bare board, by its name: UF2, or Intel HEX for a probe."""
    return file.suffix.lower() in (".uf2", ".hex")


def copy_to_drive(file: Path, drive: Path | None) -> str:
    """Copy a UF2 file to the drive of a bare board, and wait until the board has taken it; a sentence about it.

    `drive` None: it is looked for. Raises FirmwareError, and where nothing fits, before anything is written."""
    raw = read_uf2(file)
    found = drives() if drive is None else [drive]
    if not found:
        raise FirmwareError(
            f"No board with a drive is plugged in: press its reset button twice; a drive with {INFO} appears."
        )
    if len(found) > 1:
        names = ", ".join(str(path) for path in found)
        raise FirmwareError(f"Several boards are plugged in ({names}): name one with --drive.")
    board = board_on(found[0])
    target = found[0] / file.name
    try:
        with fraction_bar(f"copying {file.name}") as bar:
            _copy(raw, target, bar or (lambda fraction: None))
    except OSError as error:
        if (found[0] / INFO).exists():  # else the board has all of it, and has restarted before it said so
            raise FirmwareError(f"{target}: cannot be written ({reason(error)}): plug the board in again.") from None
    if _is_gone(found[0] / INFO):
        return f"The {board.name} has taken {file.name} and has restarted: trendel scan finds it."
    return (
        f"{file.name} was copied, but the drive {found[0]} is still there: the {board.name} has not taken it. Press "
        "its reset button twice and try again."
    )


def read_uf2(file: Path) -> bytes:
    """A whole UF2 file for an nRF52840 (github.com/microsoft/uf2). Raises FirmwareError for another one."""
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise FirmwareError(f"{file}: cannot be read ({reason(error)}).") from None
    total_n = len(raw) // _BLOCK_N
    if not raw or len(raw) % _BLOCK_N:
        raise FirmwareError(f"{file.name} is no whole UF2 file: copy or build it again.")
    for k in range(total_n):
        first, second, flags, _, payload_n, number, blocks_n, family = _BLOCK.unpack_from(raw, k * _BLOCK_N)
        (end,) = struct.unpack_from("<I", raw, (k + 1) * _BLOCK_N - 4)
        if (first, second, end) != (*_MAGICS, _END_MAGIC) or number != k or blocks_n != total_n or payload_n > 476:
            raise FirmwareError(f"{file.name} is no whole UF2 file: copy or build it again.")
        if flags & _HAS_FAMILY and family != _FAMILY:
            raise FirmwareError(f"{file.name} is for another processor ({family:#x}) than a clip's.")
    return raw


def board_on(drive: Path) -> Board:
    """Which of our boards shows a drive. Raises FirmwareError for another one, or for what is no such drive."""
    try:
        text = (drive / INFO).read_text(encoding="utf-8", errors="replace")
    except OSError:
        raise FirmwareError(f"{drive} is no drive of a bare board: it has no {INFO}.") from None
    said = next((line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("Board-ID:")), "")
    for board in BOARDS:
        if board.uf2 and said.startswith(board.uf2):
            return board
    known = ", ".join(board.name for board in BOARDS if board.uf2)
    raise FirmwareError(
        f"The board at {drive} is {said[:60] or 'one without a name'}, not one that clips have ({known})."
    )


def drives() -> list[Path]:
    """Drives of bare boards that are plugged in."""
    if sys.platform == "win32":
        places = [Path(f"{letter}:\\") for letter in string.ascii_uppercase]
    elif sys.platform == "darwin":
        places = _inside(Path("/Volumes"))
    else:
        user = os.environ.get("USER", "")
        places = [p for root in (f"/media/{user}", f"/run/media/{user}", "/media", "/mnt") for p in _inside(Path(root))]
    return [place for place in dict.fromkeys(places) if (place / INFO).is_file()]


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError:
        return []


def _copy(raw: bytes, target: Path, tell: Callable[[float], None]) -> None:
    with target.open("wb") as file:
        for at in range(0, len(raw), _STEP_N):
            file.write(raw[at : at + _STEP_N])
            file.flush()
            os.fsync(file.fileno())
            tell(min(1.0, (at + _STEP_N) / len(raw)))


def _is_gone(info: Path) -> bool:
    for _ in range(round(_GONE_S / 0.2)):
        if not info.exists():
            return True
        time.sleep(0.2)
    return False


def write_by_probe(file: Path, probe: str, board: Board) -> str:
    """Write an Intel HEX or binary file with bootloader and program by a debug probe, with pyOCD; a sentence about it.

    `probe`: its number, or 'any' for the only one. Raises FirmwareError."""
    if file.suffix.lower() != ".hex" or not file.is_file():
        raise FirmwareError(f"{file}: a probe writes an Intel HEX file with bootloader and program (.hex).")
    try:
        from pyocd.core.exceptions import Error
        from pyocd.core.helpers import ConnectHelper
        from pyocd.flash.file_programmer import FileProgrammer
    except ImportError:
        raise FirmwareError("Writing by a probe needs pyOCD: pip install 'trendel[probe]'.") from None
    if not board.pyocd:
        raise FirmwareError(f"A {board.name} is not written by a probe.")
    try:
        probes = ConnectHelper.get_all_connected_probes(blocking=False, unique_id=None if probe == "any" else probe)
        if len(probes) != 1:
            names = ", ".join(found.unique_id for found in probes)
            raise FirmwareError(
                f"Several probes are plugged in ({names}): name one with --probe."
                if probes
                else "No probe is plugged in."
            )
        session = ConnectHelper.session_with_chosen_probe(
            unique_id=probes[0].unique_id, blocking=False, options={"target_override": board.pyocd}
        )
        with session, fraction_bar(f"writing {file.name}") as bar:
            FileProgrammer(session, progress=bar).program(str(file), file_format="hex")
            session.target.reset()
    except Error as error:
        raise FirmwareError(f"The probe could not write the board: {str(error).strip('.')}.") from None
    return f"{file.name} is on the {board.name}, and it has restarted: trendel scan finds it."
