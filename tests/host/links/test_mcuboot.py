"""The simulated clip's bootloader: a swap that loses power anywhere goes on, and always ends with one of two images."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("cryptography", reason="cryptography is not installed: pip install 'trendel[sim]'")

from trendel.links.sim.mcuboot import Flash, read_image
from trendel.links.sim.practice import practice_image

OLD, NEW = practice_image((1, 0, 0, 0), 9000), practice_image((1, 1, 0, 0), 14000)


@pytest.mark.parametrize("power_n", range(12))
def test_power_may_fail_in_any_operation_of_a_swap_and_of_its_revert(power_n: int) -> None:
    flash = Flash(running=OLD, second=NEW, pending=True)
    assert flash.boot(power_n) == "cut" and flash.boot() == "swap"
    assert (flash.running, flash.second, flash.confirmed) == (NEW, OLD, False)
    assert flash.boot(power_n) == "cut" and flash.boot() == "revert"
    assert (flash.running, flash.second, flash.confirmed) == (OLD, NEW, True)
    assert flash.boot() == "run" and flash.operations_n == 24


def test_power_may_fail_again_and_again() -> None:
    rng = np.random.default_rng(1)
    flash, cuts_n = Flash(running=OLD, second=NEW, pending=True, permanent=True), 0
    while (done := flash.boot(int(rng.integers(0, 3)))) == "cut":
        cuts_n += 1
    assert done == "swap" and cuts_n > 4 and flash.running == NEW and flash.confirmed


def test_a_protected_tlv_is_covered_by_the_hash() -> None:
    image = read_image(NEW)
    assert image is not None and image.tlvs[0xA0] == b"\0\0"
    at = NEW.index(b"\xa0\x00\x02\x00") + 4
    flash = Flash(running=OLD, second=NEW[:at] + b"\1" + NEW[at + 1 :], pending=True)
    assert flash.boot() == "refuse" and flash.running == OLD and not flash.second


def test_builds_are_no_versions() -> None:
    flash = Flash(running=practice_image((1, 0, 0, 5)), second=practice_image((1, 0, 0, 4)), pending=True)
    assert flash.boot() == "swap"


def test_a_broken_image_fails_on_trial_only() -> None:
    flash = Flash(running=OLD, second=practice_image((2, 0, 0, 0), broken=True), pending=True)
    assert flash.boot() == "swap" and flash.fails
    assert flash.boot() == "revert" and not flash.fails
