"""Fixtures of the device tests: the tiny kernel package, and homes that are skipped where their tools are absent."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "fixtures"))

from tests_device import need

from trendel_lowering.package import KernelPackage


@pytest.fixture(scope="session", autouse=True)
def lowered_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Lowered kernels of the tests go to a folder of their own, made once."""
    folder = tmp_path_factory.mktemp("lowered")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRENDEL_LOWERED_DIR", str(folder))
        yield folder


@pytest.fixture(scope="session")
def tiny() -> KernelPackage:
    """The tiny kernels: lowered in two seconds."""
    return KernelPackage.find("tiny_kernels")


@pytest.fixture(scope="session")
def pipeline_package() -> KernelPackage:
    """The kernels that ship."""
    return KernelPackage.find("trendel.kernels")


@pytest.fixture(scope="session")
def all_homes() -> None:
    """For tests that need QEMU and Node."""
    need("cortexm", "wasm")


@pytest.fixture(scope="session")
def wasm_home() -> None:
    """For tests that need wasm-ld and Node."""
    need("wasm")
