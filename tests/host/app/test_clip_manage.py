"""`trendel clip` on the simulated clip: what it tells, its settings, its log, its self-test, and flashing it."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("bumble", reason="bumble is not installed: pip install 'trendel[sim]'")
pytest.importorskip("smpclient", reason="smpclient is not installed: pip install 'trendel[links]'")

from tests.host.app.conftest import Cli, Said
from tests.host.links.benches import need_simulation
from tests.host.links.fake_ble import Air, AirClip
from trendel.app import bare_board, synced
from trendel.links import ble
from trendel.links.sim.mcuboot import read_image
from trendel.wire.boards import board_of
from trendel.wire.image_format import TLV_BOARD
from trendel.wire.settings import BY_NAME, KEYS, encode_setting

REST = "sim:rest?speed=20"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_simulation()
    monkeypatch.setenv(synced.FOLDER_VARIABLE, str(tmp_path / "clips"))


@pytest.fixture
def image(cli: Cli, tmp_path: Path) -> Path:
    """Version 1.0.0, signed."""
    path = tmp_path / "one.bin"
    assert cli("clip", "practice", path, "--size", "20000").code == 0
    return path


def refused(said: Said, sentence: str) -> None:
    """One sentence, exit code 2, nothing else."""
    assert said.code == 2 and said.out == "" and sentence in said.err, said
    assert said.err.startswith("error: ") and said.err.count("\n") <= 3 and "Traceback" not in said.err


# ---- what it tells ----


def test_info_tells_everything(cli: Cli) -> None:
    found = json.loads(cli("clip", "info", "--link", REST, "--json").out)
    assert (found["name"], found["serial"], found["bootloader"]) == ("Anna", f"{1:016x}", "MCUboot")
    assert found["hardware"]["name"] == "simulated clip" and found["hardware"]["rate_hz"] == 208.0
    (running,) = found["images"]
    assert running["marks"] == ["active", "confirmed"] and len(running["hash"]) == 64
    assert found["calibration"] is None and found["bonds"] is None and found["log"]["sectors"] == 512
    assert found["battery"]["percent"] == 80.0 and not any(found["faults"].values())
    text = cli("clip", "info", "--link", REST).out
    assert "battery      80 %" in text and "bonds        not told" in text and "faults       none counted" in text


def test_a_clip_at_rest_passes_and_a_moving_one_with_an_empty_battery_does_not(cli: Cli, run_csv: Path) -> None:
    said = cli("clip", "selftest", "--link", REST, "--seconds", "5", "--json")
    found = json.loads(said.out)
    assert said.code == 0 and found["passed"] and len(found["tests"]) == 12
    assert all(line["passed"] and line["measured"] and line["limits"] for line in found["tests"])
    said = cli("clip", "selftest", "--link", f"sim:{run_csv}?speed=4&faults=battery", "--seconds", "10")
    failed = [line for line in said.out.splitlines() if line.startswith("FAIL")]
    assert said.code == 1 and [line.split(":")[0] for line in failed] == ["FAIL  stillness", "FAIL  battery"]


def test_faults_and_restart(cli: Cli) -> None:
    counted = json.loads(cli("clip", "faults", "--link", REST, "--json").out)
    assert counted["resets_watchdog"] == 0 and len(counted) == 22
    assert "has restarted, boot 2, firmware 0.0.0" in cli("clip", "restart", "--link", REST).out
    refused(cli("clip", "info", "--link", "replay:x.mcap"), "there is no clip behind it")


# ---- settings ----


def test_settings_are_listed_with_what_they_take(cli: Cli) -> None:
    found = json.loads(cli("clip", "settings", "list", "--link", REST, "--json").out)
    assert set(found) == {key.name for key in KEYS if key.readable} and found["name"]["value"] == {"name": "Anna"}
    (rate,) = found["rate_hz"]["fields"]
    assert rate["choices"] == [104, 208, 416, 833] and rate["unit"] == "Hz"
    assert found["thresholds"]["fields"][1]["high"] == pytest.approx(np.pi / 2)
    assert (
        "rest_s  (number: between alerts of a level; 0 to 86400 s)"
        in cli("clip", "settings", "list", "--link", REST).out
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rate_hz", "416"], "rate_hz rate_hz = 416"),
        (["name", "Berta"], "name name = Berta"),
        (["thresholds", "silent=1", "notice_rad=1deg", "warning_rad=2deg", "stop_rad=0.05", "rest_s=60"], "(1.00 deg)"),
    ],
)
def test_a_setting_is_changed(cli: Cli, words: list[str], said: str) -> None:
    found = cli("clip", "settings", "set", *words, "--link", REST)
    assert found.code == 0 and said in found.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rate_hz", "100"], "rate_hz=100 is not within its range: 104, 208, 416 or 833 Hz."),
        (["rate_hz", "fast"], "is no whole number"),
        (["colour", "red"], "A clip has no setting 'colour'"),
        (["thresholds", "rest_s=60"], "thresholds is not set on the clip: give silent, notice_rad"),
        (["thresholds", "red=1"], "thresholds takes silent=VALUE"),
        (
            ["thresholds", "silent=0", "notice_rad=0.2", "warning_rad=0.1", "stop_rad=1", "rest_s=1"],
            "was not changed",
        ),
        (["name", "a name much too long for a clip"], "give 1 to 16 bytes"),
        (["calibration", "acc_bias=1,2"], "give 3 numbers"),
        (["params", "1"], "it is not typed"),
    ],
)
def test_what_a_setting_does_not_take_is_said(cli: Cli, words: list[str], said: str) -> None:
    refused(cli("clip", "settings", "set", *words, "--link", REST), said)


def test_a_setting_is_forgotten(cli: Cli) -> None:
    assert "not set any more" in cli("clip", "settings", "delete", "rate_hz", "--link", REST).out
    assert "is not set" in cli("clip", "settings", "get", "mounting", "--link", REST).out
    assert "not set any more" in cli("clip", "settings", "delete", "mounting", "--link", REST).out  # it was not there


def test_a_setting_that_is_always_there_is_not_said_to_be_forgotten(cli: Cli) -> None:
    refused(cli("clip", "settings", "delete", "mode", "--link", REST), "it cannot be deleted")


def within(value: float, towards: float) -> float:
    """The float32 next to a limit, on its inner side."""
    return float(
        np.nextafter(np.nextafter(np.float32(value), np.float32(towards * np.inf)), np.float32(towards * np.inf))
    )


def test_the_ranges_are_those_that_the_clip_checks() -> None:
    """Each limit of the table is taken, and what is beyond it is refused, by the clip's own C."""
    from trendel_core.clip import SettingRefusedError, SimulatedClip

    eye = np.eye(3).ravel()
    good: dict[str, dict[str, Any]] = {
        "baseline": {},
        "mounting": {"axes": eye},
        "thresholds": {"notice_rad": 0.1, "warning_rad": 0.1, "stop_rad": 0.1},
        "calibration": {"acc_matrix": eye, "gyr_matrix": eye},
        "rate_hz": {"rate_hz": 208},
    }
    together = ("notice_rad", "warning_rad", "stop_rad")  # each bounds the next
    with SimulatedClip(np.zeros((10, 6), np.int16), 208.0) as clip:

        def takes(key: str, field: str, value: float) -> bool:
            fields = dict(good.get(key, {}))
            shape = next(f.shape for f in BY_NAME[struct].fields if f.name == field)
            changed = np.array(fields.get(field, np.zeros(shape)), np.float64)
            changed[(0,) * changed.ndim] = value
            fields[field] = changed if shape else value
            if field in together:
                fields |= dict.fromkeys(together, value)
            try:
                clip.setting_set(f"trendel/{key}", encode_setting(key, **fields))
            except SettingRefusedError:
                return False
            return True

        checked_n = 0
        for key, struct in ((key.name, key.struct) for key in KEYS):
            for field in BY_NAME[struct].fields:
                for choice in field.choices:
                    assert takes(key, field.name, choice), (field.name, choice)
                if field.choices:
                    assert not takes(key, field.name, max(field.choices) + 1), field.name
                if field.low is None or field.high is None or field.name == "axes":
                    continue
                low = 0.5 if field.name.endswith("matrix") else field.low  # on the diagonal
                for value, beyond in ((low, -1.0), (field.high, 1.0)):
                    assert takes(key, field.name, within(value, -beyond)), (field.name, value)
                    assert not takes(key, field.name, value + beyond * (1e-3 + 1e-3 * abs(value))), (field.name, value)
                    checked_n += 1
        assert checked_n >= 20


