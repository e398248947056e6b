"""A recording process that is killed; `make soak` does it a hundred times."""

import os
from pathlib import Path

from tests.soak.kill import kill_many

COUNT = int(os.environ.get("TRENDEL_KILLS", "5"))


def test_a_killed_recording_opens_and_lost_at_most_a_second(tmp_path: Path) -> None:
    killed = kill_many(tmp_path, COUNT)
    assert max(one.lost_s for one in killed) <= 1.0, killed
    assert {one.in_closing for one in killed} == {False, True}
