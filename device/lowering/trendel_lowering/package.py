"""A kernel package on disk: where it is, which kernels its files define, the hash of its sources."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from trendel.errors import LoweringError

from . import DEFAULT_PACKAGE
from .syntax import kernel_names, sources


@dataclass(frozen=True)
class KernelPackage:
    """name: dotted name of an importable package; folder: its directory."""

    name: str
    folder: Path

    @classmethod
    def find(cls, name: str = DEFAULT_PACKAGE) -> KernelPackage:
        """Raises LoweringError when the package cannot be imported or is not a package."""
        try:
            spec = importlib.util.find_spec(name)
        except ModuleNotFoundError:
            spec = None
        if spec is None or not spec.submodule_search_locations:
            raise LoweringError(f"There is no kernel package {name}: name an importable package with pipeline.py.")
        return cls(name, Path(next(iter(spec.submodule_search_locations))))

    def kernels(self) -> dict[Path, list[str]]:
        """The kernel functions by file; files without kernels are left out. Raises LoweringError on a syntax error."""
        try:
            found = kernel_names(sources(self.folder))
        except SyntaxError as error:
            raise LoweringError(f"{error.filename}:{error.lineno}: not Python: {error.msg}") from None
        return {path: names for path, names in found.items() if names}

    def modules(self) -> list[tuple[str, str, list[str]]]:
        """(dotted module name, file, kernel names) of each file with kernels."""
        rows = []
        for path, names in self.kernels().items():
            parts = path.relative_to(self.folder).with_suffix("").parts
            rows.append((".".join((self.name, *(p for p in parts if p != "__init__"))), str(path), names))
        return rows

    def load(self, module: str) -> ModuleType:
        """Import one module of the package (compiles kernels where it holds some)."""
        return importlib.import_module(f"{self.name}.{module}")

    def source_hash(self) -> str:
        """SHA-256 over names and bytes of all its Python files."""
        digest = hashlib.sha256()
        for path in sorted(self.folder.rglob("*.py")):
            digest.update(str(path.relative_to(self.folder)).encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()
