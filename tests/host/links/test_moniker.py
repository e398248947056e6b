"""What names a link, and what does not."""

import math

import pytest

from trendel.errors import LinkError
from trendel.links import parse_moniker


@pytest.mark.parametrize(
    ("text", "scheme", "target", "speed"),
    [
        ("ble:", "ble", "", 1.0),
        ("ble:C0:FF:EE:00:00:01", "ble", "C0:FF:EE:00:00:01", 1.0),
        ("usb:/dev/ttyACM0", "usb", "/dev/ttyACM0", 1.0),
        ("replay:a/run.mcap", "replay", "a/run.mcap", 1.0),
        ("replay:C:\\runs\\run.csv@2.5", "replay", "C:\\runs\\run.csv", 2.5),
        ("replay:run.csv@max", "replay", "run.csv", math.inf),
        ("replay:me@home.csv", "replay", "me@home.csv", 1.0),
        ("replay:me@home.csv@3", "replay", "me@home.csv", 3.0),
    ],
)
def test_forms(text: str, scheme: str, target: str, speed: float) -> None:
    moniker = parse_moniker(text)
    assert (moniker.scheme, moniker.target, moniker.speed) == (scheme, target, speed)


def test_options_of_sim() -> None:
    moniker = parse_moniker("sim:run.csv?faults=hard&speed=20")
    assert moniker.target == "run.csv"
    assert dict(moniker.options) == {"faults": "hard", "speed": "20"}


@pytest.mark.parametrize(
    "text", ["", "run.csv", "bluetooth:x", "replay:", "replay:@2", "replay:run.csv@0", "replay:x@-1"]
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(LinkError, match=r"replay|link"):
        parse_moniker(text)
