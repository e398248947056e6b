"""The Python blocks of README and docs are executed, in order, page by page, beside a recording named run.csv."""

import re
from pathlib import Path

import pytest

import trendel
from trendel.constants import STANDARD_GRAVITY_MPS2

ROOT = Path(__file__).resolve().parents[3]
PAGES = [
    page for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))] if "```python" in page.read_text()
]


def _write_foreign(run_csv: Path) -> None:
    """Beside run.csv another logger's file of the same run: milliseconds, g, other names, accelerometer only."""
    recording = trendel.read(run_csv)
    rows = zip(recording.t_s, recording.acc_mps2 / STANDARD_GRAVITY_MPS2, strict=True)
    lines = [f"{1000 * t:.2f},{a[0]:.5f},{a[1]:.5f},{a[2]:.5f}" for t, a in rows]
    run_csv.with_name("foreign.csv").write_text("\n".join(["Zeit,A1,A2,A3", *lines]) + "\n")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_run(page: Path, run_csv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run_csv.parent)
    _write_foreign(run_csv)
    namespace: dict[str, object] = {}
    text = page.read_text()
    for match in re.finditer(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        line = text[: match.start(1)].count("\n")
        exec(compile("\n" * line + match[1], str(page), "exec"), namespace)


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))], ids=lambda page: page.name
)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_commands_named_in_the_pages_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "docs" / "index.md"):
        assert set(re.findall(r"\bmake ([a-z]+)\b(?=[ `\n])", page.read_text())) <= targets


def test_the_index_names_every_page() -> None:
    index = (ROOT / "docs" / "index.md").read_text()
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"index.md"}
    assert {page for page in pages if f"({page})" not in index} == set()


@pytest.mark.parametrize("page", ["README.md", "CHANGELOG.md"])
def test_every_command_is_mentioned(page: str) -> None:
    from trendel.app.cli import app

    text = (ROOT / page).read_text()
    names = {command.callback.__name__ for command in app.registered_commands if command.callback is not None}
    assert {name for name in names if name not in text} == set()


def test_exit_codes_that_make_hides_are_documented() -> None:
    assert "device/emulator/bits.py RUN.csv" in (ROOT / "README.md").read_text()
    assert "bits.py" in next(line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith("bits:"))
