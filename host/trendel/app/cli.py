"""`trendel`: the commands and their options. Bodies import what they need, so that --help stays fast."""

import sys
from pathlib import Path
from typing import Annotated

try:
    import typer
except KeyboardInterrupt:  # main(), which says it otherwise, is not there yet
    print("stopped.", file=sys.stderr)
    raise SystemExit(130) from None

from trendel.app import simulate_options as sim
from trendel.app.added_commands import add_added_commands
from trendel.app.clip_commands import clip_app
from trendel.app.journal_commands import journal_app
from trendel.app.link_commands import add_link_commands
from trendel.app.run_options import (
    AccUnit,
    AsClip,
    Column,
    Frame,
    GyrUnit,
    MassKg,
    Mounting,
    ParamsFile,
    RateHz,
    RunPath,
    TimeUnit,
)
from trendel.app.session_commands import session_app
from trendel.app.take_home_commands import add_take_home_commands

app = typer.Typer(
    name="trendel",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Steps and strides, pelvic angles and their trend, from one IMU at a runner's pelvis. "
    "Trendel measures; it does not diagnose.",
)

# Their commands are in files of their own.
app.add_typer(clip_app, name="clip")
app.add_typer(journal_app, name="journal")
app.add_typer(session_app, name="session")
add_link_commands(app)
add_take_home_commands(app)
add_added_commands(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        import trendel

        print(f"trendel {trendel.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def analyze(
    run: Annotated[
        Path,
        typer.Argument(metavar="RUN.csv|RUN.mcap|DIR", help="A recording, or a folder of them.", show_default=False),
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for the results; RUN.trendel beside the recording by default."),
    ] = None,
    mass_kg: MassKg = None,
    mounting: Mounting = "auto",
    as_clip: AsClip = False,
    signals: Annotated[bool, typer.Option("--signals", help="Write signals.csv too: angles and motion.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The summary on stdout as JSON, and nothing else.")] = False,
    jobs: Annotated[int, typer.Option(metavar="N", min=1, help="Processes, for a folder.")] = 1,
    runner: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Keep the run in this runner's journal, and compare it with those in it.",
            show_default=False,
        ),
    ] = None,
    clip: Annotated[
        str | None,
        typer.Option(metavar="SERIAL", help="The clip's serial number, for the journal.", show_default=False),
    ] = None,
    alert_at: Annotated[
        str | None,
        typer.Option(
            metavar="DEG,DEG,DEG",
            show_default=False,
            help="Growth of a side's drop that gives a notice, a warning, a stop; kept for the runner's next runs. "
            "1,1.2,3.5 if never given.",
        ),
    ] = None,
    conditions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            show_default=False,
            help="Known speed or grade: columns time_s, speed_mps, grade_percent.",
        ),
    ] = None,
    params: ParamsFile = None,
    column: Column = None,
    acc_unit: AccUnit = None,
    gyr_unit: GyrUnit = None,
    time_unit: TimeUnit = None,
    rate_hz: RateHz = None,
    frame: Frame = None,
) -> None:
    """Steps and strides of a recording, or of every recording in a folder.

    Writes steps.csv, strides.csv, alerts.csv, waveforms.csv, summary.json and, of one recording, report.html. A folder
    is resumable: what is done already, with the same content, parameters and kernels, is skipped. With --runner the run
    is kept in that runner's journal on this machine (trendel journal); without, nothing is kept.
    """
    from trendel.app.options import AnalyzeOptions, ReadOptions, parse_columns, parse_keep, parse_limits

    keep = parse_keep(runner, clip)

    options = AnalyzeOptions(
        mode="causal" if as_clip else "refined",
        mass_kg=mass_kg,
        mounting=mounting,
        params_file=params,
        signals=signals,
        conditions_file=conditions,
        limits_deg=parse_limits(alert_at),
        read=ReadOptions(parse_columns(column or []), acc_unit, gyr_unit, time_unit, rate_hz, frame),
    )
    if run.is_dir():
        from trendel.app.batch import analyze_folder

        raise typer.Exit(analyze_folder(run, out, options, keep, jobs=jobs, as_json=as_json))
    from trendel.app.single import analyze_file

    analyze_file(run, out, options, keep, as_json=as_json)


@app.command()
def explain(
    run: RunPath,
    step: Annotated[int, typer.Option(metavar="N", min=0, help="Row of steps.csv, from 0.")],
    mass_kg: MassKg = None,
    mounting: Mounting = "auto",
    as_clip: AsClip = False,
    params: ParamsFile = None,
    column: Column = None,
    acc_unit: AccUnit = None,
    gyr_unit: GyrUnit = None,
    time_unit: TimeUnit = None,
    rate_hz: RateHz = None,
    frame: Frame = None,
) -> None:
    """What each stage saw at one step: why it was taken for a step, and where its numbers come from."""
    from trendel.app.explain import explain_step
    from trendel.app.options import AnalyzeOptions, ReadOptions, parse_columns

    options = AnalyzeOptions(
        mode="causal" if as_clip else "refined",
        mass_kg=mass_kg,
        mounting=mounting,
        params_file=params,
        signals=True,
        read=ReadOptions(parse_columns(column or []), acc_unit, gyr_unit, time_unit, rate_hz, frame),
    )
    explain_step(run, step, options)


