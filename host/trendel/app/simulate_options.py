"""The options of `trendel simulate`, in groups. Imports nothing but typer, so that --help stays fast."""

from typing import Annotated

import typer

_RUNNER, _STEPS, _SESSION, _SENSOR = "The runner", "From step to step", "The session", "The sensor"


def _number(text: str, panel: str, low: float | None = None, high: float | None = None) -> object:
    return typer.Option(help=text, rich_help_panel=panel, min=low, max=high, show_default=False, metavar="X")


RandomRunner = Annotated[
    bool,
    typer.Option("--random-runner", help="A plausible runner drawn by --seed; options below change it.",
                 rich_help_panel=_RUNNER),
]  # fmt: skip
Speed = Annotated[float | None, _number("m/s; 3.2 by default.", _RUNNER)]
StepRate = Annotated[float | None, _number("Steps a minute, 140 to 220; what is usual at this speed.", _RUNNER)]
ContactTime = Annotated[float | None, _number("ms, 150 to 330; what is usual at this speed.", _RUNNER)]
Oscillation = Annotated[float | None, _number("Of the pelvis, mm; what the steps give.", _RUNNER)]
DropLeft = Annotated[float | None, _number("Pelvic drop in left stance, degrees; 5.", _RUNNER)]
DropRight = Annotated[float | None, _number("Pelvic drop in right stance, degrees; 5.", _RUNNER)]
Tilt = Annotated[float | None, _number("Anterior tilt, mean, degrees against standing; 6.", _RUNNER)]
TiltRange = Annotated[float | None, _number("Range of tilt in a step, degrees; 8.", _RUNNER)]
Rotation = Annotated[float | None, _number("Range of rotation in a step, degrees; 11.", _RUNNER)]
FootStrike = Annotated[
    str | None,
    typer.Option(metavar="rear|mid|fore", help="How the foot lands; rear.", rich_help_panel=_RUNNER,
                 show_default=False),
]  # fmt: skip
Impact = Annotated[float | None, _number("How hard the landing is, times the usual; 1.", _RUNNER)]
Grade = Annotated[float | None, _number("Rise over run, -0.25 to 0.25; 0.", _RUNNER)]
Asymmetry = Annotated[float | None, _number("Step time: left longer by this share of the mean, 0.02 is 2 %.", _RUNNER)]
ContactAsymmetry = Annotated[float | None, _number("The same for contact time.", _RUNNER)]
OscillationAsymmetry = Annotated[float | None, _number("The same for oscillation.", _RUNNER)]

Alpha = Annotated[float | None, _number("DFA exponent of the variation, 0.5 to 1.2; 0.8.", _STEPS)]
Steadiness = Annotated[
    float | None, _number("All variation times this; 0: every step like the last.", _STEPS, 0.0, 3.0)
]
GrowthLeft = Annotated[float, _number("Drop that fatigue adds on the left, degrees; 0.", _STEPS, -15.0, 15.0)]
GrowthRight = Annotated[float, _number("The same on the right.", _STEPS, -15.0, 15.0)]
GrowthFrom = Annotated[
    float | None, _number("Minute of the recording from which it grows; from the start.", _STEPS, 0.0, 600.0)
]
GrowthUntil = Annotated[float | None, _number("And by which it has grown; by the end.", _STEPS, 0.0, 610.0)]

Minutes = Annotated[
    float | None,
    typer.Option(metavar="N", min=0.25, max=600.0, help="Running, in minutes; 10.", rich_help_panel=_SESSION,
                 show_default=False),
]  # fmt: skip
Plan = Annotated[
    str | None,
    typer.Option("--session", metavar='"KIND S, ..."', rich_help_panel=_SESSION, show_default=False,
                 help='Instead of --minutes: stand, walk, run, jump with their seconds, as "stand 6, run 300".'),
]  # fmt: skip
Seed = Annotated[
    int, typer.Option(metavar="S", min=0, help="The same seed gives the same files.", rich_help_panel=_SESSION)
]

RateHz = Annotated[float | None, _number("Output rate as the sensor says; 208.", _SENSOR)]
RateError = Annotated[float | None, _number("How far its true rate is off: 0.05 is 5 %.", _SENSOR)]
RateDrift = Annotated[float | None, _number("By how much more as it warms.", _SENSOR)]
Mounting = Annotated[
    str | None,
    typer.Option(metavar="X,Y,Z|random|pelvis", rich_help_panel=_SENSOR, show_default=False,
                 help="Rotation vector from sensor to pelvis, degrees; or any, by --seed; or along the pelvis."),
]  # fmt: skip
AccNoise = Annotated[float | None, _number("Of a sample, m/s2, one sigma.", _SENSOR)]
GyroNoise = Annotated[float | None, _number("Of a sample, deg/s, one sigma.", _SENSOR)]
AccBias = Annotated[
    str | None, typer.Option(metavar="X,Y,Z", help="m/s2.", rich_help_panel=_SENSOR, show_default=False)
]
GyroBias = Annotated[
    str | None, typer.Option(metavar="X,Y,Z", help="deg/s.", rich_help_panel=_SENSOR, show_default=False)
]
Warming = Annotated[float | None, _number("By how many degrees it warms, with what that does.", _SENSOR)]
RangeG = Annotated[float | None, _number("Where the accelerometer saturates, g; 16.", _SENSOR)]
Strap = Annotated[
    float | None, _number("How loose the clip sits: 0 on the bone, 1 usual, 3 a belt.", _SENSOR, 0.0, 6.0)
]
SlipAt = Annotated[float | None, _number("When the clip slips, s from the start.", _SENSOR)]
SlipDeg = Annotated[
    str | None,
    typer.Option(metavar="X,Y,Z", help="By how much, about pelvis axes, degrees; 0,12,0.", rich_help_panel=_SENSOR,
                 show_default=False),
]  # fmt: skip
Lost = Annotated[float | None, _number("Share of samples that never arrive, 0 to 0.5.", _SENSOR)]
IdealSensor = Annotated[
    bool,
    typer.Option("--ideal-sensor", help="Without faults, along the pelvis; options above add some.",
                 rich_help_panel=_SENSOR),
]  # fmt: skip
