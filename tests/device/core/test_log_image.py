"""The host's reader of the log's bytes finds what the clip's own reader finds, whatever has become of the flash."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tests.device.core.rig import RAW, RECORDS, Clip, core
from trendel.wire import layout as lt
from trendel.wire.log_image import SECTOR_BYTES, LogImage, entry_length, sector_entries, sector_header
from trendel.wire.packed import unpack
from trendel.wire.packets import PackedImu, decode

SECOND = 1_000_000


@pytest.fixture
def clip() -> Iterator[Clip]:
    made = Clip(core(), sector_n=24, records_quota=6)
    yield made
    made.close()


def noise(n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.clip(np.cumsum(rng.normal(0, 300, (n, 6)), axis=0), -32000, 32000).astype(np.int16)


def flash(clip: Clip) -> bytes:
    return bytes(clip.core.ffi.buffer(clip.nor.bytes, clip.sector_n * SECTOR_BYTES))


def of_clip(clip: Clip, class_id: int) -> tuple[list[bytes], int]:
    """Packets by the clip's own reader, and how many it could not read."""
    reader = clip.core.ffi.new("trendel_log_reader_t *", {"class_id": class_id})
    out = clip.core.ffi.new("uint8_t[]", lt.STORED_MAX)
    found = []
    while n := clip.core.lib.trendel_log_next(clip.log, reader, out):
        found.append(bytes(clip.core.ffi.buffer(out, n)))
    return found, reader.damaged_n


def of_image(image: LogImage, class_id: int) -> tuple[list[bytes], int]:
    found = [entry.packet for entry in image.entries(class_id)]
    return found, image.damaged_n


def busy(clip: Clip, rng: np.random.Generator) -> None:
    """Some work: raw, an event or a checkpoint now and then; it may fail where power is lost."""
    lib, ffi = clip.core.lib, clip.core.ffi
    for _ in range(int(rng.integers(1, 6))):
        block = ffi.addressof(clip.packetiser, "block")
        values = noise(int(rng.integers(18, 900)), int(rng.integers(1 << 30)))
        buffer = ffi.from_buffer("trendel_imu_sample_t *", _samples(values))
        for i in range(len(values)):
            if lib.trendel_packetiser_add(clip.packetiser, buffer + i, 4808 * i, 4_807_692, 0, 25):
                lib.trendel_recorder_block(clip.recorder, block)
        event = ffi.new("trendel_event_t *", {"code": lt.EVENTS.index("marker"), "time_ms": int(rng.integers(1 << 20))})
        lib.trendel_recorder_event(clip.recorder, event, 0)
        if rng.random() < 0.3:
            lib.trendel_recorder_checkpoint(clip.recorder, bytes(3000), 3000, clip.packetiser.sample_i, 1, 2, 0)


def _samples(values: np.ndarray) -> np.ndarray:
    samples = np.zeros(len(values), lt.IMU_SAMPLE)
    samples["acc"], samples["gyr"] = values[:, :3], values[:, 3:]
    return samples


def test_what_the_clip_reads_the_host_reads(clip: Clip) -> None:
    """Forty boots, each ended by a power cut at a random operation, with sectors recycled many times."""
    rng = np.random.default_rng(5)
    damaged = [0, 0]
    for _ in range(40):
        clip.nor.cut_at = clip.nor.operation_n + int(rng.integers(1, 400))
        clip.nor.tear = int(rng.integers(2))
        while not clip.nor.off:
            busy(clip, rng)
        clip.boot()
        image = LogImage.of_flash(flash(clip))
        for class_id in (RECORDS, RAW):
            (theirs, theirs_damaged), (ours, ours_damaged) = of_clip(clip, class_id), of_image(image, class_id)
            assert ours == theirs
            assert ours_damaged >= theirs_damaged
            damaged[class_id] += theirs_damaged
    assert min(damaged) >= 0 and sum(damaged) > 3  # it was torn indeed
    headers = image.headers().values()
    assert max(h.boot_n for h in headers) == clip.log.boot_n == 41
    assert max(h.erase_n for h in headers) > 3


