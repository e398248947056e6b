"""The dialect as one table: docs/dialect.md is written from it, tests/device/test_dialect.py tries every row.

Each form is the body of a kernel `form(s, x, y, i, n)`: `s` a record with `s.v` float32, `s.a` float32[8],
`s.k` int32 and `s.m` uint32; `x`, `y` float32; `i` int32; `n` uint32; it returns a float32.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Form:
    """One row: `says` is a part of the message that must appear when the form is refused."""

    code: str
    reason: str
    instead: str = ""
    says: str = ""


ACCEPTED: tuple[Form, ...] = (
    Form("x = x * np.float32(0.5)", "constants are float32 where they stand"),
    Form("x = x * GAIN", "module constants made with `np.float32(...)`"),
    Form("x = np.float32(math.pi) * x", "`math` and `np` constants inside `np.float32(...)`"),
    Form("x = x * np.float32(i)", "int32 to float32 by name"),
    Form(
        "i = np.int32(min(max(x, np.float32(-100)), np.float32(100)))",
        "float32 to int32, clamped first: out of range the homes differ",
    ),
    Form("x = x / max(y, np.float32(1e-6))", "a divide whose divisor is bounded away from zero"),
    Form("x = np.sqrt(max(x, np.float32(0)))", "a root of what cannot be negative"),
    Form("x = math.copysign(abs(x), y)", "`abs`, `math.fabs`, `math.copysign`, `min`, `max`"),
    Form("i = np.int32((i + 1) & 15)", "ring indices by mask"),
    Form("s.m = n + np.uint32(1)", "unsigned sums, stored in or cast to 32 bits at once"),
    Form("i = np.int32(np.uint32(n - s.m))", "differences of sample indices, cast at once"),
    Form("i = i >> 1", "shifts and masks instead of division and modulo"),
    Form("a = s.a\nfor j in range(8):\n    a[j] = x", "nested arrays hoisted to a local; `range` loops"),
    Form("while i > np.int32(0):\n    i = np.int32(i - 1)", "`while`, `if`, `break`, `continue`"),
    Form("x, y = y, x", "tuples of scalars, also as return values"),
    Form("x = x if x > y else y", "conditional expressions"),
    Form("x = helper(x)", "other `@kernel` functions"),
    Form(
        "if not (abs(x) > np.float32(1e-30)):\n    x = np.float32(0)", "snap to zero: catches NaN and denormals at once"
    ),
)

REFUSED: tuple[Form, ...] = (
    # numbers
    Form("x = x * 0.5", "a bare float is float64", "`x * np.float32(0.5)`", "float64"),
    Form("if x > 0:\n    x = y", "comparing with an int widens to float64", "`x > np.float32(0)`", "float64"),
    Form("x = min(x, 1)", "mixing with an int widens to float64", "`min(x, np.float32(1))`", "float64"),
    Form("x = x * i", "float32 times int32 is float64", "`x * np.float32(i)`", "float64"),
    Form("x = x * BARE", "the module constant `BARE = 0.5` is float64", "`BARE = np.float32(0.5)`", "float64"),
    Form("x = x + math.pi", "`math` and `np` constants are float64", "`x + np.float32(math.pi)`", "float64"),
    Form(
        "x = np.float32(np.float64(x) * np.float64(y))",
        "no float64, not even in between",
        "float32 throughout",
        "np.float64",
    ),
    Form("x = float(x)", "`float` is float64", "`np.float32(x)`", "float()"),
    Form("i = int(x)", "int64, and the homes differ out of range", "clamp, then `np.int32(x)`", "int()"),
    Form("x = round(x)", "libm, and ties differ", "clamp, add half, `np.int32`", "round()"),
    Form("x = math.floor(x)", "libm on Cortex-M4", "clamp, `np.int32`, correct for negatives", "math.floor"),
    Form("x = np.ceil(x)", "libm on Cortex-M4", "clamp, `np.int32`, correct for positives", "np.ceil"),
    Form("x = np.trunc(x)", "libm on Cortex-M4", "clamp, `np.float32(np.int32(x))`", "np.trunc"),
    Form("i = np.int32(i % 16)", "integer modulo is a library call", "`i & 15`, or a counter that is reset", "%"),
    Form("x = x % y", "float modulo is libm", "subtract the period in an `if`", "%"),
    Form("i = np.int32(i // 2)", "integer division is a library call", "`i >> 1`, or a float32 multiply", "//"),
    Form(
        "x = np.float32(i / np.int32(2))",
        "dividing integers gives float64",
        "`np.float32(i) * np.float32(0.5)`",
        "float64",
    ),
    Form("x = x ** 2", "powers are libm", "`x * x`", "**"),
    Form(
        "n = np.uint32(np.uint64(n) + np.uint64(1))", "64-bit integers are slow or library calls", "uint32", "np.uint64"
    ),
    Form("i = np.int32(np.int64(i) * np.int64(i))", "64-bit integers are slow or library calls", "int32", "np.int64"),
    Form(
        "d = n - s.m\nif d > np.uint32(5):\n    x = y",
        "uint32 arithmetic is 64 bits wide in numba: a wrapped difference is huge",
        "`d = np.uint32(n - s.m)`",
        "uint64",
    ),
    Form(
        "x = np.float32(i + 1)",
        "int32 + int is 64 bits wide; converting that is a library call",
        "`np.float32(np.int32(i + 1))`",
        "int64",
    ),
    Form(
        "x = np.float32(n - s.m)", "converting 64 bits is a library call", "`np.float32(np.uint32(n - s.m))`", "int64"
    ),
    # functions
    Form("x = np.float32(math.sin(x))", "libm differs between homes", "the kernels' own polynomials", "math.sin"),
    Form("x = math.atan2(x, y)", "libm differs between homes", "the kernels' own polynomials", "math.atan2"),
    Form("x = np.exp(x)", "libm differs between homes", "the kernels' own polynomials", "np.exp"),
    Form("x = np.power(x, y)", "libm differs between homes", "multiply", "np.power"),
    Form("x = sum((x, y))", "not in the dialect", "a loop", "sum()"),
    Form("print(x)", "no I/O", "fields of `out`", "print()"),
    Form(
        "x = python_function(x)",
        "only `@kernel` functions are lowered",
        "decorate it with `@kernel`",
        "python_function()",
    ),
    Form("x = s.a.sum()", "array methods: their order of summation is not ours", "a loop", "sum"),
    Form("x = form(s, x, y, i, n)", "recursion: the stack on the clip is bounded", "a loop", "itself"),
    # memory
    Form("a = np.zeros(8, np.float32)\nx = a[0]", "allocation", "a field of the state", "np.zeros"),
    Form("a = np.zeros(8)", "allocation, and float64", "a field of the state", "np.zeros"),
    Form("a = [x, y]\nx = a[0]", "allocation", "a tuple, or a field of the state", "list"),
    Form("a = {1: x}\nx = a[1]", "allocation", "a field of the state", "dict"),
    Form("a = {i, i}", "allocation", "a field of the state", "set"),
    Form("a = [s.a[j] for j in range(8)]", "allocation", "a loop", "comprehension"),
    Form("s.a[:] = x", "slices carry run-time checks that raise", "a loop over `range`", "slice"),
    Form("s.a[1:3] = s.a[2:4]", "slices carry run-time checks that raise", "a loop over `range`", "slice"),
    Form("b = s.a + s.a\nx = b[0]", "whole-array arithmetic allocates", "a loop over `range`", "array"),
    Form("x = s.a @ s.a", "BLAS", "a loop over `range`", "@"),
    Form('name = "left"', "no strings", "an int32 code", "string"),
    Form('name = f"{i}"', "no strings", "an int32 code", "string"),
    Form("z = 1j", "no complex numbers", "two float32", "complex"),
    # control flow
    Form("if x > y:\n    raise ValueError", "no exceptions on the clip", "a bit in the flags", "raise"),
    Form("assert x > y", "no exceptions on the clip", "a bit in the flags", "assert"),
    Form("try:\n    x = y\nexcept Exception:\n    x = x", "no exceptions on the clip", "check first", "try"),
    Form("with s:\n    x = y", "no context managers", "plain statements", "with"),
    Form("f = lambda u: u\nx = f(x)", "no functions as values", "a `@kernel` function", "lambda"),
    Form("def inner(u):\n    return u\nx = inner(x)", "no functions in functions", "a `@kernel` function", "def"),
    Form("class Inner:\n    pass", "no classes", "a struct in the layout", "class"),
    Form("global GAIN\nGAIN = x", "no state outside the state", "a field of the state", "global"),
    Form("import math", "imports stand at the top of the file", "at the top of the file", "import"),
    Form("yield x", "no generators", "a loop", "yield"),
    Form("x = x if i in (1, 2) else y", "`in` and `is` compare objects", "`i == 1 or i == 2`", "in"),
    Form("del y", "no `del`", "leave it", "del"),
)
