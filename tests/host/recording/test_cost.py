"""What importing and reading cost."""

import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest

from tests.host.recording.made import adds_up, table, write
from trendel.recording import read


def test_importing_is_light() -> None:
    code = (
        "import sys; import trendel.recording; "
        "print([m for m in ('pyarrow', 'pandas', 'scipy', 'numba', 'matplotlib') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.fixture(scope="module")
def ten_minutes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("cost") / "ten_minutes.csv", table(600.0, 208.0), sidecar={"rate_hz": 208})


def test_ten_minutes_are_read_quickly(ten_minutes: Path) -> None:
    read(ten_minutes)
    took = []
    for _ in range(3):
        start = time.perf_counter()
        recording = read(ten_minutes)
        took.append(time.perf_counter() - start)
    assert adds_up(recording)
    assert len(recording) == 124_800
    # Measured 0.09 s; the bound leaves room for a busy machine and still catches a slow path.
    assert min(took) < 0.3


def test_memory_stays_near_the_result(ten_minutes: Path) -> None:
    import pyarrow as pa

    read(ten_minutes)
    arrow_before = pa.total_allocated_bytes()
    tracemalloc.start()
    recording = read(ten_minutes)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    result = sum(
        a.nbytes for a in (recording.acc_mps2, recording.gyr_radps, recording.t_s, recording.flags) if a is not None
    )
    assert peak < 4 * result
    assert pa.total_allocated_bytes() == arrow_before


def test_reading_does_not_import_pandas(ten_minutes: Path) -> None:
    code = f"import sys; import trendel.recording as r; r.read({str(ten_minutes)!r}); print('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
