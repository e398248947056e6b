"""The dialect checked on numba's types: forms refused by the width of what they compute.

numba widens silently: float32 with any int is float64, int32 with int32 is int64, uint32 with uint32 is uint64.
64-bit integers may pass where they are cut to 32 bits at once; float64 may not pass at all, except as the
constant inside `np.float32(...)`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from numba.core import ir, types

from .findings import Finding

_WIDE_FLOATS = (types.float64, types.complex64, types.complex128)
_WIDE_INTS = (types.int64, types.uint64)


def check_widths(name: str, annotation: Any) -> list[Finding]:
    """Findings for one compiled kernel; `annotation` is numba's TypeAnnotation of its one signature."""
    return sorted(set(_Widths(name, annotation).findings()))


class _Widths:
    def __init__(self, name: str, annotation: Any) -> None:
        self.name = name
        self.file = str(annotation.filename)
        self.typemap: dict[str, Any] = annotation.typemap
        self.calltypes: dict[Any, Any] = annotation.calltypes
        self.statements = [inst for _, block in sorted(annotation.blocks.items()) for inst in block.body]
        self.definitions: dict[str, list[Any]] = defaultdict(list)
        self.uses: dict[str, list[Any]] = defaultdict(list)
        for inst in self.statements:
            if isinstance(inst, ir.Assign):
                self.definitions[inst.target.name].append(inst.value)
            for var in inst.list_vars():
                if not (isinstance(inst, ir.Assign) and var.name == inst.target.name):
                    self.uses[var.name].append(inst)

    def findings(self) -> Iterator[Finding]:
        for inst in self.statements:
            if isinstance(inst, ir.Assign):
                for why in self._assignment(inst):
                    yield Finding(self.file, inst.loc.line, self.name, why)
            elif isinstance(inst, ir.SetItem | ir.StaticSetItem | ir.SetAttr):
                stored = self._store(inst)
                if stored:
                    yield Finding(self.file, inst.loc.line, self.name, stored)

    def _type(self, var: ir.Var) -> Any:
        found = self.typemap.get(var.name)
        if isinstance(found, types.Literal):
            return found.literal_type
        return found

    def _assignment(self, inst: ir.Assign) -> Iterator[str]:
        value = inst.value
        result = self._type(inst.target)
        if result in _WIDE_FLOATS and not self._cast_constant(inst):
            yield f"{_shown(inst)} is {result}; write np.float32(...) around constants and int32 operands"
            return
        if isinstance(value, ir.Expr) and value.op == "arrayexpr":
            yield "whole-array arithmetic allocates; write a loop over range"
        if isinstance(value, ir.Expr) and value.op in ("call", "binop", "inplace_binop", "unary"):
            signature = self.calltypes.get(value)
            target = self._float32_cast(value)
            if target is not None:
                given = self._type(target)
                if given in _WIDE_INTS and not self._constant(target):
                    yield (
                        f"np.float32 of an {given} is a library call on the clip; "
                        "cut it to 32 bits first: np.float32(np.int32(...))"
                    )
            elif signature is not None and any(argument in _WIDE_FLOATS for argument in signature.args):
                yield "mixing float32 with an int or a bare float computes in float64; write np.float32(...) around it"
            elif isinstance(result, types.Array):
                yield "whole-array arithmetic allocates; write a loop over range"
        if result == types.uint64 and not self._bounded(inst.target) and not self._narrowed(inst.target.name):
            yield "uint32 arithmetic is uint64 wide until it is cut: write np.uint32(...) around it"

    def _store(self, inst: Any) -> str | None:
        given = self._type(inst.value)
        return f"a {given} is stored; write np.float32(...) around it" if given in _WIDE_FLOATS else None

    def _float32_cast(self, value: Any) -> ir.Var | None:
        """The argument of np.float32(...), else None."""
        if isinstance(value, ir.Expr) and value.op == "call" and len(value.args) == 1:
            function = self._type(value.func)
            if isinstance(function, types.NumberClass) and function.instance_type == types.float32:
                return value.args[0]
        return None

    def _cast(self, value: Any) -> bool:
        if isinstance(value, ir.Expr) and value.op == "call":
            return isinstance(self._type(value.func), types.NumberClass)
        return False

    def _constant(self, var: ir.Var) -> bool:
        made = self.definitions.get(var.name, [])
        return bool(made) and all(self._constant_value(value) for value in made)

    def _constant_value(self, value: Any) -> bool:
        if isinstance(value, ir.Const | ir.Global | ir.FreeVar):
            return True
        if isinstance(value, ir.Var):
            return self._constant(value)
        if isinstance(value, ir.Expr) and value.op == "getattr":
            return isinstance(self._type(value.value), types.Module)
        return isinstance(value, ir.Expr) and value.op == "unary" and self._constant(value.value)

    def _cast_constant(self, inst: ir.Assign) -> bool:
        """Whether this float64 is a constant of which only np.float32(...) ever hears."""
        return self._constant_value(inst.value) and all(
            (isinstance(use, ir.Assign) and self._float32_cast(use.value) is not None)
            or (isinstance(use, ir.Assign) and self._constant_value(use.value))
            or isinstance(use, ir.Del)
            for use in self.uses[inst.target.name]
        )

    def _bounded(self, var: ir.Var) -> bool:
        """Whether a value fits in 32 bits whatever its type: uint32, a constant, or bits taken from such."""
        if self._type(var) == types.uint32 or self._constant(var):
            return True
        made = self.definitions.get(var.name, [])
        return bool(made) and all(self._bounded_value(value) for value in made)

    def _bounded_value(self, value: Any) -> bool:
        if isinstance(value, ir.Var):
            return self._bounded(value)
        if not (isinstance(value, ir.Expr) and value.op in ("binop", "inplace_binop")):
            return False
        name, sides = _operator(value), (value.lhs, value.rhs)
        if name == "and_":
            return any(self._bounded(side) for side in sides)
        if name in ("or_", "xor", "rshift"):
            return all(self._bounded(side) for side in sides)
        return False

    def _narrowed(self, name: str) -> bool:
        """Whether every use of a 64-bit value cuts it to 32 bits: a cast, a mask that is cut, a store."""
        for use in self.uses[name]:
            if isinstance(use, ir.Del):
                continue
            if isinstance(use, ir.SetAttr | ir.SetItem | ir.StaticSetItem):
                if use.value.name == name:
                    continue
                return False
            if not isinstance(use, ir.Assign):
                return False
            value = use.value
            if self._cast(value) or self._bounded(use.target):
                continue
            # Sums and masks of what is cut later are right modulo 2^32, whatever their width.
            modular = isinstance(value, ir.Var) or (
                isinstance(value, ir.Expr) and value.op in ("binop", "inplace_binop") and _operator(value) in _MODULAR
            )
            if not (modular and self._type(use.target) in _WIDE_INTS and self._narrowed(use.target.name)):
                return False
        return True


_MODULAR = frozenset({"add", "sub", "mul", "and_", "or_", "xor", "lshift"})
_SIGNS = {"add": "+", "sub": "-", "mul": "*", "truediv": "/"}


def _operator(value: ir.Expr) -> str:
    """Name of an operation, the same for `a + b` and `a += b`."""
    function = value.immutable_fn if value.op == "inplace_binop" else value.fn
    return str(getattr(function, "__name__", ""))


def _shown(inst: ir.Assign) -> str:
    value = inst.value
    if isinstance(value, ir.Const | ir.Global | ir.FreeVar):
        return f"the constant {getattr(value, 'name', '') or value.value!r}"
    if isinstance(value, ir.Expr) and value.op in ("binop", "inplace_binop"):
        return f"the result of `{_SIGNS.get(_operator(value), 'an operator')}`"
    return "a value" if inst.target.name.startswith("$") else f"`{inst.target.name.split('.')[0]}`"
