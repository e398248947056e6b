"""The simulated clip's management, request by request, without anything that carries them."""

import hashlib
import zlib
from typing import Any

import pytest

pytest.importorskip("bumble", reason="bumble is not installed: pip install 'trendel[sim]'")

import cbor2
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from smp.error import MGMT_ERR
from smp.file_management import FS_MGMT_ERR
from smp.image_management import IMG_MGMT_ERR
from smp.settings_management import SETTINGS_MGMT_ERR

from tests.host.links.mcuboot import public_pem
from tests.host.links.stand_in import StandIn
from trendel.links.sim.console import SmpConsole, framed
from trendel.links.sim.groups import FileGroup, OsGroup, SettingsGroup
from trendel.links.sim.images import ImageGroup
from trendel.links.sim.mcuboot import SLOT_N, Flash, image_hash
from trendel.links.sim.practice import practice_image
from trendel.links.sim.smp_server import BUFFER_N, HEADER, SmpServer

READ, WRITE = 0, 2
V2 = 8


class Clip:
    """A server with stand-ins behind it."""

    def __init__(self, flash: Flash | None = None) -> None:
        self.store = StandIn(None, [], 0.0)
        self.flash = flash or Flash()
        self.resets_n = 0
        self.start()

    def start(self) -> None:
        groups = {0: OsGroup(self._reset), 1: ImageGroup(self.flash), 3: SettingsGroup(self.store)}
        self.server = SmpServer({**groups, 8: FileGroup(self.store)})

    def reboot(self) -> str:
        done = self.flash.boot()
        self.start()
        return done

    def ask(self, op: int, group: int, command: int, /, version: int = V2, **body: Any) -> dict[str, Any]:
        coded = cbor2.dumps(body)
        (response,) = self.server.feed(HEADER.pack(op | version, 0, len(coded), group, 77, command) + coded)
        first, _, n, its_group, sequence, its_command = HEADER.unpack_from(response)
        assert (first, n, its_group, sequence, its_command) == (op | version | 1, len(response) - 8, group, 77, command)
        found = cbor2.loads(response[8:])
        assert isinstance(found, dict)
        return found

    def refused(self, op: int, group: int, command: int, **body: Any) -> int:
        return int(self.ask(op, group, command, **body)["err"]["rc"])

    def upload(self, image: bytes, chunk_n: int = 1000, **more: Any) -> dict[str, Any]:
        at, sha, response = 0, hashlib.sha256(image).digest(), {}
        while at < len(image):
            first = {"len": len(image), "sha": sha} | more if at == 0 else {}
            response = self.ask(WRITE, 1, 1, off=at, data=image[at : at + chunk_n], **first)
            if "off" not in response:
                return response
            at = response["off"]
        return response

    def states(self) -> list[dict[str, Any]]:
        return list(self.ask(READ, 1, 0)["images"])

    def _reset(self) -> None:
        self.resets_n += 1


def test_the_system() -> None:
    clip = Clip()
    assert clip.ask(WRITE, 0, 0, d="hello") == {"r": "hello"}
    assert clip.ask(READ, 0, 6)["buf_size"] == BUFFER_N
    assert clip.ask(READ, 0, 8) == {"bootloader": "MCUboot"}
    assert clip.ask(READ, 0, 8, query="mode")["no-downgrade"] is True
    assert clip.ask(WRITE, 0, 5) == {}
    assert clip.resets_n == 1


@pytest.mark.parametrize(
    ("op", "group", "command", "body", "code"),
    [
        (READ, 200, 0, {}, MGMT_ERR.ENOTSUP),
        (READ, 0, 99, {}, MGMT_ERR.ENOTSUP),
        (READ, 0, 0, {"d": "x"}, MGMT_ERR.ENOTSUP),
        (WRITE, 0, 0, {}, MGMT_ERR.EINVAL),
        (WRITE, 0, 0, {"d": 3}, MGMT_ERR.EINVAL),
        (READ, 8, 0, {"name": "/log/flash", "off": "x"}, MGMT_ERR.EINVAL),
        (READ, 8, 0, {"name": "/log/flash", "off": True}, MGMT_ERR.EINVAL),
        (WRITE, 3, 0, {"name": "trendel/name", "val": bytes(65)}, MGMT_ERR.EINVAL),
        (WRITE, 1, 1, {"data": b""}, MGMT_ERR.EINVAL),
    ],
)
def test_what_cannot_be_is_answered_by_a_code(
    op: int, group: int, command: int, body: dict[str, Any], code: int
) -> None:
    assert Clip().ask(op, group, command, **body) == {"rc": int(code)}


