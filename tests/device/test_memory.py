"""The loops that stand for memset, memcpy and memmove in lowered code move what those would."""

from __future__ import annotations

import ctypes
import re

import llvmlite.binding as llvm
import numpy as np
import pytest

from trendel_lowering.memory import replace_memory_intrinsics

HEAD = """\
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
declare void @llvm.memmove.p0.p0.i32(ptr, ptr, i32, i1)

define void @f(ptr %to, ptr %from, i64 %n) {
  %m = trunc i64 %n to i32
"""
CALLS = {
    "tail call void @llvm.memset.p0.i64(ptr nonnull align 4 dereferenceable(64) %to, i8 0, i64 64, i1 false)": 64,
    "call void @llvm.memset.p0.i64(ptr %to, i8 7, i64 %n, i1 false)": None,
    "call void @llvm.memset.p0.i64(ptr align 1 %to, i8 0, i64 33, i1 false)": 33,
    "call void @llvm.memcpy.p0.p0.i64(ptr align 4 %to, ptr align 4 %from, i64 64, i1 false)": 64,
    "tail call void @llvm.memcpy.p0.p0.i64(ptr align 4 %to, ptr readonly align 1 %from, i64 64, i1 false)": 64,
    "call void @llvm.memmove.p0.p0.i32(ptr align 4 %to, ptr align 4 %from, i32 64, i1 false)": 64,
    "call void @llvm.memmove.p0.p0.i32(ptr align 1 %to, ptr %from, i32 %m, i1 false)": None,
}


@pytest.fixture(scope="module", autouse=True)
def native() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


# memcpy is not for blocks that overlap.
CASES = [(call, shift) for call in CALLS for shift in (-8, 0, 8, 400) if shift == 400 or "memcpy" not in call]


@pytest.mark.parametrize(("call", "shift"), CASES)
def test_the_loop_moves_what_the_call_would(call: str, shift: int) -> None:
    text = replace_memory_intrinsics(f"{HEAD}  {call}\n  ret void\n}}\n")
    assert not re.search(r"call void @llvm", text)
    module = llvm.parse_assembly(text)
    module.verify()
    engine = llvm.create_mcjit_compiler(module, llvm.Target.from_default_triple().create_target_machine())
    function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)(
        engine.get_function_address("f")
    )
    for n in [CALLS[call]] if CALLS[call] else [0, 1, 17, 64]:
        buffer = np.arange(1024, dtype=np.int64).astype(np.uint8)
        expected = buffer.copy()
        base, n = 256, int(n or 0)
        value = re.search(r"i8 (\d)", call)
        expected[base + shift : base + shift + n] = int(value[1]) if value else buffer[base : base + n].copy()
        function(buffer.ctypes.data + base + shift, buffer.ctypes.data + base, n)
        assert buffer.tolist() == expected.tolist()


def test_small_blocks_stay() -> None:
    call = "call void @llvm.memcpy.p0.p0.i64(ptr align 4 %to, ptr align 4 %from, i64 12, i1 false)"
    text = f"{HEAD}  {call}\n  ret void\n}}\n"
    assert replace_memory_intrinsics(text) == text
