"""atheris: any bytes into everything that reads a session. Run by `python -m tests.fuzz`.

Any exception but a TrendelError, a hang (`-timeout`) or growth of memory (`-rss_limit_mb`) is a finding. The first byte
of an input says what the rest is: a block of packets, rows, the content of a chunk with a right checksum, or a file."""

import contextlib
import sys
import tempfile
import zlib
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["trendel.recording.session", "mcap"]):
    import trendel
    from trendel.errors import TrendelError
    from trendel.recording.session import blocks, rows
    from trendel.recording.session.info import describe
    from trendel.recording.session.rewrite import rewrite

from tests.host.session.made import everything, record

_FOLDER = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
_WHOLE = record(_FOLDER / "whole.mcap", list(everything(0.5)), packed=False).read_bytes()
_HEAD_N = _WHOLE.index(b"session_id") + 46


def _chunk(content: bytes) -> bytes:
    body = bytes(16) + len(content).to_bytes(8, "little") + zlib.crc32(content).to_bytes(4, "little")
    body += bytes(4) + len(content).to_bytes(8, "little") + content
    return b"\x06" + len(body).to_bytes(8, "little") + body


def read_file(content: bytes, whole: bool) -> None:
    """Open and describe; where it is to be the `whole`, take as a recording and write anew, too."""
    path, target = _FOLDER / "run.mcap", _FOLDER / "new.mcap"
    path.write_bytes(content)
    with contextlib.suppress(TrendelError):
        describe(path)
        if not whole:
            return
        with contextlib.suppress(TrendelError):
            trendel.read(path)
        target.unlink(missing_ok=True)
        rewrite(path, target)


def one_input(data: bytes) -> None:
    """What atheris calls."""
    kind, rest = data[:1], data[1:]
    if kind == b"\x00":
        with contextlib.suppress(blocks.BlockError):
            blocks.decode(rest)
    elif kind == b"\x01":
        rows.decode(rest)
    elif kind in (b"\x02", b"\x03"):
        read_file(_WHOLE[:_HEAD_N] + _chunk(rest), whole=kind == b"\x03")
    else:
        read_file(rest, whole=kind == b"\x05")


def _seeds(folder: Path) -> None:
    packed = record(_FOLDER / "packed.mcap", list(everything(0.5))).read_bytes()
    with trendel.open(_FOLDER / "whole.mcap") as session:
        raw = b"".join(packet.raw for packet in session.packets() if len(packet.raw) == 244)
    n = len(raw) // 244
    shape = blocks.Shape(244, (1, 1, 2, 4, 8, 4, 4, 1, 1, 1, 1), blocks.IMU_LANES)
    import numpy as np

    block = blocks.encode(np.arange(n, dtype=np.int64), raw, shape)
    columns = rows.encode([1, 2], [b'{"a":1.5,"b":"c"}', b'{"a":null,"b":"d"}'])
    assert columns is not None
    topic = b"/clip/live/imu/18"
    channel = b"\x05\x00\x00\x00" + len(topic).to_bytes(4, "little") + topic + b"\x04\x00\x00\x00ros1" + bytes(4)
    content = b"\x04" + len(channel).to_bytes(8, "little") + channel
    message = b"\x05\x00" + bytes(20) + raw[:244]
    content += b"\x05" + len(message).to_bytes(8, "little") + message
    files = [bytes([kind]) + file for kind in (4, 5) for file in (_WHOLE, packed)]
    seeds = [b"\x00" + block, b"\x01" + columns, b"\x02" + content, b"\x03" + content, *files]
    for i, seed in enumerate(seeds):
        (folder / f"seed_{i}").write_bytes(seed)


def main() -> None:
    """Run libFuzzer with its own options, of which the last is the folder of the corpus."""
    _seeds(Path(sys.argv[-1]))
    # A session is longer than a packet; of an option given twice the last counts.
    atheris.Setup([*sys.argv[:-1], "-max_len=16384", sys.argv[-1]], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