def test_settings_are_the_clip_s() -> None:
    clip = Clip()
    assert clip.ask(WRITE, 3, 0, name="trendel/name", val=b"Berta") == {}
    assert clip.ask(READ, 3, 0, name="trendel/name") == {"val": b"Berta"}
    assert clip.ask(READ, 3, 0, name="trendel/name", max_size=2) == {"val": b"Be", "max_size": 2}
    assert clip.ask(WRITE, 3, 2) == clip.ask(READ, 3, 3) == clip.ask(WRITE, 3, 3) == {}
    assert clip.refused(READ, 3, 0, name="trendel/none") == SETTINGS_MGMT_ERR.KEY_NOT_FOUND
    assert clip.refused(READ, 3, 0, name="x" * 33) == SETTINGS_MGMT_ERR.KEY_TOO_LONG
    assert clip.ask(READ, 3, 0, version=0, name="trendel/none") == {"rc": int(MGMT_ERR.ENOENT)}


def test_files_are_read_at_any_offset_and_never_written() -> None:
    clip = Clip()
    whole = clip.store.files["/log/flash"]
    got = b""
    while len(got) < len(whole):
        response = clip.ask(READ, 8, 0, name="/log/flash", off=len(got))
        assert response["off"] == len(got) and response.get("len", len(whole)) == len(whole)
        got += response["data"]
    assert got == whole
    assert clip.ask(READ, 8, 0, name="/log/flash", off=9_998)["data"] == whole[-2:]
    assert clip.ask(READ, 8, 0, name="/log/flash", off=10_000)["data"] == b""
    assert clip.ask(READ, 8, 1, name="/log/flash") == {"len": len(whole)}
    assert clip.ask(READ, 8, 2, name="/log/flash", off=5, len=9)["output"] == zlib.crc32(whole[5:14])
    assert clip.ask(READ, 8, 2, name="/log/flash", type="sha256")["output"] == hashlib.sha256(whole).digest()
    assert clip.refused(READ, 8, 0, name="/log/flash", off=10_001) == FS_MGMT_ERR.FILE_OFFSET_LARGER_THAN_FILE
    assert clip.refused(READ, 8, 0, name="/none", off=0) == FS_MGMT_ERR.FILE_NOT_FOUND
    assert clip.refused(WRITE, 8, 0, name="/log/flash", off=0, data=b"x") == FS_MGMT_ERR.READ_ONLY_FILESYSTEM


def test_an_image_is_tried_reverted_tried_again_and_confirmed() -> None:
    clip = Clip()
    one, two = practice_image((1, 0, 0, 0)), practice_image((1, 1, 0, 0))
    assert clip.upload(one) == {"off": len(one), "match": True}
    assert clip.ask(WRITE, 1, 0, hash=image_hash(one), confirm=True)["images"][1]["permanent"]
    assert clip.reboot() == "swap"
    assert clip.states()[0] | {"hash": 0} == {"slot": 0, "version": "1.0.0", "hash": 0, "bootable": True,
                                              "active": True, "confirmed": True, "pending": False,
                                              "permanent": False}  # fmt: skip
    clip.upload(two)
    clip.ask(WRITE, 1, 0, hash=image_hash(two), confirm=False)
    assert clip.refused(WRITE, 1, 0, hash=image_hash(two)) == IMG_MGMT_ERR.IMAGE_ALREADY_PENDING
    assert clip.reboot() == "swap"
    assert [(s["version"], s["confirmed"]) for s in clip.states()] == [("1.1.0", False), ("1.0.0", True)]
    assert clip.upload(one)["err"]["rc"] == IMG_MGMT_ERR.NO_FREE_SLOT  # a revert needs it
    assert clip.refused(WRITE, 1, 5) == IMG_MGMT_ERR.NO_FREE_SLOT
    assert clip.reboot() == "revert"
    assert [s["version"] for s in clip.states()] == ["1.0.0", "1.1.0"]
    clip.ask(WRITE, 1, 0, hash=image_hash(two))
    assert clip.reboot() == "swap"
    clip.ask(WRITE, 1, 0, confirm=True)
    assert clip.reboot() == clip.reboot() == "run"
    assert clip.states()[0]["version"] == "1.1.0"


def test_an_upload_goes_on_where_it_was_cut() -> None:
    clip, image = Clip(), practice_image((1, 0, 0, 0), 3000)
    first = {"len": len(image), "sha": hashlib.sha256(image).digest()}
    assert clip.ask(WRITE, 1, 1, off=0, data=image[:2000], **first) == {"off": 2000}
    assert clip.ask(WRITE, 1, 1, off=0, data=image[:100], **first) == {"off": 2000}  # after reconnecting
    assert clip.ask(WRITE, 1, 1, off=3000, data=image[3000:3100]) == {"off": 2000}
    assert clip.refused(WRITE, 1, 1, off=2000, data=image[2000:] + b"x") == IMG_MGMT_ERR.INVALID_IMAGE_DATA_OVERRUN
    assert clip.ask(WRITE, 1, 1, off=2000, data=image[2000:]) == {"off": len(image), "match": True}
    other = {"len": len(image), "sha": bytes(32)}
    assert clip.ask(WRITE, 1, 1, off=0, data=image[:2000], **other) == {"off": 2000}
    assert clip.ask(WRITE, 1, 1, off=2000, data=image[2000:]) == {"off": len(image), "match": False}


