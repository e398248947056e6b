"""A process that records a session in real time and says over stdout what it has handed to the writer.

Each packet handed over is a line of its number and the monotonic time; `closing` and `closed` follow."""

import os
import sys
import time
from pathlib import Path

from tests.host.session.made import run
from trendel.recording.session.writer import SessionWriter
from trendel.wire.layout import IMU_SAMPLES_MAX


def main(path: Path, rate_hz: float, seconds: float) -> None:
    """Record at `rate_hz` into `path` for `seconds`, then close."""
    packets = run(min(20.0, seconds), rate_hz)
    writer = SessionWriter(path, on_trouble=lambda sentence: print(sentence, file=sys.stderr))
    started = time.monotonic()
    n = 0
    while True:
        due = started + n * IMU_SAMPLES_MAX / rate_hz
        if due >= started + seconds:
            break
        time.sleep(max(0.0, due - time.monotonic()))
        writer.packet(packets[n % len(packets)])
        os.write(1, b"%d %.6f\n" % (n, time.monotonic()))
        n += 1
    os.write(1, b"closing\n")
    writer.close()
    os.write(1, b"closed\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))
