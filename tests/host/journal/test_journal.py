"""Runners, runs, pain and notes: what goes in comes out, once, and with odd clocks marked."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.host.journal.made import KERNELS, METRICS, NOON, ON_ITS_SIDE, UPRIGHT, Clock, hash_of, new_run, settled
from trendel.errors import JournalError
from trendel.journal import Clip, Journal, content_hash, journal_path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "journal.sqlite"


def test_a_run_comes_back_as_it_went_in(path: Path) -> None:
    new = new_run(1, started_at=NOON, options={"mode": "refined"}, raw_path="/somewhere/run1.csv")
    with Journal(path, clock=Clock()) as journal:
        added, is_new = journal.add_run(new)
    with Journal(path) as journal:
        run = journal.run("last", "Anna")
    assert is_new and run == added
    for name in ("hash", "runner", "source", "raw_path", "started_at", "duration_s", "rate_hz", "mode", "summary"):
        assert getattr(run, name) == getattr(new, name), name
    assert run.options == {"mode": "refined"} and run.clip == "C1" and run.analysed_at == NOON and run.clock == ""


def test_a_run_is_there_once_however_often_it_is_analysed_and_whatever_it_is_called(path: Path) -> None:
    with Journal(path) as journal:
        for k in range(4):
            journal.add_run(new_run(k))
        before = journal.baselines("Anna")
        run, is_new = journal.add_run(new_run(2, source="copy.csv", runner="  anna "))
        assert not is_new and run.source == "copy.csv" and run.runner == "Anna"
        assert len(journal.runs()) == 4 and len(journal.runners()) == 1
        assert {b.n_strides for b in journal.baselines("Anna")} == {4000}
        assert [replace(b, runs=()) for b in journal.baselines("Anna")] == [
            replace(a, newest_at=b.newest_at, runs=()) for a, b in zip(before, journal.baselines("Anna"), strict=True)
        ]


def test_a_run_analysed_again_with_another_clip_leaves_the_first_clips_baseline(path: Path) -> None:
    with Journal(path) as journal:
        journal.add_run(new_run(1))
        journal.add_run(new_run(1, clip=Clip("C2")))
        assert {b.clip for b in journal.baselines("Anna")} == {"C2"}
        assert journal.mountings("Anna")[0].clip == "C2" and len(journal.mountings("Anna")) == 1


def test_a_run_belongs_to_one_runner(path: Path) -> None:
    with Journal(path) as journal:
        journal.add_run(new_run(1))
        with pytest.raises(JournalError, match="as Anna's: if it is Ben's, first take it out"):
            journal.add_run(new_run(1, runner="Ben"))
        assert [run.runner for run in journal.runs()] == ["Anna"]
        assert [runner.name for runner in journal.runners()] == ["Anna"]


def test_content_hash_is_of_the_samples() -> None:
    acc, gyr, times = b"a" * 24, b"g" * 24, b"t" * 16
    known = content_hash(acc, gyr, times)
    assert known == content_hash(acc, gyr, times) and len(known) == 64
    assert len({known, content_hash(acc, None, times), content_hash(gyr, acc, times), content_hash(acc, gyr, acc)}) == 4


def test_runs_are_found_by_the_beginning_of_their_hash(path: Path) -> None:
    with Journal(path, clock=Clock()) as journal:
        with pytest.raises(JournalError, match="no run"):
            journal.run("last")
        journal.add_run(new_run(1, started_at=NOON - timedelta(days=1)))
        journal.add_run(new_run(2, started_at=NOON - timedelta(days=2)))
        assert journal.run(hash_of(2)[:6]).hash == hash_of(2)
        assert journal.run("last").hash == hash_of(1)  # the newest, not the one added last
        for wrong in ("zzzz", "ab", "'; --", "ffffffff"):
            with pytest.raises(JournalError):
                journal.run(wrong)


def test_which_runner_is_meant(path: Path) -> None:
    with Journal(path) as journal:
        with pytest.raises(JournalError, match="empty"):
            journal.runner()
        journal.add_runner("Anna")
        assert journal.runner().name == "Anna" and journal.runner("ANNA").name == "Anna"
        journal.add_runner("Ben")
        with pytest.raises(JournalError, match=r"2 runners: say whose with --runner \(Anna, Ben\)"):
            journal.runner()
        with pytest.raises(JournalError, match="no runner 'Cy' in the journal; it holds Anna, Ben"):
            journal.runner("Cy")
        with pytest.raises(JournalError, match="1 to 100"):
            journal.add_runner("  ")


def test_pain_and_notes(path: Path) -> None:
    clock = Clock()
    with Journal(path, clock=clock) as journal:
        journal.add_run(new_run(1))
        first = journal.add_pain("anna", " Left  Knee ", "left", 3, run="last", note=" downhill ")
        assert (first.place, first.run, first.felt_at, first.note) == ("left knee", hash_of(1), NOON, "downhill")
        clock.at += timedelta(hours=2)
        second = journal.add_pain("Anna", "hip", "both", 0)
        assert journal.pain("Anna") == (second, first)
        note = journal.add_note("Anna", "new shoes", run=hash_of(1)[:8])
        assert journal.notes("Anna") == (note,) and note.run == hash_of(1)
        journal.delete_run(hash_of(1))
        assert [entry.run for entry in (*journal.pain("Anna"), *journal.notes("Anna"))] == [None, None, None]


@pytest.mark.parametrize(
    ("place", "side", "level", "said"),
    [
        ("", "left", 3, "where it hurts"),
        ("knee", "middle", 3, "left, right or both"),
        ("knee", "left", 11, "0 .none. to 10"),
        ("knee", "left", -1, "0 .none. to 10"),
        ("knee", "left", True, "0 .none. to 10"),
    ],
)
def test_pain_that_cannot_be(path: Path, place: str, side: str, level: int, said: str) -> None:
    with Journal(path) as journal:
        journal.add_runner("Anna")
        with pytest.raises(JournalError, match=said):
            journal.add_pain("Anna", place, side, level)
        with pytest.raises(JournalError, match="offset"):
            journal.add_pain("Anna", "knee", "left", 1, felt_at=datetime(2026, 5, 1))
        with pytest.raises(JournalError, match="empty"):
            journal.add_note("Anna", " ")
        journal.add_run(new_run(1, runner="Ben"))
        with pytest.raises(JournalError, match="is Ben's, not Anna's"):
            journal.add_pain("Anna", "knee", "left", 1, run=hash_of(1)[:8])
        assert journal.pain("Anna") == journal.pain("Ben") == ()


def test_times_keep_their_offset_and_are_ordered_as_instants(path: Path) -> None:
    clock = Clock(datetime.fromisoformat("2026-05-03T00:00+00:00"))
    east, west = (datetime.fromisoformat(f"2026-05-01T{text}") for text in ("12:00+09:00", "11:00-05:00"))
    with Journal(path, clock=clock) as journal:
        journal.add_runner("Anna")
        for at in (east, west):
            journal.add_pain("Anna", "knee", "left", 1, felt_at=at)
        assert [entry.felt_at.isoformat() for entry in journal.pain("Anna")] == [west.isoformat(), east.isoformat()]
        assert journal.messages == []


def test_a_clock_that_jumped_is_said_and_the_entry_kept(path: Path) -> None:
    clock = Clock()
    with Journal(path, clock=clock) as journal:
        journal.add_run(new_run(1, started_at=NOON - timedelta(days=1)))
        assert journal.messages == []
        run, _ = journal.add_run(new_run(2, started_at=NOON + timedelta(days=1)))
        assert run.clock == "future" and "in the future: kept and marked" in journal.messages[-1]
        run, _ = journal.add_run(new_run(3, started_at=NOON - timedelta(days=10000)))
        assert run.clock == "before_last" and "before the last one (2026-04-30 12:00)" in journal.messages[-1]
        assert journal.run(hash_of(2)).when == NOON  # a date that cannot be does not make a run the newest for ever
        assert len(journal.messages) == 2
        journal.add_run(new_run(2, started_at=NOON + timedelta(days=1)))
        assert len(journal.messages) == 2 and journal.run(hash_of(2)).clock == "future"  # said once

        assert journal.add_pain("Anna", "hip", "left", 2).clock == ""
        clock.at = NOON - timedelta(days=400)  # the computer's own clock lost its battery
        assert journal.add_pain("Anna", "hip", "left", 3).clock == "before_last"
        assert journal.add_pain("Anna", "hip", "left", 3, felt_at=NOON).clock == "future"
        assert len(journal.pain("Anna")) == 3 and len(journal.messages) == 4


def test_a_run_without_a_mounting_is_kept_but_feeds_no_baseline(path: Path) -> None:
    with Journal(path) as journal:
        journal.add_run(new_run(1, axes=None))
        assert journal.run("last").mounting is None and journal.baselines("Anna") == ()
        assert "no run yet with 30 settled steps a side" in journal.baseline("Anna", "C1", KERNELS).reason


def test_too_few_steps_feed_no_baseline(path: Path) -> None:
    with Journal(path) as journal:
        journal.add_run(new_run(1, settled=settled(n=29)))
        assert journal.baseline("Anna", "C1", KERNELS).values is None


def test_the_baseline_of_a_runner_and_clip(path: Path) -> None:
    with Journal(path, clock=Clock()) as journal:
        assert "Anna has no runs in the journal yet" in journal.baseline("Anna", "C1", KERNELS).reason
        for k in range(3):
            journal.add_run(new_run(k, settled=settled(mean=4.0 + k), started_at=NOON - timedelta(days=9 - k)))
        answer = journal.baseline("anna", "C1", KERNELS)
        assert answer.values is not None and {(b.metric, b.side) for b in answer.values} == {
            (metric, side) for metric in METRICS for side in ("left", "right")
        }
        value = answer.get("pelvic_drop_deg", "left")
        assert value is not None and value.mean == pytest.approx(5.0) and value.runs == tuple(map(hash_of, (2, 1, 0)))
        assert answer.reason == "The baseline is from 3 runs of Anna's, the newest of 2026-04-24."
        assert answer.mounting is not None and answer.mounting.axes == UPRIGHT
        journal.delete_run(hash_of(2))
        value = journal.baseline("Anna", Clip("C1"), KERNELS).get("pelvic_drop_deg", "left")
        assert value is not None and value.mean == pytest.approx(4.5) and value.n_strides == 2000


def test_a_baseline_of_another_clip_mounting_or_parameters_is_refused(path: Path) -> None:
    with Journal(path) as journal:
        journal.add_run(new_run(1))
        refused = {
            "from clip C1, not from clip C2": journal.baseline("Anna", "C2", KERNELS),
            "now turned by 90 degrees": journal.baseline("Anna", "C1", KERNELS, axes=ON_ITS_SIDE),
            "at sacrum, now at left hip": journal.baseline("Anna", "C1", KERNELS, place="left hip"),
            "with other parameters": journal.baseline("Anna", "C1", KERNELS, parameter_hash="q"),
            "another version of the kernels": journal.baseline("Anna", "C1", "f" * 16),
        }
        for words, answer in refused.items():
            assert (
                answer.values is None and words in answer.reason and answer.reason.endswith("nothing to compare with.")
            )
        assert journal.baseline("Anna", "C1", KERNELS, place="Sacrum ", axes=UPRIGHT, parameter_hash="p").values


def test_each_mounting_has_its_baseline_and_the_one_worn_last_is_given(path: Path) -> None:
    with Journal(path, clock=Clock()) as journal:
        tilted = (0.94, 0.0, -0.342, 0.0, 1.0, 0.0, 0.342, 0.0, 0.94)  # 20 degrees: put on again
        for k, (axes, mean) in enumerate([(UPRIGHT, 5.0), (tilted, 5.0), (ON_ITS_SIDE, 8.0)]):
            when = NOON - timedelta(days=9 - k)
            journal.add_run(new_run(k, axes=axes, settled=settled(mean=mean), started_at=when))
        assert len(journal.mountings("Anna")) == 2
        last, first = journal.baseline("Anna", "C1", KERNELS), journal.baseline("Anna", "C1", KERNELS, axes=tilted)
        assert last.values is not None and first.values is not None
        assert {b.mean for b in last.values} == {8.0} and len(last.values[0].runs) == 1
        assert {b.mean for b in first.values} == {5.0} and len(first.values[0].runs) == 2


def test_after_an_upgrade_baselines_are_set_aside_until_the_runs_are_analysed_again(path: Path) -> None:
    with Journal(path) as journal:
        for k in range(3):
            journal.add_run(new_run(k))
        journal.add_run(new_run(3, kernel_hash="new"))
        aside = [b for b in journal.baselines("Anna") if b.set_aside]
        assert {b.kernel_hash for b in aside} == {KERNELS} and {len(b.runs) for b in aside} == {3}
        answer = journal.baseline("Anna", "C1", "new")
        assert answer.values is not None and {len(b.runs) for b in answer.values} == {1}
        assert [run.hash for run in journal.outdated_runs("Anna", "new", 9)] == [hash_of(k) for k in (2, 1, 0)]
        assert [run.hash for run in journal.outdated_runs("anna", "new", 2)] == [hash_of(2)]
        assert journal.kernel_hashes("anna") == {KERNELS, "new"}
        for k in range(2):
            journal.add_run(new_run(k, kernel_hash="new"))
        kept = {(b.kernel_hash, len(b.runs), bool(b.set_aside)) for b in journal.baselines("Anna")}
        assert kept == {("new", 3, False), (KERNELS, 1, True)}


def test_the_newest_twenty_runs_make_the_baseline(path: Path) -> None:
    with Journal(path, clock=Clock()) as journal:
        for k in range(25):
            mean = 9.0 if k < 5 else 5.0
            journal.add_run(new_run(k, settled=settled(mean=mean), started_at=NOON - timedelta(days=30 - k)))
        answer = journal.baseline("Anna", "C1", KERNELS)
        assert answer.values is not None and {(b.mean, len(b.runs)) for b in answer.values} == {(5.0, 20)}


def test_deleting_a_runner_leaves_nothing_of_it_in_the_files(path: Path) -> None:
    with Journal(path) as journal:
        summary = {"text": "secret " * 5000}  # over many pages
        journal.add_run(new_run(1, runner="Zacharias", source="secret.csv", clip=Clip("CLIP-Z"), summary=summary))
        journal.add_pain("Zacharias", "secret place", "left", 5)
        journal.add_run(new_run(2))
        journal.delete_runner("zacharias")
        assert [runner.name for runner in journal.runners()] == ["Anna"]
        everything = b"".join(file.read_bytes() for file in path.parent.iterdir())
        for trace in (b"Zacharias", b"secret", b"CLIP-Z", hash_of(1).encode()):
            assert trace not in everything
        assert hash_of(2).encode() in everything


def test_deleting_everything_removes_every_file(path: Path) -> None:
    with Journal(path) as journal:
        journal.add_run(new_run(1))
    (path.parent / "journal-damaged-20260101-000000.sqlite").write_bytes(b"older damage")
    (path.parent / "other.txt").write_text("mine")
    with Journal(path) as journal:
        gone = journal.delete_everything()
    assert [file.name for file in path.parent.iterdir()] == ["other.txt"] and path in gone


def test_where_the_journal_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRENDEL_JOURNAL", str(tmp_path / "mine.sqlite"))
    assert journal_path() == tmp_path / "mine.sqlite"
    monkeypatch.delenv("TRENDEL_JOURNAL")
    assert journal_path().name == "journal.sqlite" and "trendel" in str(journal_path())
