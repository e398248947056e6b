"""How counts and numbers are said in messages."""


def counted(number: int, noun: str) -> str:
    """`1 gap`, `2 gaps`."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def digits(value: float, significant: int) -> str:
    """`value` with so many significant digits, without an exponent below 1e12: 0.0123, 196, 4170."""
    return f"{float(f'{value:.{significant}g}'):.12g}"
