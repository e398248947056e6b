"""Which code a result was computed by: what a folder's resume must notice besides options and recordings."""

import hashlib
from pathlib import Path


def code_key() -> str:
    """Version of the package, hash of the kernels, and hash of all that reads recordings and drives the kernels.

    The version alone is not enough: in a checkout the code changes without it.
    """
    import trendel
    from trendel.kernels.compile import KERNEL_HASH

    return f"{trendel.__version__} {KERNEL_HASH} {_source_hash(Path(trendel.__path__[0]))}"


def _source_hash(package: Path) -> str:
    digest = hashlib.sha256()
    for folder in ("analysis", "recording"):
        for path in sorted((package / folder).rglob("*.py")):
            digest.update(path.relative_to(package).as_posix().encode() + b"\0" + source_bytes(path) + b"\0")
    return digest.hexdigest()


def source_bytes(path: Path) -> bytes:
    """Content of a source file, with the line ends of any system."""
    return path.read_bytes().replace(b"\r\n", b"\n")
