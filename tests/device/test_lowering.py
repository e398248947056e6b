"""Lowering: the same bytes on every machine, a header that C agrees with, and nothing foreign in the object."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests_device import need

from trendel.errors import LoweringError
from trendel_lowering import checks, cortexm, toolchain
from trendel_lowering.__main__ import main
from trendel_lowering.artifacts import HEADER, lower, lower_ir, parameter_hashes
from trendel_lowering.header import check_layout, header
from trendel_lowering.ir import compile_package, link, optimise
from trendel_lowering.package import KernelPackage

COMPILE = (Path(__file__).parent / "fixtures" / "tiny_kernels" / "compile.py").read_text()


def test_two_runs_and_another_cpu_give_the_same_bytes(
    tiny: KernelPackage, tmp_path: Path, wasm_home: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["--out", str(tmp_path / "one"), "--kernels", tiny.name]) == 0
    # As on another building machine, with settings of numba that its user left set.
    monkeypatch.setenv("NUMBA_CPU_NAME", "skylake-avx512")
    monkeypatch.setenv("NUMBA_CPU_FEATURES", "+avx512f,+fma")
    monkeypatch.setenv("NUMBA_OPT", "1")
    monkeypatch.setenv("NUMBA_SLP_VECTORIZE", "1")
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    monkeypatch.setenv("PYTHONHASHSEED", "17")
    assert main(["--out", str(tmp_path / "two"), "--kernels", tiny.name]) == 0
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["trendel_kernel.s", "trendel_kernel.wasm", "trendel_kernel_x86_64.s", "trendel_layout.h"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_nothing_in_the_artefacts_names_this_machine(tiny: KernelPackage, wasm_home: None) -> None:
    lowered = lower(tiny)
    for text in (lowered.assembly, lowered.header, lowered.wasm.decode("latin-1")):
        assert str(Path.home()) not in text and str(tiny.folder) not in text and "NumbaEnv" not in text


def test_the_header_compiles_as_c99_c11_and_cxx(tiny: KernelPackage, tmp_path: Path) -> None:
    (tmp_path / HEADER).write_text(header(tiny.load("layout")))
    program = tmp_path / "use.c"
    program.write_text(f'#include "{HEADER}"\nint main(void) {{ return (int)sizeof(trendel_state_t) == 0; }}\n')
    compilers = [
        (tool, flag) for tool, flag in (("gcc", "c99"), ("gcc", "c11"), ("g++", "c++17")) if shutil.which(tool)
    ]
    if not compilers:
        pytest.skip("no host C compiler (Debian package gcc)")
    for tool, standard in compilers:
        language = ["-x", "c++"] if tool == "g++" else []
        command = [
            tool,
            *language,
            f"-std={standard}",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-c",
            str(program),
            "-o",
            os.devnull,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_the_header_carries_the_hashes(pipeline_package: KernelPackage) -> None:
    from trendel.analysis.kernel_params import Setup, kernel_params
    from trendel.analysis.parameters import Parameters

    layout = pipeline_package.load("layout")
    text = header(layout, parameter_hashes(pipeline_package))
    expected = int(kernel_params(Parameters(), Setup(rate_hz=208.0))["param_hash"][0])
    assert f"#define TRENDEL_LAYOUT_HASH 0x{layout.LAYOUT_HASH:08x}u\n" in text
    assert f"#define TRENDEL_PARAM_HASH_208 0x{expected:08x}u\n" in text


def test_c_refuses_a_header_that_disagrees(tiny: KernelPackage, tmp_path: Path) -> None:
    gcc = shutil.which("gcc")
    if gcc is None:
        pytest.skip("no host C compiler (Debian package gcc)")
    text = header(tiny.load("layout"))
    (tmp_path / "wrong.h").write_text(text.replace("float slow[3];", "float slow[4];"))
    for standard in ("c99", "c11"):
        command = [gcc, f"-std={standard}", "-fsyntax-only", str(tmp_path / "wrong.h")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode != 0 and "norm" in done.stderr


@pytest.mark.parametrize(
    ("dtype", "says"),
    [
        (np.dtype([("x", "f8")]), "float64"),
        (np.dtype([("flag", "u1"), ("x", "f4")], align=True), "uint8"),
        (np.dtype([("size", "u4")]), "numpy attribute"),
        (np.dtype({"names": ["x", "y"], "formats": ["f4", "f4"], "offsets": [0, 8]}), "padding"),
    ],
)
def test_layouts_that_c_would_see_otherwise_are_refused(dtype: np.dtype, says: str) -> None:
    with pytest.raises(LoweringError, match=says):
        check_layout("Thing", dtype)


# Bodies that the dialect would refuse, put straight before the checks of the object: what they say, and where.
OBJECTS = {
    "x = np.float32(np.float64(x) * np.float64(y) + np.float64(x))": "float64 arithmetic",
    "x = np.float32(math.sin(x))": "undefined symbol sinf",
    "x = np.float32(math.floor(x))": "undefined symbol floorf",
    "x = x % y": "modulo",
    "x = np.float32(np.int64(x) // np.int64(y))": "integer",
    "if x > y: raise ValueError('x')": "exception",
    "x = np.zeros(8, np.float32)[np.int32(x)]": "allocation",
}
PIPELINE = """\
import math

