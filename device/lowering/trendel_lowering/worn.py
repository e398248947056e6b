"""A clip worn by a recording, on the emulated Cortex-M4F: the whole main loop, without a host (device/emulator/clip.c).

worn.bin, little-endian:

    u4[8]  magic 'TRRW', samples, kernel hash, sectors, of them for records, ODR code of the rows, interval in ppm off
           the data sheet's, settings
    u8[3]  serial, when the recording begins and when all ends (us of the simulation)
    f8     interval of the rows, ns
    i2[6]  the attitude in which it rests
    settings: u4 key, u4 length, value; then samples x i2[6]

log.bin is the flash's image, state.bin the kernels' last state, end.bin the counts of END.
"""

from __future__ import annotations

import hashlib
import struct
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from trendel.errors import LoweringError
from trendel.kernels.compile import KERNEL_HASH
from trendel.wire import layout as lt
from trendel.wire.packets import RecordBlock, decode
from trendel.wire.settings import KEYS, encode_setting
from trendel_core.rates import nominal_rate

from .artifacts import ASSEMBLY, cache_root, cached, publish
from .homes.cortexm import FLAGS, ICOUNT_SHIFT, INSTRUCTIONS_PER_TICK, emulate
from .homes.files import EMULATOR
from .package import KernelPackage
from .toolchain import find_tool, picolibc_problem, run_tool

CORE = EMULATOR.parent / "core"
WORN_MAGIC = 0x57525254
# Everything lies in the 16 MB of PSRAM: the flash's image and the recording are large.
_MEMORY = {"flash": 0x0, "flash_size": 0x400000, "ram": 0x21000000, "ram_size": 0x1000000, "stack_size": 0x8000}
_WRAPPED = ("trendel_clip_irq", "trendel_clip_tick", "trendel_clip_start")
END = np.dtype(
    [
        ("steps", "<u4"),
        ("stack_bytes", "<u4"),
        ("state_bytes", "<u4"),
        ("clip_bytes", "<u4"),
        ("step_ticks", "<u8"),
        ("clip_ticks", "<u8"),
        ("step_ticks_most", "<u4"),
        ("clip_ticks_most", "<u4"),
        ("clip_calls", "<u4"),
        ("faults", "<u4", (len(lt.FAULTS),)),
    ],
    align=True,
)


