"""Pictures of the procedures as SVG: a clip as a box with its sensor's axes, lying as a procedure wants it."""

from __future__ import annotations

import numpy as np

from trendel_calibration.guide import axis_of
from trendel_calibration.result import F64
from trendel_calibration.sections import POSITIONS, ROTATIONS, WORDS

_SIZE = np.array([1.0, 0.62, 0.3])  # half lengths along x, y, z of the sensor
_COLOURS = {"x": "#d55e00", "y": "#009e73", "z": "#0072b2"}
_SCALE, _CELL = 34.0, (176, 186)
_TOWARD = np.array([0.33, -0.82, 0.47]) / np.linalg.norm([0.33, -0.82, 0.47])
"""To who looks, in the world (x right, y away, z up): from the front, a little from the right, and from above."""
_RIGHT = np.array([-_TOWARD[1], _TOWARD[0], 0.0]) / np.hypot(_TOWARD[0], _TOWARD[1])
_VIEW = np.array([_RIGHT, -np.cross(_TOWARD, _RIGHT)])
"""World to the page (right, down)."""


def six_positions_svg() -> str:
    """The nine sections of the six-position procedure in their order."""
    cells = []
    for i, name in enumerate(POSITIONS + ROTATIONS):
        up = axis_of(name if name in POSITIONS else f"{name[0]}_p")
        r = _standing_on(up)
        cells.append(_cell(i, 3, r, f"{i + 1}. {WORDS[name]}", turns=name in ROTATIONS))
    return _document(cells, 3)


def poses_svg() -> str:
    """Some of the attitudes of the procedure without tools: sides, edges and corners."""
    ups = [("a side", (0, 0, 1)), ("a side", (1, 0, 0)), ("a side", (0, -1, 0)), ("an edge", (0, 1, 1)),
           ("an edge", (1, 0, -1)), ("an edge", (-1, 1, 0)), ("a corner", (1, 1, 1)),
           ("a corner", (-1, 1, -1))]  # fmt: skip
    cells = [
        _cell(i, 4, _standing_on(np.array(up) / np.linalg.norm(up)), f"on {word}", turns=False)
        for i, (word, up) in enumerate(ups)
    ]
    return _document(cells, 4)


def _standing_on(up: F64) -> F64:
    """(3, 3) world from sensor: `up` (3,) of the sensor points up, the rest as near to a readable view as may be."""
    front = np.array([1.0, 0.0, 0.0]) if abs(up[0]) < 0.8 else np.array([0.0, 1.0, 0.0])
    right = front - up * (up @ front)
    right /= np.linalg.norm(right)
    return np.array([right, np.cross(up, right), up])


def _cell(i: int, columns: int, r: F64, title: str, *, turns: bool) -> str:
    x0, y0 = (i % columns) * _CELL[0], (i // columns) * _CELL[1]
    corners = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * _SIZE
    lift = -float((corners @ r.T)[:, 2].min())

    def page(points: F64) -> F64:
        world = np.atleast_2d(points) @ r.T + [0.0, 0.0, lift]
        return np.asarray(world @ _VIEW.T * _SCALE + [x0 + 82, y0 + 118])

    parts = [f'<ellipse cx="{x0 + 82}" cy="{y0 + 120}" rx="66" ry="24" fill="#8883"/>']
    for axis in range(3):
        for side in (-1.0, 1.0):
            normal = np.eye(3)[axis] * side
            if (r @ normal) @ _TOWARD <= 0:
                continue
            a, b = np.eye(3)[(axis + 1) % 3], np.eye(3)[(axis + 2) % 3]
            face = np.array([normal + s * a + t * b for s, t in ((-1, -1), (1, -1), (1, 1), (-1, 1))]) * _SIZE
            shade = 0.72 + 0.22 * float((r @ normal)[2]) + 0.08 * float((r @ normal)[0])
            grey = int(255 * min(1.0, max(0.45, shade)))
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in page(face))
            parts.append(f'<polygon points="{points}" fill="rgb({grey},{grey},{grey})" stroke="#555"/>')
    middle = page(np.zeros(3))[0]
    for k, name in enumerate("xyz"):
        direction = np.eye(3)[k]
        start, end = page(direction * _SIZE[k])[0], page(direction * (_SIZE[k] + 0.75))[0]
        hidden = (r @ direction) @ _TOWARD < -0.15
        start = start if not hidden else middle + 0.9 * (start - middle)
        dash = ' stroke-dasharray="3 3"' if hidden else ""
        colour = _COLOURS[name]
        ends = f'x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}"'
        parts.append(f'<line {ends} stroke="{colour}" stroke-width="2.5"{dash}/>')
        out = end + 9 * (end - middle) / max(1.0, float(np.linalg.norm(end - middle)))
        parts.append(f'<text x="{out[0]:.1f}" y="{out[1] + 4:.1f}" fill="{colour}" text-anchor="middle" '
                     f'font-weight="bold">{name}</text>')  # fmt: skip
    if turns:
        # Clockwise seen from above: to the left in front.
        way = f"M {x0 + 140} {y0 + 128} A 62 20 0 0 1 {x0 + 26} {y0 + 130}"
        parts.append(f'<path d="{way}" fill="none" stroke="#cc79a7" stroke-width="3"/>')
        parts.append(f'<path d="M {x0 + 20} {y0 + 120} l 1 15 l 11 -7 z" fill="#cc79a7"/>')
    parts.append(f'<text x="{x0 + 82}" y="{y0 + 176}" fill="#777" text-anchor="middle">{title}</text>')
    return "".join(parts)


def _document(cells: list[str], columns: int) -> str:
    width, height = columns * _CELL[0], -(-len(cells) // columns) * _CELL[1] + 8
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'font-family="sans-serif" font-size="12">{"".join(cells)}</svg>\n'
    )
