"""What makes a run the same run: its raw samples, not its file."""

import hashlib


def content_hash(acc: bytes, gyr: bytes | None, times: bytes) -> str:
    """SHA-256, 64 hex digits, of a recording's raw samples, whatever its file is called.

    Args:
        acc: measured accelerations (n, 3) as little-endian float32 in C order, m/s2; samples bridged by the reader left
            out, so that how gaps are filled does not count.
        gyr: rates likewise, rad/s; None without a gyroscope.
        times: of the same samples, little-endian int64, microseconds of the recording's own clock.
    """
    digest = hashlib.sha256(b"trendel run 1\0")
    for name, part in ((b"acc", acc), (b"gyr", gyr), (b"times", times)):
        if part is not None:
            digest.update(name + b"\0" + len(part).to_bytes(8, "little"))
            digest.update(part)
    return digest.hexdigest()
