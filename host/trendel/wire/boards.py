"""Boards of clips by the number that the hello tells, and how a firmware image says for which of them it is.

An image names its board in a protected TLV of MCUboot's (TLV_BOARD of image_format), so that hash and
signature cover it: `imgtool sign --custom-tlv 0xa0 0x0100` for board 1 (u16, little-endian)."""

from __future__ import annotations

from dataclasses import dataclass

SECTOR_N = 4096
"""Bytes that all boards erase at once."""


@dataclass(frozen=True)
class Board:
    """A board.

    Attributes:
        number: as in the hello. name: for people.
        slot_n: bytes of the second image slot. An image has one sector less: the swap's state takes the last.
        uf2: how INFO_UF2.TXT of its own bootloader begins its Board-ID; empty: it has no such bootloader.
        pyocd: its chip as pyOCD calls it; empty: not programmed by a probe.
    """

    number: int
    name: str
    slot_n: int
    uf2: str = ""
    pyocd: str = ""

    @property
    def image_max(self) -> int:
        """Bytes that an image may have."""
        return self.slot_n - SECTOR_N


BOARDS: tuple[Board, ...] = (
    Board(0, "simulated clip", 0x74000),
    Board(1, "XIAO nRF52840 Sense", 0x5C000, uf2="nRF52840-SeeedXiao", pyocd="nrf52840"),
    Board(2, "nRF52840 DK", 0x76000, pyocd="nrf52840"),
    Board(3, "native program", 0xC0000),
)
_BY_NUMBER = {board.number: board for board in BOARDS}


def board_of(number: int) -> Board | None:
    """None for a board that this host does not know."""
    return _BY_NUMBER.get(number)


def board_name(number: int) -> str:
    """For a sentence."""
    board = board_of(number)
    return board.name if board is not None else f"board {number}"
