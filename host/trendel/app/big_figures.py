"""Numbers three lines high, to be read from a treadmill: dots of a 3 x 5 grid, two to a character."""

_DOTS = {
    "0": ("###", "# #", "# #", "# #", "###"),
    "1": (" # ", "## ", " # ", " # ", "###"),
    "2": ("###", "  #", "###", "#  ", "###"),
    "3": ("###", "  #", "###", "  #", "###"),
    "4": ("# #", "# #", "###", "  #", "  #"),
    "5": ("###", "#  ", "###", "  #", "###"),
    "6": ("###", "#  ", "###", "# #", "###"),
    "7": ("###", "  #", "  #", "  #", "  #"),
    "8": ("###", "# #", "###", "# #", "###"),
    "9": ("###", "# #", "###", "  #", "###"),
    "+": ("   ", " # ", "###", " # ", "   "),
    "-": ("   ", "   ", "###", "   ", "   "),
    ".": (" ", " ", " ", " ", "#"),
    ":": (" ", "#", " ", "#", " "),
    " ": ("   ", "   ", "   ", "   ", "   "),
}
_HALVES = {"  ": " ", "# ": "▀", " #": "▄", "##": "█"}
_BARS = {True: "▁▂▃▄▅▆▇█", False: ".:-=+*#@"}


def big(text: str, *, unicode: bool = True) -> str:
    """`text` of digits, sign, point and colon in three lines of block characters; without Unicode in the middle one."""
    if not unicode:
        return f"\n{text}\n"
    lines = []
    for upper in (0, 2, 4):
        cells = []
        for letter in text:
            dots = _DOTS[letter]
            below = dots[upper + 1] if upper < 4 else " " * len(dots[0])
            cells.append("".join(_HALVES[a + b] for a, b in zip(dots[upper], below, strict=True)))
        lines.append(" ".join(cells))
    return "\n".join(lines)


def bars(values: list[float | None], top: float, *, unicode: bool = True) -> str:
    """One character for each value between 0 and `top`; None is left blank."""
    levels = _BARS[unicode]
    return "".join(
        " " if v is None else levels[min(len(levels) - 1, max(0, int(v / top * len(levels))))] for v in values
    )
