"""How large a session is, how fast any minute of it is reached, and what recording costs."""

from pathlib import Path

from tests.soak.pipeline import run_pipeline
from tests.soak.two_hours import RATE_HZ, TWO_HOURS_S, minute_s, record_session
from trendel.recording.session.rewrite import pack
from trendel.wire import layout


def test_two_hours_at_208_hz_are_below_12_mb_and_any_minute_is_near(tmp_path: Path) -> None:
    # Blocks of a minute do not see each other, so size goes with time, from the schemas on.
    sizes = {}
    for seconds in (120.0, 240.0):
        path = record_session(tmp_path / f"{seconds:g}.mcap", seconds)
        pack(path)
        sizes[seconds] = path.stat().st_size
    per_s = (sizes[240.0] - sizes[120.0]) / 120.0
    assert sizes[240.0] + (TWO_HOURS_S - 240.0) * per_s < 12e6
    took = []
    for minute in (0, 3, 1, 2):
        seconds, blocks_n = minute_s(tmp_path / "240.mcap", minute)
        took.append(seconds)
        assert abs(blocks_n - 60 * RATE_HZ / layout.IMU_SAMPLES_MAX) <= 2
    assert min(took) < 0.05, took


def test_833_hz_through_packets_frames_and_file_take_little_of_a_core(tmp_path: Path) -> None:
    cost = run_pipeline(tmp_path / "run.mcap", 60.0, 833.0)
    assert cost.core_share < 0.10, cost
