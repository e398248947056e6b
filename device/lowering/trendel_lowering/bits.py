"""One job through all homes: identical to the bit, or the first difference with its sample and field."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from .compare import Difference, first_difference
from .homes import HOMES, Job, Trace
from .package import KernelPackage

Runner = Callable[[KernelPackage, Sequence[Job]], list[Trace]]
REFERENCE = "host"


@dataclass(frozen=True)
class Verdict:
    """difference: the first one, or None; trace: what the host gave."""

    difference: Difference | None
    trace: Trace

    @property
    def state_sha(self) -> str:
        """SHA-256 of the last state."""
        return hashlib.sha256(self.trace.states[-1].tobytes()).hexdigest()


def compare_homes(
    package: KernelPackage, jobs: Sequence[Job], homes: Mapping[str, Runner] | None = None
) -> list[Verdict]:
    """A verdict for each job; each home is started once for all of them (once more to narrow a difference down)."""
    runners = dict(homes or HOMES)
    reference = runners.pop(REFERENCE, HOMES[REFERENCE])
    expected = reference(package, jobs)
    traces = {home: run(package, jobs) for home, run in runners.items()}
    verdicts = []
    for number, (job, trace) in enumerate(zip(jobs, expected, strict=True)):
        found = [
            (difference, home)
            for home in runners
            if (difference := first_difference(home, traces[home][number], REFERENCE, trace)) is not None
        ]
        if not found:
            verdicts.append(Verdict(None, trace))
            continue
        difference, home = min(found, key=lambda pair: pair[0].sample)
        narrowed = _narrow(package, job, trace, difference, (runners[home], reference))
        verdicts.append(Verdict(narrowed, trace))
    return verdicts


def _narrow(
    package: KernelPackage, job: Job, trace: Trace, difference: Difference, runners: tuple[Runner, Runner]
) -> Difference:
    """The same difference at the first sample at which the states differ, run again from the last equal state."""
    if difference.sample < 0:
        return difference
    block = difference.sample // job.every
    first = block * job.every
    samples = job.samples[first : difference.sample + 1]
    window = replace(job, samples=samples, every=1)
    if block > 0:
        window = replace(window, state=trace.states[block - 1 : block].copy(), init=False)
    again, expected = (run(package, [window])[0] for run in runners)
    found = first_difference(difference.home, again, difference.against, expected)
    # A home that differs only by what went before is left with the difference as first seen.
    return replace(found, sample=first + found.sample) if found and found.sample >= 0 else difference
