"""From a recording, a session or a folder of results to a report on the disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from trendel.app.outputs import write_text_atomically
from trendel.app.report.page import report_html
from trendel.recording.folder import is_session

if TYPE_CHECKING:
    from trendel.analysis import Result

NAME = "report.html"


def write_report(path: Path, result: Result, name: str, source: Path | None = None) -> Path:
    """Write the report of a result to `path`; `source`: the session that it came from. Raises OutputError."""
    simulated = result.summary["metadata"].get("simulated") is True
    link = _link_facts(source) if source is not None else {}
    write_text_atomically(path, report_html(result, name, link=link, simulated=simulated))
    return path


def _link_facts(source: Path) -> dict[str, Any]:
    """What a session says of its link and markers; nothing of other files."""
    if not is_session(source) or not source.is_file():
        return {}
    from trendel.recording.session import open_session, topics

    with open_session(source) as session:
        states = [str(m.content.get("state", "")) for m in session.messages(topics.LINK)]
        marks = [str(m.content.get("label", "")) for m in session.messages(topics.MARKERS)]
        facts: dict[str, Any] = {}
        if states:
            facts["link lost"] = f"{states.count('lost')} times"
        if marks:
            facts["markers"] = ", ".join(marks[:20])
        return facts
