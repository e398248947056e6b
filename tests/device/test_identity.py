"""Identity of the homes on recordings, the command that tells it, and the host against batch and plain Python."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import device_streams
import numpy as np
import pytest

from trendel.recording import Recording
from trendel_lowering import identity
from trendel_lowering.bits import compare_homes
from trendel_lowering.compare import first_field
from trendel_lowering.homes import HOMES, Job, Trace, run_host, run_wasm
from trendel_lowering.icount import main as count_main
from trendel_lowering.inputs import job_of, job_of_file
from trendel_lowering.package import KernelPackage

DATA = os.environ.get("TRENDEL_DATA")
needs_data = pytest.mark.skipif(DATA is None, reason="TRENDEL_DATA does not name the folder of recordings")


def recordings() -> list[Path]:
    """Every CSV with a sidecar: truth files have none."""
    return sorted(path for path in Path(DATA or os.devnull).glob("*/*.csv") if path.with_suffix(".json").exists())


def short_run() -> Recording:
    samples = device_streams.running(np.dtype([("acc_mps2", "f4", 3), ("gyr_radps", "f4", 3), ("dt_s", "f4")]))
    return Recording.from_arrays(samples["acc_mps2"], samples["gyr_radps"], device_streams.RATE_HZ)


@pytest.fixture(scope="module")
def run_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The generated run as a CSV."""
    run = short_run()
    assert run.gyr_radps is not None
    path = tmp_path_factory.mktemp("runs") / "run.csv"
    columns = np.column_stack([run.t_s, run.acc_mps2, run.gyr_radps])
    names = ["t_s", *(f"acc_{a}_mps2" for a in "xyz"), *(f"gyr_{a}_radps" for a in "xyz")]
    np.savetxt(path, columns, "%.9g", delimiter=",", header=",".join(names), comments="")
    return path


@needs_data
@pytest.mark.validation
@pytest.mark.slow
def test_every_recording_gives_the_same_bits(pipeline_package: KernelPackage, all_homes: None) -> None:
    paths = recordings()
    assert len(paths) > 50
    for start in range(0, len(paths), 10):
        jobs = [job_of_file(path) for path in paths[start : start + 10]]
        verdicts = compare_homes(pipeline_package, jobs)
        named = zip(paths[start:], verdicts, strict=False)
        assert {path.name: str(v.difference) for path, v in named if v.difference} == {}


@needs_data
@pytest.mark.validation
def test_hand_moved_recordings_give_the_same_bits(pipeline_package: KernelPackage, all_homes: None) -> None:
    jobs = []
    for path in sorted(Path(DATA or "").glob("orientation/*.npz")):
        arrays = np.load(path)
        acc = next(arrays[name] for name in arrays if name.startswith("acc"))
        gyr = next(arrays[name] for name in arrays if name.startswith("gyr"))
        jobs.append(job_of(Recording.from_arrays(acc[:20_000], gyr[:20_000], 2000 / 7)))
    assert jobs
    assert [str(v.difference) for v in compare_homes(pipeline_package, jobs) if v.difference] == []


def test_batch_gives_the_bits_of_the_step(pipeline_package: KernelPackage) -> None:
    """Batch is a loop over the same step, compiled as one: what `trendel analyze` computes is what the clip does."""
    from trendel.analysis.drivers import one_pass, setup_for
    from trendel.analysis.parameters import Parameters
    from trendel.kernels.layout import NEW_STEP, NEW_STRIDE

    recording = short_run()
    batch = one_pass(recording, Parameters(), setup_for(recording, "auto"), signals_n=len(recording))
    (trace,) = run_host(pipeline_package, [job_of(recording)])
    assert batch.state.tobytes() == trace.states[-1].tobytes()
    assert batch.steps.tobytes() == trace.outs["step"][trace.flags & NEW_STEP != 0].tobytes()
    assert batch.strides.tobytes() == trace.outs["stride"][trace.flags & NEW_STRIDE != 0].tobytes()
    assert len(batch.steps) > 15
    assert batch.signals["tilt_rad"].tobytes() == trace.outs["signal"]["tilt_rad"].tobytes()


PLAIN = """\
import sys, warnings
import numpy as np
from trendel_lowering.homes import run_host, Job
from trendel_lowering.homes.job import COLD_START
from trendel_lowering.package import KernelPackage
warnings.simplefilter("ignore", RuntimeWarning)  # integers wrap on purpose
package = KernelPackage.find()
dtypes = package.load("layout").DTYPES
stored = np.load(sys.argv[1])
job = Job(*(stored[name].view(dtypes[kind]) for name, kind in
            (("params", "Params"), ("state", "State"), ("samples", "Sample"))), init=False)
(trace,) = run_host(package, [job])
assert not hasattr(package.load("pipeline").step, "signatures"), "it was compiled"
np.savez(sys.argv[2], flags=trace.flags, outs=trace.outs.view(np.uint8), states=trace.states.view(np.uint8))
"""


