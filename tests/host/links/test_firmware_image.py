"""Firmware files: what is none, damaged, unsigned, signed by somebody else or not for this clip is said."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("cryptography", reason="cryptography is not installed: pip install 'trendel[sim]'")
pytest.importorskip("smpclient", reason="smpclient is not installed: pip install 'trendel[links]'")

from cryptography.hazmat.primitives.asymmetric import ec

from tests.host.links.mcuboot import public_pem
from trendel.errors import FirmwareError
from trendel.links.firmware_image import check_signature, parse_firmware, read_firmware
from trendel.links.image_slots import Slot
from trendel.links.sim.practice import practice_image
from trendel.links.update import check_fits

KEY = ec.derive_private_key(7, ec.SECP256R1())
IMAGE = practice_image((1, 2, 3, 4), 2000, KEY, board=1)
RUNS = Slot(0, "1.2.0", bytes(32), True, True, False, False)


def test_an_image_is_taken_apart_and_padding_is_not_sent() -> None:
    found = parse_firmware(IMAGE + b"\xff" * 4096, "x.bin")
    assert (found.version, found.version_text, found.board) == ((1, 2, 3, 4), "1.2.3.4", 1)
    assert found.raw == IMAGE and found.signature == "ECDSA P-256" and found.key_hash is not None


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "is no firmware"),
        (b"# hello", "is no firmware"),
        (b":020000040000FA\n", "is an Intel HEX file"),
        (b"\x7fELF" + bytes(100), "is an ELF file"),
        (b"UF2\n" + bytes(508), "is a UF2 file"),
        (b"PK\x03\x04", "is a ZIP archive"),
        (IMAGE[:-200], "is damaged or cut"),
        (IMAGE[:600] + b"\0" + IMAGE[601:], "is damaged or cut"),
        (IMAGE[:16] + struct.pack("<I", 4) + IMAGE[20:], "is encrypted"),
        (practice_image((1, 0, 0, 0)), "is not signed"),
    ],
)
def test_what_is_no_signed_image_is_said(tmp_path: Path, raw: bytes, said: str) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(raw)
    with pytest.raises(FirmwareError, match=rf"^x\.bin {said}[^\n]*\.$"):
        read_firmware(path)


def test_a_signature_of_another_kind_is_said(tmp_path: Path) -> None:
    at = IMAGE.index(struct.pack("<H", 0x22), len(IMAGE) - 100)
    (tmp_path / "x.bin").write_bytes(IMAGE[:at] + struct.pack("<H", 0x24) + IMAGE[at + 2 :])
    with pytest.raises(FirmwareError, match="Ed25519, and clips check ECDSA P-256"):
        read_firmware(tmp_path / "x.bin")


def test_the_key_decides(tmp_path: Path) -> None:
    mine, other, none = tmp_path / "mine.pem", tmp_path / "other.pem", tmp_path / "none.pem"
    mine.write_bytes(public_pem(KEY))
    other.write_bytes(public_pem(ec.generate_private_key(ec.SECP256R1())))
    none.write_text("hello")
    firmware = parse_firmware(IMAGE, "x.bin")
    check_signature(firmware, mine)
    for path, said in (
        (other, "is not signed by the key in other.pem"),
        (none, "is no key"),
        (tmp_path / "gone", "cannot be read"),
    ):
        with pytest.raises(FirmwareError, match=said):
            check_signature(firmware, path)


def test_what_does_not_fit_the_clip_is_said() -> None:
    def refused(image: bytes, said: str, *, percent: float = 80.0, force: bool = False, usb: bool = False) -> None:
        firmware, status = parse_firmware(image, "x.bin"), {"battery_percent": percent}
        with pytest.raises(FirmwareError, match=said):
            check_fits(firmware, 1, RUNS, status, usb=usb, force=force)

    newer = practice_image((1, 3, 0, 0), key=KEY, board=1)
    check_fits(parse_firmware(newer, "x.bin"), 1, RUNS, {}, usb=False, force=False)
    check_fits(parse_firmware(newer, "x.bin"), 1, RUNS, {"battery_percent": 5.0}, usb=True, force=False)
    refused(newer, "battery is at 19 %", percent=19.0, force=True)
    refused(practice_image((1, 3, 0, 0), board=2), "is for a nRF52840 DK; this clip is a XIAO", force=True)
    refused(practice_image((1, 3, 0, 0), board=None), "does not say for which board")
    refused(practice_image((1, 1, 9, 0), board=1), "older than 1.2.0 on the clip: --force")
    refused(practice_image((1, 3, 0, 0), 0x5C000, board=1), "and this clip has room for 372,736", force=True)
    check_fits(parse_firmware(practice_image((1, 1, 9, 0), board=1), "x"), 1, RUNS, {}, usb=False, force=True)


@given(st.integers(0, len(IMAGE) - 1), st.integers(1, 255))
@settings(max_examples=60, deadline=None)
def test_any_wrong_byte_before_the_signature_is_found(at: int, flip: int) -> None:
    raw = bytearray(IMAGE)
    raw[at] ^= flip
    try:
        found = parse_firmware(bytes(raw), "x.bin")
    except FirmwareError:
        return
    assert found.covered == IMAGE[: len(found.covered)] and found.hash == parse_firmware(IMAGE, "x").hash
