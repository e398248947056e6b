"""The subprocess in which numba compiles the kernels for a CPU that is nobody's: run by ir.py, never by hand.

Started as `python -m trendel_lowering.worker REQUEST.json`; writes what the request asks to the file it names.
numba reads its NUMBA_* variables when it is imported: that is why this is a process of its own.
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from .findings import Finding


def main(request_path: str) -> None:
    """Answer one request: {'package', 'modules', 'types' (check them), 'entries' (give IR), 'answer' (file)}."""
    import numba.core.caching
    import numba.core.dispatcher

    # Fresh compilation each time: what a cache returns was optimised for somebody, and carries no types.
    numba.core.dispatcher.Dispatcher.enable_caching = lambda self: None  # type: ignore[method-assign]

    request = json.loads(Path(request_path).read_text())
    answer: dict[str, Any] = {"findings": [], "ir": {}}
    for name, path, kernels in request["modules"]:
        findings, module = _import(name, path, kernels)
        answer["findings"] += [[f.file, f.line, f.kernel, f.why] for f in findings]
        if module is not None and request["types"]:
            answer["findings"] += [[f.file, f.line, f.kernel, f.why] for f in _types_of(module, path, kernels)]
    if request["entries"] and not answer["findings"]:
        answer["ir"] = _entries(request["package"])
    Path(request["answer"]).write_text(json.dumps(answer))


def _import(name: str, path: str, kernels: list[str]) -> tuple[list[Finding], ModuleType | None]:
    """Import one module; what numba refuses becomes a finding at the line of the kernel that it names."""
    import numba.core.errors

    try:
        module = importlib.import_module(name)
        for kernel in kernels:
            made: Any = getattr(module, kernel, None)
            if hasattr(made, "one_signature"):
                made.compile(None)
        return [], module
    except numba.core.errors.NumbaError as error:
        loc: Any = getattr(error, "loc", None)
        file, line = (str(loc.filename), int(loc.line)) if loc is not None else (path, 0)
        words = [w.strip() for w in str(error).splitlines() if w.strip()]
        why = f"numba cannot compile it: {' '.join(words[1:3] if len(words) > 2 else words)}"
        return [Finding(file, line, _enclosing(file, line, kernels), why)], None
    except Exception as error:  # the module's own failure is the finding
        # numba's own frames say nothing to the author: the last one in this file is the kernel being compiled.
        frames = traceback.extract_tb(error.__traceback__)
        line = next((frame.lineno or 0 for frame in reversed(frames) if frame.filename == path), 0)
        words = str(error).splitlines() or ["without a word"]
        why = f"numba or the import fails: {type(error).__name__}: {words[0]}"
        return [Finding(path, line, _enclosing(path, line, kernels), why)], None


def _enclosing(file: str, line: int, kernels: list[str]) -> str:
    """The kernel in whose lines an error stands."""
    import ast

    try:
        tree = ast.parse(Path(file).read_text())
    except (OSError, SyntaxError):
        return ", ".join(kernels)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.lineno - 10 <= line <= (node.end_lineno or 0):
            return node.name
    return ", ".join(kernels)


def _types_of(module: ModuleType, path: str, kernels: list[str]) -> list[Finding]:
    from .widths import check_widths

    findings: list[Finding] = []
    for kernel in kernels:
        overloads = getattr(getattr(module, kernel, None), "overloads", None)
        if not overloads:
            why = "is not compiled: decorate it with @kernel(one explicit signature)"
            findings.append(Finding(path, 0, kernel, why))
            continue
        if len(overloads) > 1:
            findings.append(Finding(path, 0, kernel, "has more than one signature: give @kernel exactly one"))
        for compiled in overloads.values():
            findings += check_widths(kernel, compiled.type_annotation)
    return findings


def _entries(package: str) -> dict[str, str]:
    """Text IR of `step` and `init`, each behind a C function that takes only pointers."""
    from numba import carray, cfunc, from_dtype, types

    pipeline: Any = importlib.import_module(f"{package}.pipeline")
    layout: Any = importlib.import_module(f"{package}.layout")
    step, init = pipeline.step, pipeline.init
    state, params, sample, out = (
        types.CPointer(from_dtype(layout.DTYPES[name])) for name in ("State", "Params", "Sample", "Out")
    )

    def trendel_step(s: Any, p: Any, x: Any, o: Any) -> Any:
        return step(carray(s, 1)[0], carray(p, 1)[0], carray(x, 1)[0], carray(o, 1)[0])

    def trendel_init(s: Any, p: Any) -> Any:
        return init(carray(s, 1)[0], carray(p, 1)[0])

    step_entry: Any = cfunc(types.int32(state, params, sample, out), error_model="numpy")(trendel_step)
    init_entry: Any = cfunc(types.int32(state, params), error_model="numpy")(trendel_init)
    return {
        "trendel_step": step_entry._library.get_llvm_str(),
        "trendel_init": init_entry._library.get_llvm_str(),
    }


if __name__ == "__main__":
    main(sys.argv[1])
