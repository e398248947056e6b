"""Jobs and traces: what every home reads and writes, as bytes on disk.

A job file is a row of jobs, little-endian, without padding:

    u4[8]  magic 'TRJB', flags, n samples, every, sizes of State, Params, Sample, Out
    Params, State, n x Sample

flags bit 0: call init(state, params) before the first sample. The trace file holds, for each job,

    u4     magic 'TRTR'
    i4     what init returned (0 if it was not called)
    blocks of `every` samples, the last one shorter: for each sample (i4 flags, Out), then State

`Out` is zeroed before each step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np

from trendel.errors import LoweringError

JOB_MAGIC = 0x424A5254
TRACE_MAGIC = 0x52545254
COLD_START = 1
EVERY = 1000


@dataclass(frozen=True)
class Job:
    """params, state: (1,) Params and State; samples: (n,) Sample; init: start cold; every: samples per state shown."""

    params: np.ndarray
    state: np.ndarray
    samples: np.ndarray
    init: bool = True
    every: int = EVERY

    @classmethod
    def cold(cls, layout: ModuleType, params: np.ndarray, samples: np.ndarray, every: int = EVERY) -> Job:
        """A job that starts from a zeroed state through init."""
        return cls(params, np.zeros(1, layout.DTYPES["State"]), samples, True, every)


@dataclass(frozen=True)
class Trace:
    """What a home gave: flags (n,) int32, outs (n,) Out, states (k,) State every `every` samples and at the end."""

    init_result: int
    flags: np.ndarray
    outs: np.ndarray
    states: np.ndarray
    every: int

    def state_at(self, block: int) -> int:
        """Samples taken when state number `block` was shown."""
        return min((block + 1) * self.every, len(self.flags))


def block_count(n: int, every: int) -> int:
    """States shown for n samples: at least one, also for none."""
    return max(1, -(-n // every))


def write_jobs(path: Path, layout: ModuleType, jobs: Sequence[Job]) -> None:
    """Write the job file."""
    with path.open("wb") as file:
        for job in jobs:
            sizes = [layout.DTYPES[name].itemsize for name in ("State", "Params", "Sample", "Out")]
            header = [JOB_MAGIC, COLD_START if job.init else 0, len(job.samples), job.every, *sizes]
            file.write(np.array(header, "<u4").tobytes())
            for array, name in ((job.params, "Params"), (job.state, "State"), (job.samples, "Sample")):
                file.write(np.ascontiguousarray(array).astype(layout.DTYPES[name], copy=False).tobytes())


def read_traces(path: Path, layout: ModuleType, jobs: Sequence[Job], home: str) -> list[Trace]:
    """Read the trace file of these jobs. Raises LoweringError when it is cut short or not one."""
    words = np.fromfile(path, np.uint8)
    out, state = layout.DTYPES["Out"], layout.DTYPES["State"]
    record = np.dtype([("flags", "<i4"), ("out", out)])
    traces, at = [], 0
    for job in jobs:
        n, blocks = len(job.samples), block_count(len(job.samples), job.every)
        size = 8 + n * record.itemsize + blocks * state.itemsize
        chunk = words[at : at + size]
        head = chunk[:8].view("<u4") if len(chunk) >= 8 else np.zeros(2, "<u4")
        if len(chunk) != size or head[0] != TRACE_MAGIC:
            raise LoweringError(
                f"The {home} home ended early: its trace is {len(words)} bytes, not {at + size} or more."
            )
        rows, states, offset = np.empty(n, record), np.empty(blocks, state), 8
        for block in range(blocks):
            first, last = block * job.every, min((block + 1) * job.every, n)
            length = (last - first) * record.itemsize
            rows[first:last] = chunk[offset : offset + length].view(record)
            offset += length
            states[block] = chunk[offset : offset + state.itemsize].view(state)[0]
            offset += state.itemsize
        traces.append(Trace(int(head[1:].view("<i4")[0]), rows["flags"], rows["out"], states, job.every))
        at += size
    return traces
