"""What the core costs on the clip's processor: bytes of Thumb code, instructions of a mount. Measured, not guessed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.device.core.rig import RAW, RECORDS, Clip, core
from trendel.wire import layout as lt
from trendel_core.build import CORE
from trendel_lowering.homes.cortexm import ICOUNT_SHIFT, emulate
from trendel_lowering.homes.files import EMULATOR
from trendel_lowering.toolchain import find_tool, missing_for, run_tool

CODE_MAX = 24 * 1024
MOUNT_MAX_S = 0.2
CLOCK_HZ = 64e6
SECTORS = 512
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wconversion", "-Wpedantic"]
THUMB = ["-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard", "-ffp-contract=off", "-std=c99"]


@pytest.fixture(scope="module", autouse=True)
def tools() -> None:
    why = missing_for("cortexm")
    if why:
        pytest.skip(why)


def compile_for_target(source: Path, into: Path, optimise: str) -> Path:
    target = into / f"{source.stem}{optimise}.o"
    specs = ["--specs=picolibc.specs", "-ffunction-sections", "-fdata-sections", f"-I{CORE / 'include'}"]
    run_tool(
        [find_tool("arm-none-eabi-gcc"), *THUMB, *WARNINGS, optimise, *specs, "-c", str(source), "-o", str(target)]
    )
    return target


def code_bytes(objects: list[Path]) -> dict[str, int]:
    """Code, constants and initialised data of each object, by arm-none-eabi-size."""
    listing = run_tool([find_tool("arm-none-eabi-size"), *map(str, objects)]).splitlines()[1:]
    return {Path(row.split()[5]).stem: int(row.split()[0]) + int(row.split()[1]) for row in listing}


def test_the_core_is_small(tmp_path: Path) -> None:
    """All of it, the tables of parameters too, as the firmware compiles it (Zephyr's CONFIG_SIZE_OPTIMIZATIONS)."""
    sizes = code_bytes([compile_for_target(path, tmp_path, "-Os") for path in sorted((CORE / "src").glob("*.c"))])
    print(sizes, sum(sizes.values()))
    assert sum(sizes.values()) < CODE_MAX, sizes


def test_the_core_calls_only_what_it_brings(tmp_path: Path) -> None:
    """No allocation, no printing, no double: only memory functions and 64-bit division from the compiler's library."""
    objects = [str(compile_for_target(path, tmp_path, "-O2")) for path in sorted((CORE / "src").glob("*.c"))]
    listing = [line.split() for line in run_tool([find_tool("arm-none-eabi-nm"), *objects]).splitlines()]
    defined = {words[-1] for words in listing if len(words) == 3}
    wanted = {words[1] for words in listing if len(words) == 2 and words[0] == "U"} - defined
    assert wanted <= {"memcpy", "memmove", "memset", "memcmp", "strlen", "__aeabi_uldivmod", "__aeabi_ldivmod"}, wanted


def full_flash() -> Clip:
    """A full log that is as slow to mount as any: all sectors in use, small records, no counters that can be read."""
    clip = Clip(core(), sector_n=SECTORS, records_quota=280)
    lib, ffi = clip.core.lib, clip.core.ffi
    small, large = bytes([lt.KIND_FAULTS]) + bytes(11), bytes([0xEE]) * 2000
    for _ in range(280 * 210):
        assert lib.trendel_log_append(clip.log, RECORDS, small, len(small)) == 0
    for _ in range(231 * 2):
        assert lib.trendel_log_append(clip.log, RAW, large, len(large)) == 0
    image = np.frombuffer(ffi.buffer(clip.nor.bytes, SECTORS * 4096), np.uint8).reshape(SECTORS, 4096)
    for i in range(SECTORS):
        if clip.log.sectors[i].sequence and clip.log.sectors[i].class_id == RECORDS:
            image[i, 32 + 8 + 20] ^= 1  # the counters at its start
    return clip


def test_a_mount_is_short(tmp_path: Path) -> None:
    clip = full_flash()
    (tmp_path / "nor.bin").write_bytes(bytes(clip.core.ffi.buffer(clip.nor.bytes, SECTORS * 4096)))
    used = clip.core.lib.trendel_log_used(clip.log)
    clip.close()
    memory = {"flash": 0x0, "flash_size": 0x400000, "ram": 0x20000000, "ram_size": 0x200000, "stack_size": 0x8000}
    symbols = ",".join(f"--defsym=__{name}={value:#x}" for name, value in memory.items())
    libraries = ["--specs=picolibc.specs", "--oslib=semihost", "--crt0=semihost", f"-Wl,{symbols}"]
    files = [str(CORE / "src" / f"{name}.c") for name in ("log", "log_choose", "faults", "bytes")]
    program = tmp_path / "mount.elf"
    run_tool(
        [find_tool("arm-none-eabi-gcc"), *THUMB, "-O2", *libraries, f"-DSECTORS={SECTORS}u"]
        + [f"-I{CORE / 'include'}", str(EMULATOR / "mount.c"), *files, "-o", str(program)]
    )
    emulate(program, tmp_path, "-icount", f"shift={ICOUNT_SHIFT}")
    ticks, in_use, boot = map(int, (tmp_path / "mount.txt").read_text().split())
    instructions = ticks * 40 / 2**ICOUNT_SHIFT
    print(f"mount: {instructions:.0f} instructions, {1e3 * instructions / CLOCK_HZ:.2f} ms at 64 MHz, one a cycle")
    assert (in_use, boot) == (used, 2)
    assert in_use > 500
    assert instructions / CLOCK_HZ < MOUNT_MAX_S
