"""How counts, numbers and options are said in messages."""

import shlex
from collections.abc import Mapping


def counted(number: int, noun: str) -> str:
    """`1 gap`, `2 gaps`."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def digits(value: float, significant: int) -> str:
    """`value` with so many significant digits, without an exponent below 1e12: 0.0123, 196, 4170."""
    return f"{float(f'{value:.{significant}g}'):.12g}"


def option(name: str, *values: str) -> str:
    """How an option is given in Python and on the command line: `acc_unit='g' (--acc-unit g)`, with `or` between
    several `values`."""
    python = [repr(value) for value in values]
    line = f"--{name.replace('_', '-')}"
    return f"{name}={_either(python)} ({line} {_either(list(values))})"


def column_option(columns: Mapping[str, str | None]) -> str:
    """How columns are named, or left out (None): `columns={'t_ms': 'Zeit'} (--column t_ms=Zeit)`."""
    line = " ".join("--column " + shlex.quote(f"{key}={name or ''}") for key, name in columns.items())
    return f"columns={dict(columns)!r} ({line})"


def _either(texts: list[str]) -> str:
    return " or ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


WITHOUT_STAMPS = f"leave the time column out with {column_option({'t': None})} and give rate_hz=... (--rate-hz ...)"
IN_PELVIS = "if the axes are x forward, y left, z up already, give " + option("frame", "pelvis")
TIME_UNIT = "give " + option("time_unit", "s", "ms", "us", "ns")