def test_wrong_images_are_not_booted() -> None:
    mine, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    newest = practice_image((2, 0, 0, 0), key=mine)
    cut = bytearray(newest)
    cut[600] ^= 1
    for wrong in (
        practice_image((3, 0, 0, 0), key=other),
        practice_image((3, 0, 0, 0)),
        bytes(cut),
        practice_image((1, 9, 9, 0), key=mine),
    ):
        clip = Clip(Flash(running=newest, key=public_pem(mine)))
        clip.upload(wrong)
        clip.ask(WRITE, 1, 0, hash=image_hash(wrong), confirm=True)
        if image_hash(wrong) == image_hash(newest):  # the same hash is told from the running one by no client
            clip.flash.pending = True
        assert clip.reboot() == "refuse"
        assert [s["version"] for s in clip.states()] == ["2.0.0"]
    clip = Clip(Flash(running=newest, key=public_pem(mine)))
    good = practice_image((2, 0, 1, 0), key=mine)
    clip.upload(good, upgrade=True)
    clip.ask(WRITE, 1, 0, hash=image_hash(good))
    assert clip.reboot() == "swap"


def test_uploads_that_cannot_be_are_refused() -> None:
    clip, image = Clip(Flash(running=practice_image((1, 0, 0, 0)))), practice_image((1, 0, 0, 0), 800)

    def rc(data: bytes, **more: Any) -> int:
        return clip.refused(WRITE, 1, 1, off=0, data=data, **more)

    assert rc(image) == IMG_MGMT_ERR.INVALID_LENGTH
    assert rc(image[:20], len=20) == IMG_MGMT_ERR.INVALID_IMAGE_HEADER
    assert rc(bytes(100), len=100) == IMG_MGMT_ERR.INVALID_IMAGE_HEADER_MAGIC
    assert rc(image, len=SLOT_N + 1) == IMG_MGMT_ERR.INVALID_IMAGE_TOO_LARGE
    assert rc(image, len=len(image), image=1) == IMG_MGMT_ERR.NO_FREE_SLOT
    assert rc(image, len=len(image), upgrade=True) == IMG_MGMT_ERR.CURRENT_VERSION_IS_NEWER
    assert clip.refused(WRITE, 1, 0, hash=bytes(32), confirm=False) == IMG_MGMT_ERR.HASH_NOT_FOUND
    assert clip.refused(WRITE, 1, 0) == IMG_MGMT_ERR.INVALID_HASH


@given(st.lists(st.binary(max_size=400), max_size=6))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_answered_or_waited_for(pieces: list[bytes]) -> None:
    clip = Clip()
    for piece in pieces:
        for response in clip.server.feed(piece):
            assert HEADER.unpack_from(response)[2] == len(response) - 8 and isinstance(cbor2.loads(response[8:]), dict)
    clip.server.forget()
    assert clip.ask(WRITE, 0, 0, d="still there") == {"r": "still there"}


@given(st.binary(min_size=1, max_size=120), st.sampled_from([0, 1, 3, 8]), st.integers(0, 8), st.sampled_from([0, 2]))
@settings(max_examples=150, deadline=None)
def test_any_body_is_answered(body: bytes, group: int, command: int, op: int) -> None:
    (response,) = Clip().server.feed(HEADER.pack(op | V2, 0, len(body), group, 1, command) + body)
    assert isinstance(cbor2.loads(response[8:]), dict)


def test_a_map_within_maps_without_end_is_refused() -> None:
    body = b"\xa1\x00" * 1000 + b"\x00"
    (response,) = Clip().server.feed(HEADER.pack(READ | V2, 0, len(body), 0, 1, 0) + body)
    assert cbor2.loads(response[8:]) == {"rc": int(MGMT_ERR.EINVAL)}


def test_too_long_a_request_is_said_and_forgotten() -> None:
    clip = Clip()
    (response,) = clip.server.feed(HEADER.pack(READ | V2, 0, BUFFER_N, 0, 1, 0))
    assert cbor2.loads(response[8:]) == {"rc": int(MGMT_ERR.EMSGSIZE)}
    assert clip.ask(WRITE, 0, 0, d="x") == {"r": "x"}


@given(st.binary(min_size=1, max_size=900), st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_over_a_serial_line_in_any_pieces_and_between_noise(message: bytes, piece_n: int) -> None:
    line = b"boot log \xff\r\n\x06\x09!!\n\x04\x14AAAA\n" + framed(message) + b"\x04\x14AAAA\n" + framed(b"next")
    console, found = SmpConsole(), []
    for at in range(0, len(line), piece_n):
        found += list(console.feed(line[at : at + piece_n]))
    assert found == [message, b"next"]
    damaged = framed(message).replace(b"\x06\x09", b"\x06\x09QUFB", 1)
    assert list(SmpConsole().feed(damaged)) == []


def test_the_public_key_is_read_as_openssl_writes_it() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    assert serialization.load_pem_public_key(public_pem(key)) == key.public_key()
