"""`trendel simulate`: a simulated recording with its truth, as files."""

from dataclasses import asdict
from pathlib import Path

import numpy as np

from trendel.app.screen import stdout_console
from trendel.errors import RecordingError
from trendel.simulation.gait import GaitParameters
from trendel.simulation.running import Variability
from trendel.simulation.sensor import SensorModel
from trendel.simulation.session import Fatigue, Session, Turn
from trendel.simulation.simulate import SimulatedRun, simulate


def ordinary_session(
    minutes: float, seed: int, gait: GaitParameters, variability: Variability, growth_deg: tuple[float, float]
) -> Session:
    """Standing, walking, two runs with a stop between, turns, jumps, standing; `minutes` of running in all."""
    run_s = 60 * minutes
    head, stop = 18.0, 6.0
    segments = (("stand", 6.0), ("walk", 12.0), ("run", 0.6 * run_s), ("stand", stop), ("run", 0.4 * run_s),
                ("jump", 6.0), ("stand", 4.0))  # fmt: skip
    rng = np.random.default_rng(np.random.SeedSequence([seed, 1]))
    count = int(minutes)
    turns = tuple(
        Turn(head + 0.58 * run_s * (k + 0.5) / count, float(rng.uniform(2, 6)), float(rng.choice((-90.0, 90.0))))
        for k in range(count)
    )
    fatigue = Fatigue(*growth_deg, start_s=head, end_s=head + run_s + stop)
    return Session(segments, gait, variability, fatigue, turns, seed)


def write_simulated(
    path: Path,
    *,
    minutes: float,
    seed: int,
    gait: GaitParameters,
    variability: Variability,
    growth_deg: tuple[float, float],
    sensor: SensorModel,
    overwrite: bool = False,
) -> None:
    """Generate and write the four files. Raises ParameterError, or RecordingError where a file is in the way."""
    from trendel.recording import Recording, write_recording

    truth_file, contacts_file = path.with_suffix(".truth.csv"), path.with_suffix(".contacts.csv")
    for file in (truth_file, contacts_file):
        if file.exists() and not overwrite:
            raise RecordingError(f"{file.name}: exists already: choose another name, or give --overwrite")
    session = ordinary_session(minutes, seed, gait, variability, growth_deg)
    made = simulate(session, sensor)
    metadata = {
        "kind": made.label,
        "simulated": True,
        "seed": seed,
        "gait": asdict(gait),
        "variability": asdict(variability),
        "sensor": asdict(sensor),
        "segments": [list(s) for s in session.segments],
    }
    recording = Recording.from_arrays(
        made.acc_mps2, made.gyr_radps, t_s=made.t_s, metadata=metadata, source=made.label
    )  # fmt: skip
    write_recording(recording, path, overwrite=overwrite)
    _write_truth(made, truth_file)
    _write_contacts(made, contacts_file)
    stdout_console().print(
        f"{path.name}: simulated, {made.t_s[-1] / 60:.1f} min at {made.rate_hz:.1f} Hz, "
        f"{len(made.steps)} running steps. Truth in {truth_file.name} and {contacts_file.name}. "
        f"Next: trendel analyze {path.name}"
    )


def _write_truth(made: SimulatedRun, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.csv as pc

    columns = {"t_s": pa.array(made.t_s)} | {k: pa.array(np.round(v, 6)) for k, v in made.truth.items()}
    columns["contact"] = pa.array(np.array(["", "L", "R", "LR"])[made.contact])
    columns["segment"] = pa.array(np.array([kind for kind, _ in made.session.segments])[made.segment])
    with path.open("wb") as stream:
        stream.write((",".join(columns) + "\n").encode())
        pc.write_csv(pa.table(columns), stream, pc.WriteOptions(include_header=False, quoting_style="none"))


def _write_contacts(made: SimulatedRun, path: Path) -> None:
    names = made.steps.dtype.names or ()
    with path.open("w", encoding="utf-8") as stream:
        stream.write(",".join(names) + "\n")
        for row in made.steps:
            cells = (
                str(v) if n == "side" else str(int(v)) if n == "steady" else "" if np.isnan(v) else f"{v:.6f}"
                for n, v in zip(names, row, strict=True)
            )
            stream.write(",".join(cells) + "\n")
