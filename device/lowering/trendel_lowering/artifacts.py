"""The lowered artefacts, made once for each state of the sources and kept in the user's cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import platformdirs

from trendel.wire.settings import RATES_HZ

from . import DEFAULT_PACKAGE, checks, cortexm, wasm, x86
from .findings import refuse
from .header import header
from .ir import ENTRIES, compile_package, link, optimise
from .package import KernelPackage
from .syntax import check_syntax

ASSEMBLY, WASM, HEADER = "trendel_kernel.s", "trendel_kernel.wasm", "trendel_layout.h"
ASSEMBLY_X86 = "trendel_kernel_x86_64.s"


@dataclass(frozen=True)
class Lowered:
    """assembly: Cortex-M4F text; wasm: linked module; x86: x86-64 assembly text; header: C text."""

    assembly: str
    wasm: bytes
    x86: str
    header: str

    def write(self, folder: Path) -> list[Path]:
        """Write the artefacts; the paths written."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ASSEMBLY).write_text(self.assembly)
        (folder / WASM).write_bytes(self.wasm)
        (folder / ASSEMBLY_X86).write_text(self.x86)
        (folder / HEADER).write_text(self.header)
        return [folder / name for name in (ASSEMBLY, WASM, ASSEMBLY_X86, HEADER)]


def compile_checked(package: KernelPackage) -> dict[str, str]:
    """numba's IR of the entries, after the dialect's checks. Raises LoweringError naming kernel and line."""
    refuse(check_syntax(package.folder))
    compiled = compile_package(package)
    refuse(compiled.findings)
    return compiled.ir


def lower_ir(package: KernelPackage, texts: dict[str, str]) -> Lowered:
    """Every target from numba's IR, after the checks of the object. Raises LoweringError naming kernel and line."""
    for entry in ENTRIES:
        if entry not in texts:
            raise ValueError(f"no IR of {entry}")
    arm = optimise(link(texts, cortexm.TARGET), cortexm.TARGET)
    found = checks.offences(arm)
    if found:
        refuse(checks.explain(package, found))
    web = optimise(link(texts, wasm.TARGET), wasm.TARGET)
    intel = optimise(link(texts, x86.TARGET), x86.TARGET)
    return Lowered(
        cortexm.assembly(arm),
        wasm.link(web),
        x86.assembly(intel),
        header(package.load("layout"), parameter_hashes(package)),
    )


def parameter_hashes(package: KernelPackage) -> dict[int, int]:
    """Hash of the default parameters at each output data rate that a clip has; none for kernels that do not ship."""
    if package.name != DEFAULT_PACKAGE:
        return {}
    from trendel.analysis.kernel_params import Setup, kernel_params
    from trendel.analysis.parameters import Parameters

    return {rate: int(kernel_params(Parameters(), Setup(rate_hz=rate))["param_hash"][0]) for rate in RATES_HZ}


def lower(package: KernelPackage | None = None) -> Lowered:
    """Everything, from the sources, without any cache."""
    package = package or KernelPackage.find(DEFAULT_PACKAGE)
    return lower_ir(package, compile_checked(package))


def cached(package: KernelPackage | None = None) -> Path:
    """Folder with the artefacts of this state of the sources, lowered now if they are new."""
    package = package or KernelPackage.find(DEFAULT_PACKAGE)
    folder = cache_root() / f"{package.name}-{_key(package)}"
    if not (folder / HEADER).exists():
        lowered = lower(package)
        # Complete or absent: another process may be doing the same.
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix="new-", dir=folder.parent))
        lowered.write(made)
        publish(made, folder)
    return folder


def publish(made: Path, folder: Path) -> None:
    """Move a finished folder to its place; the one that is there already wins."""
    try:
        made.rename(folder)
    except OSError:
        shutil.rmtree(made, ignore_errors=True)


def cache_root() -> Path:
    """Where lowered kernels are kept; TRENDEL_LOWERED_DIR overrides."""
    named = os.environ.get("TRENDEL_LOWERED_DIR")
    return Path(named) if named else platformdirs.user_cache_path("trendel") / "lowered"


def _key(package: KernelPackage) -> str:
    digest = hashlib.sha256(package.source_hash().encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    digest.update(repr(parameter_hashes(package)).encode())
    for library in ("numba", "llvmlite", "numpy"):
        digest.update(f"{library} {version(library)}".encode())
    return digest.hexdigest()[:16]