import numpy as np
from numba import types

from tiny_kernels.compile import kernel
from tiny_kernels.layout import TYPES


@kernel(types.float32(types.float32, types.float32))
def culprit(x, y):
    {body}
    return x


@kernel(types.int32(TYPES["State"], TYPES["Params"], TYPES["Sample"], TYPES["Out"]))
def step(state, params, sample, out):
    out.tilt = culprit(sample.dt_s, params.gain)
    return np.int32(0)


@kernel(types.int32(TYPES["State"], TYPES["Params"]))
def init(state, params):
    return np.int32(0)
"""


@pytest.mark.parametrize("body", OBJECTS)
def test_the_finished_object_is_searched_too(body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"object_kernels_{list(OBJECTS).index(body)}"
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "layout.py").write_text("from tiny_kernels.layout import *\n")
    (folder / "pipeline.py").write_text(PIPELINE.format(body=body))
    monkeypatch.syspath_prepend(str(tmp_path))
    package = KernelPackage(name, folder)
    compiled = compile_package(package, types=False)
    with pytest.raises(LoweringError) as refused:
        lower_ir(package, compiled.ir)
    line = PIPELINE.splitlines().index("    {body}") + 1
    assert OBJECTS[body] in str(refused.value)
    assert f"pipeline.py:{line}: in kernel culprit" in str(refused.value)


def test_fused_and_reordered_arithmetic_is_seen(tiny: KernelPackage) -> None:
    texts = compile_package(tiny).ir
    assert "fmul float" in texts["trendel_step"]
    for change, says in (("fmul contract float", "reordered"), ("fmul fast float", "reordered")):
        changed = {name: text.replace("fmul float", change) for name, text in texts.items()}
        found = checks.offences(optimise(link(changed, cortexm.TARGET), cortexm.TARGET))
        assert any(says in offence.why for offence in found)


def test_large_copies_need_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny: KernelPackage) -> None:
    """init of the tiny kernels clears an array: LLVM makes a memset of that, which must not stay undefined."""
    texts = compile_package(tiny).ir
    module = optimise(link(texts, cortexm.TARGET), cortexm.TARGET)
    assert checks.undefined_symbols(cortexm.object_code(module)) == []
    assert "trendel_zero_words" in str(module)


def test_a_missing_tool_names_its_debian_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    for tool, debian in toolchain.DEBIAN_PACKAGE.items():
        with pytest.raises(LoweringError, match=f"{tool} is not installed.*apt-get install {debian}"):
            toolchain.find_tool(tool)
    assert "qemu" in str(toolchain.missing_for("cortexm")) or "gcc" in str(toolchain.missing_for("cortexm"))


def test_the_command_says_what_is_wrong_in_one_message(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--out", str(tmp_path), "--kernels", "no.such.kernels"]) == 2
    assert capsys.readouterr().err.startswith("There is no kernel package no.such.kernels")


def test_lowering_is_a_command(tiny: KernelPackage, tmp_path: Path) -> None:
    need("wasm")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-m", "trendel_lowering", "--out", str(tmp_path), "--kernels", tiny.name]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "trendel_kernel.s" in done.stdout