@dataclass(frozen=True)
class Worn:
    """What the clip is worn by: counts (n, 6) int16 at rate_hz, from play_us on; values of settings by key.

    The clip is set as SimulatedClip sets it: to the nearest of its rates, unless `settings` say another.
    """

    counts: npt.NDArray[np.int16]
    rate_hz: float
    play_us: int
    end_us: int
    settings: Mapping[str, bytes] = field(default_factory=dict)
    sectors: int = 512
    serial: int = 1

    def file(self) -> bytes:
        """worn.bin."""
        counts = np.ascontiguousarray(self.counts, "<i2")
        nominal, ppm = nominal_rate(self.rate_hz)
        odr = round(np.log2(nominal / 26)) + 2
        settings = {"rate_hz": encode_setting("rate_hz", rate_hz=nominal), **self.settings}
        quota = max(1, self.sectors * 280 // 512)
        words = (WORN_MAGIC, len(counts), int(KERNEL_HASH[:8], 16), self.sectors, quota, odr, ppm, len(settings))
        rest = [*np.rint(counts[:, :3].mean(axis=0, dtype=np.float64)).astype(int).tolist(), 0, 0, 0]
        head = struct.pack("<6IiI3Qd6h", *words, self.serial, self.play_us, self.end_us, 1e9 / self.rate_hz, *rest)
        names = [key.name for key in KEYS]
        values = b"".join(
            struct.pack("<II", names.index(key.removeprefix("trendel/")), len(value)) + value
            for key, value in settings.items()
        )
        return head + values + counts.tobytes()


@dataclass(frozen=True)
class Ended:
    """What came of it: the flash's image, the kernels' state, and END."""

    image: bytes
    state: bytes
    end: np.void

    @property
    def instructions_mean(self) -> float:
        """Of the kernels for a sample."""
        return float(self.end["step_ticks"] / max(1, int(self.end["steps"])) * INSTRUCTIONS_PER_TICK)

    @property
    def instructions_worst(self) -> float:
        """Of the kernels for the worst sample."""
        return float(self.end["step_ticks_most"] * INSTRUCTIONS_PER_TICK)

    @property
    def clip_instructions_mean(self) -> float:
        """Of the whole clip for a sample, without the simulated chips: IMU driver, kernels, packing, log, alerts."""
        return float(self.end["clip_ticks"] / max(1, int(self.end["steps"])) * INSTRUCTIONS_PER_TICK)


@dataclass(frozen=True)
class EndedHere:
    """The same of the simulated clip on this machine, with what its log tells."""

    image: bytes
    state: bytes
    strides_n: int
    alerts_n: int


def counts_of(acc_mps2: npt.NDArray[np.float32], gyr_radps: npt.NDArray[np.float32]) -> npt.NDArray[np.int16]:
    """(n, 6) counts at 16 g and 2000 deg/s of (n, 3) m/s2 and rad/s, limited to what there is."""
    scaled = np.hstack(
        (acc_mps2 / (8 * np.float64(lt.ACC_SCALE_MPS2)), gyr_radps / (16 * np.float64(lt.GYR_SCALE_RADPS)))
    )
    return np.clip(np.rint(np.nan_to_num(scaled)), -32768, 32767).astype(np.int16)


def run_worn_here(worn: Worn) -> EndedHere:
    """Wear the simulated clip on this machine. Raises CoreError without a C compiler."""
    from trendel_core.clip import POWER_ON, SimulatedClip

    with SimulatedClip(worn.counts, worn.rate_hz, serial=worn.serial, sectors=worn.sectors, boot=False) as clip:
        for key, value in worn.settings.items():
            clip.store_setting(key, value)
        clip.reboot(POWER_ON)
        clip.advance(worn.play_us)
        clip.play()
        clip.advance(worn.end_us)
        clip.flush()
        records = [decode(raw) for raw in clip.log_entries(0)]
        strides = [p for p in records if isinstance(p, RecordBlock) and p.header["kind"] == lt.KIND_STRIDE]
        events = [p for p in records if isinstance(p, RecordBlock) and p.header["kind"] == lt.KIND_EVENT]
        codes = [int(code) for p in events for code in np.frombuffer(p.body, lt.DTYPES["Event"])["code"]]
        return EndedHere(
            clip.read_file("/log/flash"),
            clip.kernel_state,
            sum(int(p.header["record_n"]) for p in strides),
            codes.count(lt.EVENTS.index("alert_start")),
        )


def build(artefacts: Path) -> Path:
    """The linked program for a folder of artefacts, kept by the hash of all that it comes from."""
    gcc = find_tool("arm-none-eabi-gcc")
    problem = picolibc_problem()
    if problem:
        raise LoweringError(problem)
    sources = [EMULATOR / "clip.c", *sorted((CORE / "src").glob("*.c"))]
    sources += [CORE / "sim" / f"{name}.c" for name in ("clip", "lsm6", "nor")]
    headers = [path for name in ("include", "src", "sim") for path in sorted((CORE / name).glob("*.h"))]
    digest = hashlib.sha256(" ".join(FLAGS).encode() + run_tool([gcc, "--version"]).encode())
    for path in (*sources, *headers, artefacts / ASSEMBLY):
        digest.update(path.name.encode() + path.read_bytes())
    folder = cache_root() / f"clip-{digest.hexdigest()[:16]}"
    program = folder / "clip.elf"
    if not program.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix="new-", dir=folder.parent))
        symbols = ",".join(f"--defsym=__{name}={value:#x}" for name, value in _MEMORY.items())
        wrapped = ",".join(f"--wrap={name}" for name in _WRAPPED)
        includes = [f"-I{CORE / name}" for name in ("include", "src", "sim")]
        files = [*map(str, sources), str(artefacts / ASSEMBLY)]
        run_tool([gcc, *FLAGS, *includes, f"-Wl,{symbols},{wrapped}", *files, "-o", str(made / "clip.elf")])
        publish(made, folder)
    return program


def run_worn(worn: Worn, *, count: bool = False) -> Ended:
    """Wear the clip on the emulated Cortex-M4F; `count`: its instructions too, which takes longer."""
    find_tool("qemu-system-arm")
    program = build(cached(KernelPackage.find()))
    options = ("-icount", f"shift={ICOUNT_SHIFT}") if count else ()
    with tempfile.TemporaryDirectory(prefix="trendel-worn-") as name:
        folder = Path(name)
        (folder / "worn.bin").write_bytes(worn.file())
        emulate(program, folder, *options)
        end = np.frombuffer((folder / "end.bin").read_bytes(), END, 1)[0]
        return Ended((folder / "log.bin").read_bytes(), (folder / "state.bin").read_bytes(), end)