@app.command()
def demo(
    minutes: Annotated[float, typer.Option(metavar="N", min=1, max=600, help="Minutes of running.")] = 30.0,
    side: Annotated[str, typer.Option(metavar="left|right|both|none", help="Which hip gives way.")] = "left",
    growth: Annotated[
        float, typer.Option(metavar="X", min=0, max=10, help="By how much its drop grows, degrees.")
    ] = 3.0,
    seed: Annotated[int, typer.Option(metavar="S", min=0, help="Another seed, another runner's variation.")] = 1,
    realtime: Annotated[bool, typer.Option("--realtime", help="At true speed instead of in 20 seconds.")] = False,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the files.")] = Path("trendel-demo"),
) -> None:
    """Watch a simulated runner tire: live metrics, the alert when a hip gives way, and a summary beside the truth.

    Nobody ran it. From the middle of the run the drop grows for a quarter of it. Ctrl-C ends it with the summary;
    without a terminal it prints a line a minute.
    """
    from trendel.app.demo import Plan, run_demo

    run_demo(Plan(minutes, seed, side.lower(), growth), out, realtime=realtime)


@app.command()
def simulate(
    run: Annotated[Path, typer.Argument(metavar="RUN.csv", help="The recording to write.", show_default=False)],
    minutes: sim.Minutes = None,
    session: sim.Plan = None,
    seed: sim.Seed = 0,
    random_runner: sim.RandomRunner = False,
    speed: sim.Speed = None,
    step_rate: sim.StepRate = None,
    contact_time: sim.ContactTime = None,
    oscillation: sim.Oscillation = None,
    drop_left: sim.DropLeft = None,
    drop_right: sim.DropRight = None,
    tilt: sim.Tilt = None,
    tilt_range: sim.TiltRange = None,
    rotation: sim.Rotation = None,
    foot_strike: sim.FootStrike = None,
    impact: sim.Impact = None,
    grade: sim.Grade = None,
    asymmetry: sim.Asymmetry = None,
    contact_asymmetry: sim.ContactAsymmetry = None,
    oscillation_asymmetry: sim.OscillationAsymmetry = None,
    alpha: sim.Alpha = None,
    variation: sim.Steadiness = None,
    growth_left: sim.GrowthLeft = 0.0,
    growth_right: sim.GrowthRight = 0.0,
    growth_from: sim.GrowthFrom = None,
    growth_until: sim.GrowthUntil = None,
    rate_hz: sim.RateHz = None,
    rate_error: sim.RateError = None,
    rate_drift: sim.RateDrift = None,
    mounting: sim.Mounting = None,
    acc_noise: sim.AccNoise = None,
    gyro_noise: sim.GyroNoise = None,
    acc_bias: sim.AccBias = None,
    gyro_bias: sim.GyroBias = None,
    warming: sim.Warming = None,
    range_g: sim.RangeG = None,
    strap: sim.Strap = None,
    slip_at: sim.SlipAt = None,
    slip: sim.SlipDeg = None,
    lost: sim.Lost = None,
    ideal_sensor: sim.IdealSensor = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")] = False,
) -> None:
    """Write a simulated run and its truth: RUN.csv, RUN.json, RUN.truth.csv, RUN.contacts.csv.

    Standing, walking, running with turns and a stop, jumps, standing; or what --session says. Nobody ran it.
    """
    from trendel.app.simulate import gait_of, sensor_of, session_of, variability_of, write_simulated

    gait = gait_of(
        seed,
        random_runner,
        speed_mps=speed,
        step_rate_spm=step_rate,
        contact_time_ms=contact_time,
        oscillation_mm=oscillation,
        drop_left_deg=drop_left,
        drop_right_deg=drop_right,
        tilt_mean_deg=tilt,
        tilt_rom_deg=tilt_range,
        rotation_rom_deg=rotation,
        foot_strike=foot_strike,
        impact=impact,
        grade=grade,
        step_time_asymmetry=asymmetry,
        contact_time_asymmetry=contact_asymmetry,
        oscillation_asymmetry=oscillation_asymmetry,
    )
    variability = variability_of(seed, random_runner, alpha, variation)
    sensor = sensor_of(
        seed,
        ideal_sensor,
        rate_hz=rate_hz,
        rate_error=rate_error,
        rate_drift=rate_drift,
        mounting=mounting,
        acc_noise_mps2=acc_noise,
        gyro_noise_dps=gyro_noise,
        acc_bias=acc_bias,
        gyro_bias=gyro_bias,
        warming_k=warming,
        range_g=range_g,
        looseness=strap,
        slip_s=slip_at,
        slip=slip,
        lost_share=lost,
    )
    growth_min = (growth_from, growth_until)
    planned = session_of(session, minutes, seed, gait, variability, (growth_left, growth_right), growth_min)
    write_simulated(run, planned, sensor, overwrite=overwrite)


@app.command()
def warm() -> None:
    """Compile the kernels into the cache, so that the first analysis does not wait for it."""
    from trendel.app.warm import warm_kernels

    warm_kernels()


@app.command()
def params(
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.toml", help="Write there instead of to stdout.", show_default=False)
    ] = None,
) -> None:
    """All parameters with their defaults as TOML, to edit and give back with --params."""
    from trendel.app.params import write_parameters

    write_parameters(out)


def main() -> None:
    """Entry point. Errors that Trendel raises on purpose become one sentence and exit code 2; Ctrl-C is 130."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without UTF-8 shows "?" instead of failing
    try:
        _run()
    except KeyboardInterrupt:
        print("stopped.", file=sys.stderr)
        raise SystemExit(130) from None
    except SystemExit as stop:
        if stop.code == 130:  # typer's word for Ctrl-C
            print("stopped.", file=sys.stderr)
        raise


def _run() -> None:
    from trendel.errors import TrendelError

    try:
        app()
    except TrendelError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename or 'A file'}: {(error.strerror or str(error)).lower()}.")
    except MemoryError:
        _fail("Not enough memory for this recording: cut it into parts, or use fewer --jobs.")


def _fail(sentence: str) -> None:
    print(f"error: {sentence}", file=sys.stderr)
    raise SystemExit(2) from None
