"""`trendel simulate`: a simulated recording with its truth, as files."""

import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from trendel.app.progress import fraction_bar
from trendel.app.screen import stdout_console
from trendel.errors import ParameterError, RecordingError
from trendel.simulation import Fatigue, GaitParameters, SensorModel, Session, SimulatedRun, Turn, Variability, simulate
from trendel.simulation.sensor import Triple, random_mounting_deg


def gait_of(seed: int, random_runner: bool, **given: float | str | None) -> GaitParameters:
    """The runner with what was given (by names of GaitParameters), the rest usual or drawn. Raises ParameterError."""
    known = {name: value for name, value in given.items() if value is not None}
    if random_runner:
        drawn = GaitParameters.random(seed)
        if {"step_rate_spm", "contact_time_ms", "grade", "speed_mps"} & set(known):
            known.setdefault("oscillation_mm", None)  # type: ignore[arg-type]
        return replace(drawn, **known)  # type: ignore[arg-type]
    speed, rate = known.get("speed_mps"), known.get("step_rate_spm")
    return replace(GaitParameters.usual(speed, rate, known.get("contact_time_ms")), **known)  # type: ignore[arg-type]


def variability_of(seed: int, random_runner: bool, alpha: float | None, variation: float | None) -> Variability:
    """How steps vary: usual or drawn, all of it times `variation`. Raises ParameterError."""
    made = Variability.random(seed) if random_runner else Variability()
    if alpha is not None:
        made = replace(made, alpha=alpha)
    return made if variation is None else made.scaled(variation)


def session_of(
    plan: str | None,
    minutes: float | None,
    seed: int,
    gait: GaitParameters,
    variability: Variability,
    growth_deg: tuple[float, float],
    growth_min: tuple[float | None, float | None] = (None, None),
) -> Session:
    """What --session says, or `minutes` of running in an ordinary session. Raises ParameterError.

    `growth_deg` of the left and right drop comes between the minutes `growth_min` of the recording, None for its ends.
    """
    if plan is None:
        made = ordinary_session(10.0 if minutes is None else minutes, seed, gait, variability, growth_deg)
        return replace(made, fatigue=_between(made.fatigue, growth_min))
    if minutes is not None:
        raise ParameterError("give --session or --minutes, not both.")
    segments = []
    for part in plan.split(","):
        words = part.split()
        try:
            kind, seconds = words[0], float(words[1])
            assert len(words) == 2 and np.isfinite(seconds)
        except (AssertionError, IndexError, ValueError):
            raise ParameterError(
                f'--session must be like "stand 6, walk 12, run 300", in seconds; {part.strip()!r} is not.'
            ) from None
        segments.append((kind, seconds))
    total = sum(seconds for _, seconds in segments)
    if total > 36_000 + 600:
        raise ParameterError(f"a session can last 10 hours; this one lasts {total / 3600:.1f}.")
    fatigue = Fatigue(*growth_deg, start_s=0.0, end_s=max(total, 1.0))
    return Session(tuple(segments), gait, variability, _between(fatigue, growth_min), seed=seed)


def _between(fatigue: Fatigue, minutes: tuple[float | None, float | None]) -> Fatigue:
    """The same growth between these minutes. Raises ParameterError."""
    start_s, end_s = (
        given if m is None else 60 * m for m, given in zip(minutes, (fatigue.start_s, fatigue.end_s), strict=True)
    )
    if minutes != (None, None) and not (fatigue.left_deg or fatigue.right_deg):
        raise ParameterError("--growth-from and --growth-until say when: give --growth-left or --growth-right too.")
    last_s = min(end_s, fatigue.end_s)
    if not last_s > start_s:
        raise ParameterError(
            "--growth-from must come before --growth-until and the end of running: "
            f"{start_s / 60:g} is not before minute {last_s / 60:g}."
        )
    return replace(fatigue, start_s=start_s, end_s=end_s)


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


