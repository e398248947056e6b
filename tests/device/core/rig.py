"""The clip's core on a simulated flash, for the tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from trendel.errors import CoreError
from trendel.wire import layout as lt
from trendel.wire.packed import unpack
from trendel.wire.packets import ImuBlock, PackedImu, Packet, decode, encode_hello
from trendel_core import Core, load

RECORDS, RAW = 0, 1


def core() -> Core:
    """The compiled core; skips, saying why, where it cannot be compiled."""
    try:
        return load()
    except CoreError as error:
        pytest.skip(str(error))


def samples_of(values: NDArray[np.integer[Any]]) -> NDArray[np.void]:
    """(n,) layout.IMU_SAMPLE of (n, 6) counts."""
    samples = np.zeros(len(values), lt.IMU_SAMPLE)
    samples["acc"], samples["gyr"] = values[:, :3], values[:, 3:]
    return samples


@dataclass
class Clip:
    """Packetiser, recorder and log on a NOR flash of `sector_n` sectors of 4 KiB."""

    core: Core
    sector_n: int = 64
    records_quota: int = 20
    seed: int = 1
    nor: Any = field(init=False)
    log: Any = field(init=False)
    faults: Any = field(init=False)
    recorder: Any = field(init=False)
    packetiser: Any = field(init=False)

    def __post_init__(self) -> None:
        new = self.core.ffi.new
        self.nor, self.log, self.faults = new("sim_nor_t *"), new("trendel_log_t *"), new("trendel_faults_t *")
        self.recorder, self.packetiser = new("trendel_recorder_t *"), new("trendel_packetiser_t *")
        assert self.core.lib.sim_nor_open(self.nor, self.sector_n, 4096, self.seed)
        self.boot()

    def boot(self) -> None:
        """Power on: mount, and begin a boot."""
        lib = self.core.lib
        lib.sim_nor_power_on(self.nor)
        self.faults[0] = self.core.ffi.new("trendel_faults_t *")[0]
        flash = self.core.ffi.addressof(self.nor, "flash")
        assert lib.trendel_log_mount(self.log, flash, self.faults, self.records_quota) == 0
        hello = encode_hello(boot_n=self.log.boot_n, boot=self.log.boot_n & 0xFFFF)
        packet = self.core.ffi.from_buffer("trendel_hello_t *", bytearray(hello))
        assert lib.trendel_recorder_start(self.recorder, self.log, packet) == 0
        lib.trendel_packetiser_init(self.packetiser, self.log.boot_n, 0x43, 18)

    def add(self, values: NDArray[np.integer[Any]], time_us: int = 0, dt_ns: int = 4_807_692) -> list[bytes]:
        """Samples (n, 6) through packetiser and recorder; the packets of their blocks."""
        lib, ffi = self.core.lib, self.core.ffi
        buffer = ffi.from_buffer("trendel_imu_sample_t *", samples_of(values))
        packets = []
        for i in range(len(values)):
            at = time_us + i * dt_ns // 1000
            n = lib.trendel_packetiser_add(self.packetiser, buffer + i, at, dt_ns, 0, 25)
            if n:
                block = ffi.addressof(self.packetiser, "block")
                packets.append(bytes(ffi.buffer(block, n)))
                assert lib.trendel_recorder_block(self.recorder, block) == 0
        return packets

    def entries(self, class_id: int) -> Iterator[Packet]:
        """The log's packets of a class, in order."""
        reader = self.core.ffi.new("trendel_log_reader_t *", {"class_id": class_id})
        out = self.core.ffi.new("uint8_t[]", lt.STORED_MAX)
        while n := self.core.lib.trendel_log_next(self.log, reader, out):
            yield decode(bytes(self.core.ffi.buffer(out, n)))

    def blocks(self) -> list[ImuBlock]:
        """The raw blocks in the log."""
        return [block for entry in self.entries(RAW) if isinstance(entry, PackedImu) for block in unpack(entry)]

    def close(self) -> None:
        """Give the flash's memory back."""
        self.core.lib.sim_nor_close(self.nor)
