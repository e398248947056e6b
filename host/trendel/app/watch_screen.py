"""A live run on a terminal of 80 columns and 24 lines, or a line a minute where there is no terminal."""

import math

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table as Grid
from rich.text import Text

from trendel.analysis import Parameters
from trendel.app.alert_screen import COLOURS, alert_head, alert_lines, clock, number
from trendel.app.big_figures import bars, big
from trendel.app.watch import Figures, Watch

_COURSE_N = 30
_EARLIER_N = 2
_LEVELS = tuple(COLOURS)


class Screen:
    """Frames of a run that lasts `length_s`, under a title."""

    def __init__(self, title: str, length_s: float, *, unicode: bool) -> None:
        self._title, self._length_s, self._unicode = title, length_s, unicode
        limits = Parameters().stability
        self._limits = (limits.notice_deg, limits.warning_deg, limits.stop_deg)

    def frame(self, watch: Watch) -> RenderableType:
        """The whole picture of this moment."""
        now = watch.figures()
        return Group(
            Text(self._title, style="bold", no_wrap=True),
            self._progress(watch),
            self._figures(watch, now),
            "",
            self._sides(watch, now),
            "",
            *self._alerts(watch),
        )

    def _progress(self, watch: Watch) -> RenderableType:
        line = Grid.grid(padding=(0, 1, 0, 0))
        line.add_column(width=5, justify="right")
        line.add_column(width=55)
        line.add_row(
            clock(watch.now_s),
            ProgressBar(self._length_s, min(watch.now_s, self._length_s), width=55),
            clock(self._length_s),
            watch.doing if watch.doing != "unknown" else "",
        )
        return line

    def _figures(self, watch: Watch, now: Figures) -> RenderableType:
        grid = Grid.grid(padding=(0, 1, 0, 0))
        for width in (22, 18, 18, 16):
            grid.add_column(width=width)
        shown = (clock(watch.now_s), number(now.cadence_spm), number(now.oscillation_mm), number(now.contact_ms))
        grid.add_row(*(self._big(text, "bold cyan") for text in shown))
        labels = ("run time, min:s", "cadence, steps/min", "oscillation, mm", "contact, ms")
        grid.add_row(*(Text(label, style="dim") for label in labels))
        return grid

    def _sides(self, watch: Watch, now: Figures) -> RenderableType:
        grid = Grid.grid(padding=(0, 1, 0, 0))
        for width in (14, 13, 17, _COURSE_N + 1):
            grid.add_column(width=width)
        known = now.phase != "settling"
        heads = ("pelvic drop", "now, deg", "against fresh", "course over the run")
        grid.add_row(*(Text(head, style="dim") for head in heads))
        for k, leg in enumerate(("left leg", "right leg")):
            change = now.change_deg[k]
            more = number(change, 1, "+") if known else ""
            note = {"settling": "gait settling", "learning": "learning fresh"}.get(now.phase, "")
            course = self._course(watch, k)
            grid.add_row(
                Text(f"\n{leg}\n{note}", style="bold"),
                self._big(number(now.sink_deg[k], 1), "bold cyan"),
                self._big(more, self._colour(change)),
                Text(f"\n{course}", style=self._colour(change)),
            )
        return grid

    def _big(self, text: str, style: str) -> Text:
        return Text(big(text, unicode=self._unicode), style=style, no_wrap=True)

    def _colour(self, change: float) -> str:
        notice, warning, _ = self._limits
        return "bold red" if change >= warning else "bold yellow" if change >= notice else "bold green"

    def _course(self, watch: Watch, k: int) -> str:
        """One character for each thirtieth of the run: how far this side was from fresh at its end."""
        last: list[float | None] = [None] * _COURSE_N
        for time_s, *change in watch.course:
            if math.isfinite(change[k]):
                last[min(_COURSE_N - 1, int(time_s / self._length_s * _COURSE_N))] = change[k]
        return bars(last, self._limits[2], unicode=self._unicode).rstrip()

    def _alerts(self, watch: Watch) -> list[RenderableType]:
        """The most urgent alert (of these the last) in full, others in a line each."""
        rows = list(watch.alerts)
        if not rows:
            return [Text("no alert", style="green")]
        first = max(range(len(rows)), key=lambda i: (_LEVELS.index(rows[i]["level"]), i))
        others = [rows[i] for i in range(len(rows) - 1, -1, -1) if i != first][:_EARLIER_N]
        return [*alert_lines(rows[first]), *(Text(alert_head(row), style="yellow") for row in others)]


PLAIN_HEAD = " time  steps/min  oscillation mm  contact ms  drop left deg     drop right deg"


def plain_line(watch: Watch) -> str:
    """The numbers of this moment in a line under PLAIN_HEAD; in brackets against fresh, once that is known."""
    now = watch.figures()
    change = [f"({number(c, 1, '+')})" if math.isfinite(c) else "" for c in now.change_deg]
    left, right = (f"{number(sink, 1):>5} {more:<7}" for sink, more in zip(now.sink_deg, change, strict=True))
    return (
        f"{clock(watch.now_s):>5}  {number(now.cadence_spm):>9}  {number(now.oscillation_mm):>14}  "
        f"{number(now.contact_ms):>10}  {left}     {right}"
    ).rstrip()