def test_plain_python_gives_the_bits_of_the_compiled(pipeline_package: KernelPackage, tmp_path: Path) -> None:
    """NUMBA_DISABLE_JIT=1 on 4 s of running, steps and strides among them, continued from a compiled checkpoint."""
    whole = job_of(short_run())
    start, stop = 2400, 3200
    head = Job(whole.params, whole.state, whole.samples[:start])
    checkpoint = run_host(pipeline_package, [head])[0].states[-1:].copy()
    job = Job(whole.params, checkpoint, whole.samples[start:stop], init=False)
    (compiled,) = run_host(pipeline_package, [job])
    stored, answer = tmp_path / "job.npz", tmp_path / "trace.npz"
    arrays = {name: np.ascontiguousarray(getattr(job, name)) for name in ("params", "state", "samples")}
    np.savez(stored, **{name: array.view(np.ndarray).view(np.uint8) for name, array in arrays.items()})
    environment = os.environ | {
        "NUMBA_DISABLE_JIT": "1",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    command = [sys.executable, "-c", PLAIN, str(stored), str(answer)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    plain = np.load(answer)
    assert (compiled.flags != 0).sum() > 5
    outs = plain["outs"].view(compiled.outs.dtype)
    for i in range(stop - start):
        assert first_field("out", outs[i], compiled.outs[i]) is None, f"sample {start + i}"
    assert plain["flags"].tobytes() == compiled.flags.tobytes()
    states = plain["states"].view(compiled.states.dtype)
    assert first_field("state", states[-1], compiled.states[-1]) is None


def test_the_command_says_identical(run_csv: Path, all_homes: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert identity.main([str(run_csv)]) == 0
    kernels, clip = capsys.readouterr().out.strip().splitlines()
    assert kernels.startswith("identical: 4160 samples, ") and len(kernels.split("state ")[1]) == 64
    assert " alerts, " in kernels and clip.startswith("clip: identical, its log has ")


def test_the_command_says_what_differs(
    run_csv: Path, all_homes: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nudged(package: KernelPackage, jobs: Sequence[Job]) -> list[Trace]:
        changed = []
        for job in jobs:
            params = job.params.copy()
            gravity = params["attitude"]["gravity_mps2"]
            gravity[0] = np.nextafter(gravity[0], np.float32(1))
            changed.append(Job(params, job.state, job.samples, job.init, job.every))
        return run_wasm(package, changed)

    monkeypatch.setitem(HOMES, "wasm", nudged)
    assert identity.main([str(run_csv)]) == 1
    assert capsys.readouterr().out.startswith("first difference at sample ")


@pytest.mark.parametrize(
    ("content", "says"), [(None, "does not exist"), (b"", "empty"), (b"\x7fELF\0\0\1\2\0" * 50, "binary")]
)
def test_bad_input_is_one_sentence(
    tmp_path: Path, content: bytes | None, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.csv"
    if content is not None:
        path.write_bytes(content)
    assert identity.main([str(path)]) == 2
    said = capsys.readouterr().err.strip()
    assert says in said and "\n" not in said and "Traceback" not in said


def test_the_cost_is_printed(run_csv: Path, all_homes: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert count_main([str(run_csv)]) == 0
    said = capsys.readouterr().out
    assert "4160 samples at 208 Hz: mean " in said and "kernel code and constants " in said


def test_a_run_with_alerts_and_an_announced_hill_gives_the_same_bits(
    pipeline_package: KernelPackage, all_homes: None
) -> None:
    """Hip stability in all homes: it settles, learns, tells of a drift, and takes the level anew."""
    from trendel.analysis.conditions import Condition, marks_of
    from trendel.analysis.drivers import samples_of
    from trendel.analysis.kernel_params import Setup, kernel_params
    from trendel.analysis.parameters import Parameters
    from trendel.analysis.stability import Stability
    from trendel.kernels import layout
    from trendel.simulation import Fatigue, SensorModel, Session, simulate

    rate_hz = 104.0
    tired = Fatigue(left_deg=6.0, start_s=75.0, end_s=90.0)
    made = simulate(Session((("stand", 3.0), ("run", 147.0)), fatigue=tired, seed=3), SensorModel(rate_hz=rate_hz))
    run = Recording.from_arrays(made.acc_mps2, made.gyr_radps, rate_hz)
    quick = Stability(settle_hold_s=8.0, learn_s=20.0, limit_slow=4.0, limit_quick=2.0, announced_s=16.0)
    params = kernel_params(Parameters(stability=quick), Setup(rate_hz=rate_hz))
    samples = samples_of(run, 0, len(run))
    samples["marks"] |= marks_of([Condition(0.0, grade_percent=0.0), Condition(115.0, grade_percent=6.0)], run.t_s)
    job = Job.cold(layout, np.asarray(params), samples)
    alerts_n = int(np.count_nonzero(run_host(pipeline_package, [job])[0].flags & layout.NEW_ALERT))
    assert alerts_n >= 1
    (verdict,) = compare_homes(pipeline_package, [job])
    assert verdict.difference is None
