"""`trendel scan`: what is listed, and what is said where a way cannot be searched."""

import functools
import json

import pytest

pytest.importorskip("bleak", reason="bleak is not installed: pip install 'trendel[links]'")
pytest.importorskip("serial", reason="pyserial is not installed: pip install 'trendel[links]'")

from bleak.exc import BleakError

from tests.host.app.conftest import Cli
from tests.host.links.fake_ble import Air, AirClip, heart_rate_belt
from trendel.errors import LinkError
from trendel.links import ble, usb
from trendel.links.usb import Port


@pytest.fixture
def air(monkeypatch: pytest.MonkeyPatch) -> Air:
    made = Air([heart_rate_belt(), AirClip("Anna", "C0:00:00:00:00:01", [], [])])
    monkeypatch.setattr(ble, "scan", functools.partial(ble.scan, backend=made.backend()))
    monkeypatch.setattr(usb, "clip_ports", lambda: [Port("/dev/ttyACM3", "Trendel clip", "7e57")])
    return made


def test_clips_are_listed_by_the_name_that_link_takes(cli: Cli, air: Air) -> None:
    said = cli("scan", "--seconds", "0.1")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "usb:/dev/ttyACM3  Trendel clip",
        "ble:C0:00:00:00:00:01  Anna, heard at -51 dBm",
    ]


def test_one_way_that_cannot_be_searched_does_not_hide_the_other(cli: Cli, air: Air) -> None:
    air.trouble = BleakError("Bluetooth device is turned off")
    said = cli("scan", "--seconds", "0.1", "--json")
    assert said.code == 0 and said.err.startswith("Bluetooth is off")
    assert [clip["link"] for clip in json.loads(said.out)["clips"]] == ["usb:/dev/ttyACM3"]


def test_no_way_at_all(cli: Cli, air: Air, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> list[Port]:
        raise LinkError("USB needs pyserial.")

    air.trouble = BleakError("Bluetooth device is turned off")
    monkeypatch.setattr(usb, "clip_ports", fails)
    said = cli("scan", "--seconds", "0.1")
    assert said.code == 2 and "pyserial" in said.err and "Bluetooth is off" in said.err and said.err.count("\n") == 1
    monkeypatch.setattr(usb, "clip_ports", list)
    air.trouble, air.clips = None, []
    assert "No clip was found" in cli("scan", "--seconds", "0.1").out