def sensor_of(
    seed: int,
    ideal: bool,
    *,
    rate_hz: float | None = None,
    mounting: str | None = None,
    gyro_noise_dps: float | None = None,
    acc_bias: str | None = None,
    gyro_bias: str | None = None,
    looseness: float | None = None,
    slip: str | None = None,
    **given: float | None,
) -> SensorModel:
    """The sensor with what was given; `given` by names of SensorModel. Raises ParameterError."""
    rate = 208.0 if rate_hz is None else rate_hz
    made = SensorModel.ideal(rate) if ideal else SensorModel(rate_hz=rate)
    known: dict[str, object] = {name: value for name, value in given.items() if value is not None}
    if mounting is not None:
        named = {"random": random_mounting_deg(seed), "pelvis": (0.0, 0.0, 0.0)}
        known["mounting_rotvec_deg"] = named.get(mounting) or _three(mounting, "--mounting", " or random or pelvis")
    if gyro_noise_dps is not None:
        known["gyr_noise_radps"] = float(np.radians(gyro_noise_dps))
    if acc_bias is not None:
        known["acc_bias_mps2"] = _three(acc_bias, "--acc-bias")
    if gyro_bias is not None:
        known["gyr_bias_radps"] = tuple(np.radians(_three(gyro_bias, "--gyro-bias")).tolist())
    if slip is not None:
        if "slip_s" not in known:
            raise ParameterError("--slip says by how much the clip slips: give --slip-at, when, with it.")
        known["slip_rotvec_deg"] = _three(slip, "--slip")
    if looseness is not None:
        usual = SensorModel()
        known["strap_hz"] = usual.strap_hz if looseness else 0.0
        known["strap_share"] = min(1.0, usual.strap_share * looseness)
        known["rock_deg_per_g"] = usual.rock_deg_per_g * looseness
    if ideal and ({"range_g"} & set(known)):
        known["bits"] = 16
    return replace(made, seed=seed, **known)  # type: ignore[arg-type]


def _three(text: str, option: str, more: str = "") -> Triple:
    try:
        x, y, z = (float(v) for v in text.split(","))
    except ValueError:
        raise ParameterError(f"{option} must be three numbers X,Y,Z{more}; it is {text!r}.") from None
    return x, y, z


def write_simulated(path: Path, session: Session, sensor: SensorModel, *, overwrite: bool = False) -> None:
    """Generate and write the four files. Raises ParameterError, or RecordingError where a file is in the way."""
    if path.suffix != ".csv":
        raise ParameterError(f"{path.name}: the recording to write must end in .csv.")
    for file in simulated_files(path):
        if file.exists() and not overwrite:
            raise RecordingError(f"{file.name}: exists already: choose another name, or give --overwrite")
    began = time.monotonic()
    with fraction_bar("simulating") as show:
        made = simulate(session, sensor, show)
    _, _, truth_file, contacts_file = write_files(made, path, overwrite=overwrite)
    stdout_console().print(
        f"{path.name}: simulated, {made.t_s[-1] / 60:.1f} min at {made.rate_hz:.1f} Hz, "
        f"{len(made.steps)} running steps, in {time.monotonic() - began:.0f} s. "
        f"Truth in {truth_file.name} and {contacts_file.name}. Next: trendel analyze {path.name}"
    )


def simulated_files(path: Path) -> tuple[Path, ...]:
    """The recording, its sidecar, its truth at each sample and its contacts."""
    return path, *(path.with_suffix(end) for end in (".json", ".truth.csv", ".contacts.csv"))


def write_files(made: SimulatedRun, path: Path, *, overwrite: bool) -> tuple[Path, ...]:
    """Write the four files of a simulated run; their paths."""
    from trendel.recording import Recording, write_recording

    session, sensor = made.session, made.sensor
    metadata = {
        "kind": made.label,
        "simulated": True,
        "seed": session.seed,
        "gait": asdict(session.gait),
        "variability": asdict(session.variability),
        "fatigue": asdict(session.fatigue),
        "sensor": asdict(sensor),
        "segments": [list(s) for s in session.segments],
    }
    recording = Recording.from_arrays(
        made.acc_mps2, made.gyr_radps, t_s=made.t_s, metadata=metadata, source=made.label
    )  # fmt: skip
    write_recording(recording, path, overwrite=overwrite)
    files = simulated_files(path)
    _write_truth(made, files[2])
    _write_contacts(made, files[3])
    return files


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
