"""The runner's journal: runs, baselines, pain and notes in one SQLite file on this machine. Nothing leaves it."""

from trendel.journal.baseline import Settled as Settled
from trendel.journal.database import SUFFIXES as SUFFIXES
from trendel.journal.database import journal_path as journal_path
from trendel.journal.identity import content_hash as content_hash
from trendel.journal.journal import Journal as Journal
from trendel.journal.rows import Baseline as Baseline
from trendel.journal.rows import BaselineAnswer as BaselineAnswer
from trendel.journal.rows import Clip as Clip
from trendel.journal.rows import Mounting as Mounting
from trendel.journal.rows import NewRun as NewRun
from trendel.journal.rows import Note as Note
from trendel.journal.rows import Pain as Pain
from trendel.journal.rows import Run as Run
from trendel.journal.rows import Runner as Runner
from trendel.journal.schema import SCHEMA_VERSION as SCHEMA_VERSION