def test_any_of_its_sectors_are_read_alone(clip: Clip) -> None:
    clip.add(noise(18 * 1500))
    clip.core.lib.trendel_recorder_flush(clip.recorder)
    whole = flash(clip)
    everything = [(e.sequence, e.offset) for e in LogImage.of_flash(whole).entries()]
    apart = []
    for i in range(clip.sector_n):
        apart += [(e.sequence, e.offset) for e in LogImage.of_flash(whole, [i]).entries()]
    assert sorted(apart) == everything and len(everything) > 50
    table = {i: clip.log.sectors[i] for i in range(clip.sector_n) if clip.log.sectors[i].sequence}
    assert {i: (h.sequence, h.class_id) for i, h in LogImage.of_flash(whole).headers().items()} == {
        i: (sector.sequence, sector.class_id) for i, sector in table.items()
    }


def test_what_is_kept_and_released_is_seen(clip: Clip) -> None:
    lib = clip.core.lib
    clip.add(noise(18 * 200))
    lib.trendel_log_keep(clip.log, lib.trendel_log_position(clip.log, RAW), 2)
    clip.add(noise(18 * 200))
    kept = {h.sequence for h in LogImage.of_flash(flash(clip)).headers().values() if h.keep == 2}
    assert kept
    lib.trendel_log_release(clip.log, max(kept))
    headers = LogImage.of_flash(flash(clip)).headers().values()
    assert {h.sequence for h in headers if h.released} == kept - {lib.trendel_log_position(clip.log, RAW)}


def test_a_flipped_bit_costs_one_entry(clip: Clip) -> None:
    """Wherever it is: in a length as well, since the entry after it is found again."""
    packets = clip.add(noise(18 * 64))
    clip.core.lib.trendel_recorder_flush(clip.recorder)
    (i, header), *_ = ((i, h) for i, h in LogImage.of_flash(flash(clip)).headers().items() if h.class_id == RAW)
    data = flash(clip)[SECTOR_BYTES * i : SECTOR_BYTES * (i + 1)]
    whole, damaged_n = sector_entries(data, header)
    assert damaged_n == 0 and len(whole) > 1
    blocks = [b for e in whole for b in unpack(decode(e.packet))]  # type: ignore[arg-type]
    assert blocks[0].header.tobytes() + blocks[0].samples.tobytes() == packets[0]
    end = whole[-1].offset + 8 + len(whole[-1].packet)
    rng = np.random.default_rng(2)
    for at in [32, 34, 36, 40, *rng.integers(32, end, 200).tolist()]:
        torn = bytearray(data)
        torn[at] ^= 1 << int(rng.integers(8))
        left, damaged_n = sector_entries(bytes(torn), header)
        hit = [e for e in whole if e.offset <= at < e.offset + 8 + ((len(e.packet) + 3) & ~3)]
        padding = at >= hit[0].offset + 8 + len(hit[0].packet)
        assert left == [e for e in whole if e not in hit or padding]
        assert damaged_n == (0 if padding else 1)
    for at in range(20):
        torn = bytearray(data)
        torn[at] ^= 4
        assert sector_header(bytes(torn)) is None


def test_the_start_of_a_sector_says_what_it_begins_with(clip: Clip) -> None:
    """A host that looks for a block reads some bytes of a sector, not all of it."""
    clip.add(noise(18 * 64))
    clip.core.lib.trendel_recorder_flush(clip.recorder)
    for i, header in LogImage.of_flash(flash(clip)).headers().items():
        start = flash(clip)[SECTOR_BYTES * i :][:200]
        assert sector_header(start) == header
        length = entry_length(start, 32)
        assert length is not None
        assert sector_entries(start, header)[1] == 0
        if header.class_id == RAW:
            whole, _ = sector_entries(flash(clip)[SECTOR_BYTES * i :][:SECTOR_BYTES], header)
            assert isinstance(decode(whole[0].packet), PackedImu) and len(whole[0].packet) == length


def test_noise_is_no_log() -> None:
    rng = np.random.default_rng(1)
    image = LogImage.of_flash(rng.integers(0, 256, 64 * SECTOR_BYTES, np.uint8).tobytes())
    assert list(image.entries()) == [] and image.sectors == {}
    assert sector_header(b"") is None