# ---- the log ----


@pytest.fixture
def clip_on_a_socket(run_csv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The link to one clip that lives through several commands; it has been running alone."""
    socket = tmp_path / "hci"
    words = [sys.executable, "-c", "from trendel.app.cli import main; main()", "clip", "simulate", str(run_csv)]
    words += ["--transport", f"unix-server:{socket}", "--faults", "alone", "--speed", "20"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None and "is there" in process.stdout.readline()
        monkeypatch.setenv(ble.ADAPTER, f"bumble:unix:{socket}")
        yield "ble:Anna"
    finally:
        process.kill()
        process.wait()


def test_a_log_is_erased_only_when_it_is_home(cli: Cli, clip_on_a_socket: str, tmp_path: Path) -> None:
    """What the clip has written since it was fetched is fetched before it is erased."""
    from trendel.app import clip_log
    from trendel.wire.log_image import LogImage

    link, out = clip_on_a_socket, tmp_path / "log.bin"
    found = json.loads(cli("clip", "log", "list", "--link", link, "--json").out)
    assert found["used"] > 3 and found["not_home"] == found["used"] and found["bad"] == 0
    refused(cli("clip", "log", "erase", "--link", link), "fetch it first")
    said = cli("clip", "log", "get", out, "--link", link)
    assert said.code == 0 and "each checked by its CRC" in said.out and out.stat().st_size == 2 << 20
    copy = clip_log.Copy.load(1)
    assert copy is not None and len(copy.sectors) >= found["used"]
    before_n = sum(1 for _ in LogImage.of_flash(out.read_bytes()).entries())
    kept = out.read_bytes()
    out.write_bytes(b"\0" * (2 << 20))  # no copy any more
    assert not any(copy.holds(sequence, 1) for sequence in copy.sectors)
    out.write_bytes(kept)
    said = cli("clip", "log", "erase", "--link", link)
    assert said.code == 0 and "512 sectors" in said.out and clip_log.Copy.load(1) is None
    assert sum(1 for _ in LogImage.of_flash(out.read_bytes()).entries()) >= before_n
    assert json.loads(cli("clip", "log", "list", "--link", link, "--json").out)["used"] < found["used"]
    refused(cli("clip", "log", "erase", "--link", link), "fetch it first")
    said = cli("clip", "log", "erase", "--link", link, "--force")
    assert said.code == 0 and "of them nowhere else" in said.out


# ---- flashing ----


def test_a_clip_is_flashed_and_a_broken_image_goes_back(cli: Cli, image: Path, tmp_path: Path) -> None:
    said = cli("clip", "flash", image, "--link", REST, "--key", tmp_path / "one.pub.pem")
    assert said.code == 0 and "The clip runs 1.0.0, tested and kept." in said.out
    broken = tmp_path / "broken.bin"
    cli("clip", "practice", broken, "--version", "2.0.0", "--broken", "--size", "20000")
    said = cli("clip", "flash", broken, "--link", REST, "--json")
    last = json.loads(said.out.splitlines()[-1])
    assert said.code == 1 and last["result"] == "reverted" and last["running"]["version"] == "0.0.0"


def test_a_clip_with_a_broken_sensor_is_updated_all_the_same(
    cli: Cli, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trendel_core.clip import SimulatedClip

    real = SimulatedClip.play

    def play(self: SimulatedClip) -> None:
        real(self)
        self.break_imu(deaf=True)

    monkeypatch.setattr(SimulatedClip, "play", play)
    said = cli("clip", "flash", image, "--link", REST)
    assert said.code == 0 and "It fails parts of its self-test already: samples" in said.err, said


def test_nothing_is_changed_where_a_check_fails(cli: Cli, image: Path, tmp_path: Path) -> None:
    def flash(file: Path, *words: object, link: str = REST) -> Said:
        return cli("clip", "flash", file, "--link", link, *words)

    wrong, board = tmp_path / "notes.txt", tmp_path / "board.bin"
    wrong.write_text("hello")
    cli("clip", "practice", board, "--board", "1", "--size", "2000")
    large = tmp_path / "large.bin"
    cli("clip", "practice", large, "--size", "475000")
    cli("clip", "practice", tmp_path / "other.bin", "--size", "2000")
    refused(flash(wrong), "notes.txt is no firmware")
    refused(flash(tmp_path / "gone.bin"), "cannot be read")
    refused(flash(image, "--key", tmp_path / "other.pub.pem"), "is not signed by")
    refused(flash(board), "is for a XIAO nRF52840 Sense; this clip is a simulated clip")
    refused(flash(large), "has room for")
    refused(flash(image, link=f"{REST}&faults=battery"), "battery is at 4 %: charge it to 20 % first")
    refused(cli("clip", "flash", image), "Name the clip with --link")


def test_an_older_version_needs_force_and_the_clip_has_the_last_word(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trendel.links.sim import bench as simulated
    from trendel.links.sim.practice import practice_image

    old = tmp_path / "old.bin"
    cli("clip", "practice", old, "--version", "1.0.0", "--size", "5000")
    made = functools.partial(simulated.Flash, running=practice_image((1, 5, 0, 0)))
    monkeypatch.setattr(simulated, "Flash", made)
    refused(
        cli("clip", "flash", old, "--link", REST), "is version 1.0.0, older than 1.5.0 on the clip: --force tries it"
    )
    said = cli("clip", "flash", old, "--link", REST, "--force")
    assert said.code == 1 and "did not start old.bin" in said.out and "1.5.0 runs as before" in said.out


def test_two_clips_with_one_name_are_told_apart_first(cli: Cli, image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    air = Air([AirClip("Anna", "C0:00:00:00:00:01", [], []), AirClip("Anna", "C0:00:00:00:00:02", [], [])])
    monkeypatch.setattr(ble, "chosen_backend", air.backend)
    monkeypatch.setattr(ble, "SCAN_S", 0.4)
    said = cli("clip", "flash", image, "--link", "ble:Anna")
    refused(said, "Several clips are in reach")
    assert "ble:C0:00:00:00:00:01" in said.err and not any(clip.connections_n for clip in air.clips)


def test_practice_images_name_their_board(cli: Cli, image: Path) -> None:
    found = read_image(image.read_bytes())
    assert found is not None and found.tlvs[TLV_BOARD] == b"\0\0" and found.version == (1, 0, 0, 0)
    refused(cli("clip", "practice", image, "--version", "one"), "give three numbers such as 1.2.0")


# ---- bare boards ----


def _uf2(blocks_n: int = 3, family: int = 0xADA52840) -> bytes:
    import struct

    head = struct.Struct("<IIIIIIII")
    return b"".join(
        head.pack(0x0A324655, 0x9E5D5157, 0x2000, 0x27000 + 256 * k, 256, k, blocks_n, family).ljust(508, b"\0")
        + struct.pack("<I", 0x0AB16F30)
        for k in range(blocks_n)
    )


@pytest.fixture
def drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A drive that goes away once it has a file, as the board's bootloader lets it."""
    folder = tmp_path / "XIAO-SENSE"
    folder.mkdir()
    (folder / bare_board.INFO).write_text(
        "UF2 Bootloader 0.6.2\r\nModel: Seeed XIAO\r\nBoard-ID: nRF52840-SeeedXiaoSense-v1\r\n"
    )
    monkeypatch.setattr(bare_board, "_GONE_S", 0.4)
    monkeypatch.setattr(bare_board, "drives", lambda: [folder])
    real = bare_board._copy

    def copied(*arguments: Any) -> None:
        real(*arguments)
        (folder / bare_board.INFO).unlink()

    monkeypatch.setattr(bare_board, "_copy", copied)
    return folder


def test_a_bare_board_is_written_by_its_drive(cli: Cli, tmp_path: Path, drive: Path) -> None:
    file = tmp_path / "xiao.uf2"
    file.write_bytes(_uf2())
    said = cli("clip", "flash", file)
    assert said.code == 0 and "The XIAO nRF52840 Sense has taken xiao.uf2" in said.out
    assert (drive / "xiao.uf2").read_bytes() == _uf2()


def test_what_does_not_fit_a_bare_board_is_said(
    cli: Cli, tmp_path: Path, drive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "xiao.uf2"
    for raw, said in (
        (_uf2()[:-512], "no whole UF2 file"),
        (b"", "no whole"),
        (_uf2(family=0x1234), "another processor"),
    ):
        file.write_bytes(raw)
        refused(cli("clip", "flash", file), said)
    file.write_bytes(_uf2())
    (drive / bare_board.INFO).write_text("Board-ID: RPI-RP2\r\n")
    refused(cli("clip", "flash", file), "The board at")
    refused(cli("clip", "flash", file, "--drive", tmp_path), "is no drive of a bare board")
    for found, said in (([], "No board with a drive is plugged in"), ([drive, tmp_path], "Several boards")):
        monkeypatch.setattr(bare_board, "drives", lambda found=found: found)
        refused(cli("clip", "flash", file), said)
    assert not list(drive.glob("*.uf2"))


def test_a_probe_needs_pyocd_and_a_hex_file(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "dk.hex"
    file.write_text(":00000001FF\n")
    refused(cli("clip", "flash", file), "is written by a probe")
    refused(cli("clip", "flash", tmp_path / "dk.bin", "--probe", "any"), "writes an Intel HEX file")
    if "pyocd" not in sys.modules:
        monkeypatch.setitem(sys.modules, "pyocd", types.ModuleType("pyocd"))
        refused(cli("clip", "flash", file, "--probe", "any"), "needs pyOCD: pip install 'trendel[probe]'")
    assert board_of(2) is not None
