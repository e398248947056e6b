"""The dialect checked on the source: forms refused by how they look, without compiling anything."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from .findings import Finding

CASTS = frozenset({"float32", "int32", "uint32"})
MODULE_CALLS: dict[str, frozenset[str]] = {
    "np": CASTS | {"sqrt"},
    "math": frozenset({"sqrt", "fabs", "copysign"}),
}
BUILTIN_CALLS = frozenset({"abs", "min", "max", "range"})

_STATEMENTS: dict[type[ast.AST], str] = {
    ast.Raise: "`raise`: there are no exceptions on the clip; set a bit in the flags",
    ast.Assert: "`assert`: there are no exceptions on the clip; set a bit in the flags",
    ast.Try: "`try`: there are no exceptions on the clip; check first",
    ast.TryStar: "`try`: there are no exceptions on the clip; check first",
    ast.With: "`with`: context managers are not in the dialect",
    ast.AsyncWith: "`with`: context managers are not in the dialect",
    ast.AsyncFor: "`async` is not in the dialect",
    ast.Match: "`match` is not in the dialect; write `if`",
    ast.Lambda: "`lambda`: functions are not values; write a `@kernel` function",
    ast.FunctionDef: "`def` inside a kernel; write a `@kernel` function",
    ast.AsyncFunctionDef: "`def` inside a kernel; write a `@kernel` function",
    ast.ClassDef: "`class` inside a kernel; write a struct in the layout",
    ast.Global: "`global`: all state is in the state record",
    ast.Nonlocal: "`nonlocal`: all state is in the state record",
    ast.Import: "`import` inside a kernel; imports stand at the top of the file",
    ast.ImportFrom: "`import` inside a kernel; imports stand at the top of the file",
    ast.Delete: "`del` is not in the dialect",
    ast.Yield: "`yield`: generators are not in the dialect",
    ast.YieldFrom: "`yield`: generators are not in the dialect",
    ast.Await: "`await` is not in the dialect",
    ast.List: "a list allocates; use a tuple or a field of the state",
    ast.Dict: "a dict allocates; use a field of the state",
    ast.Set: "a set allocates; use a field of the state",
    ast.ListComp: "a comprehension allocates; write a loop",
    ast.SetComp: "a comprehension allocates; write a loop",
    ast.DictComp: "a comprehension allocates; write a loop",
    ast.GeneratorExp: "a comprehension allocates; write a loop",
    ast.JoinedStr: "a string: use an int32 code",
    ast.Starred: "`*` unpacking is not in the dialect",
    ast.Slice: "a slice carries run-time checks that raise; write a loop over range",
    ast.FloorDiv: "`//` is a library call on the clip; use a shift or a float32 multiply",
    ast.Mod: "`%` is a library call on the clip; use a mask, or subtract the period in an `if`",
    ast.Pow: "`**` is libm; multiply",
    ast.MatMult: "`@` is BLAS; write a loop over range",
    ast.In: "`in` is not in the dialect; compare with `==`",
    ast.NotIn: "`not in` is not in the dialect; compare with `!=`",
    ast.Is: "`is` is not in the dialect; compare with `==`",
    ast.IsNot: "`is not` is not in the dialect; compare with `!=`",
}


def is_kernel(node: ast.AST) -> bool:
    """Whether a definition is decorated with `@kernel(...)` (or `@compile.kernel(...)`)."""
    if not isinstance(node, ast.FunctionDef):
        return False
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if name == "kernel":
            return True
    return False


def sources(folder: Path) -> dict[Path, ast.Module]:
    """The parsed Python files of a kernel package, in order of name."""
    return {path: ast.parse(path.read_text(), str(path)) for path in sorted(folder.rglob("*.py"))}


def kernel_names(modules: dict[Path, ast.Module]) -> dict[Path, list[str]]:
    """The kernel functions that each file defines, in order of definition."""
    return {
        path: [node.name for node in module.body if isinstance(node, ast.FunctionDef) and is_kernel(node)]
        for path, module in modules.items()
    }


def check_syntax(folder: Path) -> list[Finding]:
    """Every form in the kernels of a package that is refused by how it looks."""
    modules = sources(folder)
    known = {name for names in kernel_names(modules).values() for name in names}
    findings: list[Finding] = []
    for path, module in modules.items():
        for node in module.body:
            if isinstance(node, ast.FunctionDef) and is_kernel(node):
                findings += _Checker(str(path), node, known).findings()
    return findings


class _Checker:
    """One kernel function."""

    def __init__(self, file: str, function: ast.FunctionDef, known: set[str]) -> None:
        self.file, self.function, self.known = file, function, known

    def findings(self) -> list[Finding]:
        body = self.function.body
        first = body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            body = body[1:]
        arguments = self.function.args
        found = [
            self._at(self.function, "variable arguments are not in the dialect")
            for argument in (arguments.vararg, arguments.kwarg)
            if argument is not None
        ]
        for statement in body:
            found += self._visit(statement, in_cast=False)
        return found

    def _at(self, node: ast.AST, why: str) -> Finding:
        return Finding(self.file, getattr(node, "lineno", self.function.lineno), self.function.name, why)

    def _visit(self, node: ast.AST, *, in_cast: bool) -> Iterator[Finding]:
        if isinstance(node, ast.Call):
            yield from self._call(node)
            cast = _module_attribute(node.func)
            inside = cast == ("np", "float32")
            for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
                yield from self._visit(argument, in_cast=inside)
            return
        why = self._why(node, in_cast=in_cast)
        if why is not None:
            yield self._at(node, why)
            return
        for one in (getattr(node, "op", None), *getattr(node, "ops", ())):
            if type(one) in _STATEMENTS:
                yield self._at(node, _STATEMENTS[type(one)])
        # Only a sign may stand between np.float32( and its constant: arithmetic there would be float64.
        keeps = isinstance(node, ast.UnaryOp)
        for child in ast.iter_child_nodes(node):
            if isinstance(node, ast.AnnAssign) and child is node.annotation:
                continue
            yield from self._visit(child, in_cast=in_cast and keeps)

    def _why(self, node: ast.AST, *, in_cast: bool) -> str | None:
        if type(node) in _STATEMENTS and isinstance(node, ast.stmt | ast.expr):
            return _STATEMENTS[type(node)]
        if isinstance(node, ast.Constant):
            return _constant(node.value, in_cast=in_cast)
        attribute = _module_attribute(node)
        if attribute is not None and not in_cast:
            return f"{'.'.join(attribute)} is float64; write np.float32({'.'.join(attribute)})"
        return None

    def _call(self, node: ast.Call) -> Iterator[Finding]:
        attribute = _module_attribute(node.func)
        if attribute is not None:
            module, name = attribute
            if name not in MODULE_CALLS[module]:
                yield self._at(node, f"{module}.{name} is not in the dialect")
        elif isinstance(node.func, ast.Name):
            name = node.func.id
            if name == self.function.name:
                yield self._at(node, f"{name} calls itself: the stack on the clip is bounded")
            elif name not in BUILTIN_CALLS and name not in self.known:
                yield self._at(
                    node, f"{name}() is not in the dialect: neither a @kernel function nor an accepted builtin"
                )
        elif isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            if node.func.attr not in self.known:
                yield self._at(node, f"{ast.unparse(node.func)} is not in the dialect: not a @kernel function")
        else:
            yield self._at(node, f"{ast.unparse(node.func)} is not in the dialect: not a @kernel function")


def _module_attribute(node: ast.AST) -> tuple[str, str] | None:
    """('np', 'float32') for np.float32, None for anything that is not an attribute of np or math."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        module = {"numpy": "np"}.get(node.value.id, node.value.id)
        return (module, node.attr) if module in MODULE_CALLS else None
    return None


def _constant(value: object, *, in_cast: bool) -> str | None:
    if isinstance(value, float) and not in_cast:
        return f"the constant {value!r} is float64; write np.float32({value!r})"
    if isinstance(value, str | bytes):
        return "a string: use an int32 code"
    if isinstance(value, complex):
        return "a complex number: use two float32"
    if value is Ellipsis:
        return "a slice carries run-time checks that raise; write a loop over range"
    return None
