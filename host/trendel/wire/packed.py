"""Lossless compression of IMU blocks, as device/core/src/pack.c does it (docs/log.md).

A packed block holds up to 16 blocks in a row whose headers follow from each other. Bits, most significant first:

1. for each block after the first: Rice code (k = 4, zigzag) of what its time is off what the block before foretells; a
   bit and, if it is 1, 16 bits for a change of dt_ns; the same with 8 bits for marks and for temperature;
2. for each axis (acc x, y, z, gyr x, y, z): 3 bits that choose a predictor for all its samples, then an adaptive Rice
   code of each prediction error (Rice 1979; the parameter follows the mean size of the errors, as in JPEG-LS).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from trendel.errors import WireError
from trendel.wire import layout as lt
from trendel.wire.packets import ImuBlock, PackedImu, decode, pack_header

PREDICTORS = (
    (32, 0, 0, 0),
    (64, -32, 0, 0),
    (96, -96, 32, 0),
    (56, -24, 0, 0),
    (70, -54, 16, 0),
    (83, -75, 24, 0),
    (92, -107, 65, -18),
    (102, -130, 80, -20),
)
"""Weights of the last four values, in 1/32: hold, line, parabola, and five rounded least-squares predictors of running
at 200 Hz. Each keeps a constant."""

MEAN_START = 512  # eight times the error that is expected first
TIME_K = 4
ESCAPE = 20  # so many ones are followed by the value itself
ESCAPE_BITS = 17  # zigzag of a difference of two int16
_HEADER_SHARED = ("boot", "range_code", "sample_n")


def predict(weights: tuple[int, int, int, int], h: tuple[int, int, int, int], i: int) -> int:
    """What value `i` of an axis is expected to be after h[0] (latest) to h[3], within int16."""
    if i < 4:
        guess = (0, h[0], 2 * h[0] - h[1], 3 * h[0] - 3 * h[1] + h[2])[i]
    else:
        guess = (weights[0] * h[0] + weights[1] * h[1] + weights[2] * h[2] + weights[3] * h[3] + 16) >> 5
    return min(max(guess, -32768), 32767)


def rice_k(mean: int) -> int:
    """Rice parameter for eight times the mean zigzag error: the least k with 15 * 2**k not below it, at most 16."""
    k = 0
    while k < 16 and (15 << k) < mean:
        k += 1
    return k


def foretold_us(time_us: int, dt_ns: int, n: int) -> int:
    """When the block after one of `n` samples would start, microseconds."""
    return time_us + (n * dt_ns + 500) // 1000


@dataclass
class _Bits:
    """A reader of bits; reading beyond the end raises WireError."""

    text: str
    at: int = 0

    def take(self, n: int) -> int:
        if self.at + n > len(self.text):
            raise WireError("A packed block ends within its samples.")
        self.at += n
        return int(self.text[self.at - n : self.at], 2) if n else 0

    def rice(self, k: int) -> int:
        end = self.text.find("0", self.at, self.at + ESCAPE)
        if end < 0:
            self.at += ESCAPE
            return self.take(ESCAPE_BITS)
        ones = end - self.at
        self.at = end + 1
        return ones << k | self.take(k)


def unpack(packed: PackedImu) -> list[ImuBlock]:
    """The blocks, to the byte as they were sent. Raises WireError if the coded bytes do not give them."""
    raw, header = packed.raw, packed.header
    coded = raw[lt.IMU_PACKED_HEADER.itemsize :]
    bits = _Bits(format(int.from_bytes(coded, "big"), f"0{8 * len(coded)}b") if coded else "")
    block_n, sample_n = int(header["block_n"]), int(header["sample_n"])
    headers = _headers(header, bits)
    samples = np.empty((block_n * sample_n, 6), "<i2")
    for axis in range(6):
        samples[:, axis] = _axis(bits, len(samples))
    if len(bits.text) - bits.at >= 8 or "1" in bits.text[bits.at :]:
        raise WireError("A packed block has bytes after its samples.")
    blocks = samples.reshape(block_n, -1)
    return [_block(h.tobytes() + blocks[i].tobytes()) for i, h in enumerate(headers)]


def _block(raw: bytes) -> ImuBlock:
    block = decode(raw)
    assert isinstance(block, ImuBlock)
    return block


def _headers(first: np.void, bits: _Bits) -> NDArray[np.void]:
    headers = np.zeros(int(first["block_n"]), lt.IMU_HEADER)
    for name in lt.IMU_HEADER.names or ():
        headers[name] = first[name]
    headers["kind"] = lt.KIND_IMU
    n = int(first["sample_n"])
    for i in range(1, len(headers)):
        before, this = headers[i - 1], headers[i]
        off = _unzigzag(bits.rice(TIME_K))
        time_us = foretold_us(int(before["time_us"]), int(before["dt_ns"]), n) + off
        dt_ns = int(before["dt_ns"])
        if bits.take(1):
            dt_ns += bits.take(16) - 32768
        if not 0 <= time_us < 1 << 63 or not 0 < dt_ns < 1 << 32:
            raise WireError("A packed block has times that cannot be.")
        this["time_us"], this["dt_ns"] = time_us, dt_ns
        this["marks"] = bits.take(8) if bits.take(1) else before["marks"]
        this["temperature_degc"] = bits.take(8) - 128 if bits.take(1) else before["temperature_degc"]
        this["sequence"] = (int(before["sequence"]) + 1) & 0xFFFFFFFF
        this["sample_i"] = (int(before["sample_i"]) + n) & 0xFFFFFFFF
    return headers


def _axis(bits: _Bits, n: int) -> list[int]:
    weights = PREDICTORS[bits.take(3)]
    values: list[int] = []
    h, mean = (0, 0, 0, 0), MEAN_START
    for i in range(n):
        error = bits.rice(rice_k(mean))
        mean += error - (mean >> 3)
        value = predict(weights, h, i) + _unzigzag(error)
        if not -32768 <= value <= 32767:
            raise WireError("A packed block has a value that no sensor gives.")
        values.append(value)
        h = (value, *h[:3])
    return values


def _unzigzag(u: int) -> int:
    return -(u + 1 >> 1) if u & 1 else u >> 1


def _zigzag(e: int) -> int:
    return 2 * e if e >= 0 else -2 * e - 1


def _rice_bits(u: int, k: int) -> str:
    ones = u >> k
    if ones >= ESCAPE:
        return "1" * ESCAPE + format(u, f"0{ESCAPE_BITS}b")
    return "1" * ones + "0" + (format(u & ((1 << k) - 1), f"0{k}b") if k else "")


def can_follow(before: np.void, this: np.void) -> bool:
    """Whether a block (layout.IMU_HEADER) may share a packed block with the one before it."""
    n = int(before["sample_n"])
    off = int(this["time_us"]) - foretold_us(int(before["time_us"]), int(before["dt_ns"]), n)
    return (
        all(before[name] == this[name] for name in _HEADER_SHARED)
        and int(this["sequence"]) == (int(before["sequence"]) + 1) & 0xFFFFFFFF
        and int(this["sample_i"]) == (int(before["sample_i"]) + n) & 0xFFFFFFFF
        and -32768 <= int(this["dt_ns"]) - int(before["dt_ns"]) <= 32767
        and _zigzag(off) < 1 << ESCAPE_BITS
    )


def pack(blocks: list[ImuBlock]) -> bytes:
    """Blocks in a row as one packed block. Raises WireError if they do not follow each other or there are too many."""
    if not 1 <= len(blocks) <= lt.PACKED_BLOCKS_MAX:
        raise WireError(f"A packed block takes 1 to {lt.PACKED_BLOCKS_MAX} blocks.")
    parts: list[str] = []
    for a, b in pairwise(blocks):
        if not can_follow(a.header, b.header):
            raise WireError("Blocks of one packed block must follow each other.")
        parts.append(_next_bits(a.header, b.header))
    samples = np.concatenate([np.column_stack((b.samples["acc"], b.samples["gyr"])) for b in blocks]).astype(int)
    for axis in range(6):
        choices = [_axis_bits(samples[:, axis].tolist(), weights) for weights in PREDICTORS]
        best = min(range(len(choices)), key=lambda j: len(choices[j]))
        parts.append(format(best, "03b") + choices[best])
    text = "".join(parts)
    coded_n = (len(text) + 7) // 8
    coded = int(text.ljust(8 * coded_n, "0"), 2).to_bytes(coded_n, "big")
    first = blocks[0].header
    shared = {name: first[name] for name in lt.IMU_HEADER.names or () if name != "kind"}
    head = pack_header(lt.IMU_PACKED_HEADER, lt.KIND_IMU_PACKED, **shared, block_n=len(blocks), coded_n=coded_n)
    decode(head + coded)  # refused if it is too long, as noise at full scale is: such blocks are stored as they are
    return head + coded


def _next_bits(before: np.void, this: np.void) -> str:
    n = int(before["sample_n"])
    off = int(this["time_us"]) - foretold_us(int(before["time_us"]), int(before["dt_ns"]), n)
    text = _rice_bits(_zigzag(off), TIME_K)
    dt_off = int(this["dt_ns"]) - int(before["dt_ns"])
    text += f"1{dt_off + 32768:016b}" if dt_off else "0"
    text += f"1{int(this['marks']):08b}" if this["marks"] != before["marks"] else "0"
    changed = this["temperature_degc"] != before["temperature_degc"]
    return text + (f"1{int(this['temperature_degc']) + 128:08b}" if changed else "0")


def _axis_bits(values: list[int], weights: tuple[int, int, int, int]) -> str:
    parts, h, mean = [], (0, 0, 0, 0), MEAN_START
    for i, value in enumerate(values):
        error = _zigzag(value - predict(weights, h, i))
        parts.append(_rice_bits(error, rice_k(mean)))
        mean += error - (mean >> 3)
        h = (value, *h[:3])
    return "".join(parts)
