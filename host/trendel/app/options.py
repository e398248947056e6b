"""What the user asked for, as plain picklable values, and their way into the library's functions."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from trendel.errors import ParameterError, reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from trendel.analysis import Baseline, Parameters, Result
    from trendel.recording import Recording

_COLUMN_NAME = re.compile(r"(t|acc_[xyz]|gyr_[xyz])(_[a-z0-9]+)?")  # with the unit behind it where wanted


@dataclass(frozen=True)
class ReadOptions:
    """How to read a CSV that does not say it itself."""

    columns: dict[str, str | None] = field(default_factory=dict)  # None: the file's column is not to be used
    acc_unit: str | None = None
    gyr_unit: str | None = None
    time_unit: str | None = None
    rate_hz: float | None = None
    frame: str | None = None


@dataclass(frozen=True)
class AnalyzeOptions:
    """How to analyse; paths are kept as given."""

    mode: Literal["refined", "causal"] = "refined"
    mass_kg: float | None = None
    mounting: str = "auto"
    params_file: Path | None = None
    signals: bool = False
    conditions_file: Path | None = None
    limits_deg: tuple[float, float, float] | None = None
    read: ReadOptions = field(default_factory=ReadOptions)

    def __post_init__(self) -> None:
        if self.mounting.lower() in ("auto", "pelvis"):
            object.__setattr__(self, "mounting", self.mounting.lower())

    def fingerprint(self) -> str:
        """SHA-256 of everything here that can change a result: of files the content, of parameters all values.

        Defaults count like given ones, since they change from version to version. Raises ParameterError.
        """
        plain = asdict(self)
        plain["params_file"] = parameters_of(self).to_dict()
        if self.conditions_file is not None:
            plain["conditions_file"] = _content_hash(self.conditions_file)
        if Path(self.mounting).is_file():
            plain["mounting"] = _content_hash(Path(self.mounting))
        return hashlib.sha256(json.dumps(plain, sort_keys=True, default=str).encode()).hexdigest()


def _content_hash(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ParameterError(f"cannot read {path}: {reason(error)}.") from error


def parse_limits(text: str | None) -> tuple[float, float, float] | None:
    """`"1,1.5,3"` to the degrees of notice, warning and stop; raises ParameterError."""
    if text is None:
        return None
    try:
        notice, warning, stop = (float(part) for part in text.split(","))
    except ValueError:
        raise ParameterError(
            f"--alert-at {text}: give three numbers of degrees, for notice, warning and stop, such as 1,1.2,3.5."
        ) from None
    if not 0 < notice <= warning <= stop <= 20:
        raise ParameterError(
            f"--alert-at {text}: notice, warning and stop must rise, from above 0 to at most 20 degrees."
        )
    return notice, warning, stop


@dataclass(frozen=True)
class Keep:
    """Whose journal a run goes into, and the serial number of the clip where it is given."""

    runner: str
    clip: str | None = None


def parse_keep(runner: str | None, clip: str | None) -> Keep | None:
    """Where a run is to be kept, or None; raises ParameterError for a clip without a runner and for empty names."""
    if runner is None:
        if clip is not None:
            raise ParameterError("--clip says which clip the journal is to note: give --runner NAME with it.")
        return None
    if not runner.strip() or len(runner) > 100 or (clip is not None and not clip.strip()):
        raise ParameterError("--runner and --clip take a name of 1 to 100 letters.")
    return Keep(" ".join(runner.split()), clip.strip() if clip is not None else None)


@dataclass(frozen=True)
class WebOptions:
    """The live page: on which port, and whether the local network may reach it."""

    port: int
    lan: bool


def parse_web(*, web: bool, port: int, lan: bool) -> WebOptions | None:
    """What page is wanted, if any; raises ParameterError for --lan without --web and where packages are missing."""
    if not web:
        if lan:
            raise ParameterError("--lan says who may see the page: give --web with it.")
        return None
    missing = [name for name in ("starlette", "uvicorn", "websockets") if find_spec(name) is None]
    if missing:
        raise ParameterError(f"The live page needs {', '.join(missing)}: pip install 'trendel[web]'.")
    return WebOptions(port, lan)


def parse_columns(pairs: list[str]) -> dict[str, str | None]:
    """`["acc_x=ax", "t="]` to `{"acc_x": "ax", "t": None}`; raises ParameterError where a pair is not one."""
    columns: dict[str, str | None] = {}
    for pair in pairs:
        name, equals, column = pair.partition("=")
        if not equals or not _COLUMN_NAME.fullmatch(name):
            raise ParameterError(
                f"--column {pair}: give it as NAME=COL, where NAME is t, acc_x to acc_z or gyr_x to gyr_z, with or "
                "without a unit (acc_x_g), and COL is the column's name in the file, or nothing to leave it out."
            )
        if name in columns:
            raise ParameterError(
                f"--column {name} is given twice: {columns[name] or 'left out'} and {column or 'left out'}."
            )
        columns[name] = column or None
    return columns


def read_recording(path: Path, options: ReadOptions) -> "Recording":
    """The recording at `path`, read with these options."""
    import trendel

    return trendel.read(
        path,
        columns=options.columns or None,
        acc_unit=options.acc_unit,
        gyr_unit=options.gyr_unit,
        time_unit=options.time_unit,
        rate_hz=options.rate_hz,
        frame=options.frame,
    )


def load_parameters(file: Path | None) -> "Parameters | None":
    """The parameters of a TOML file, or None for the defaults."""
    if file is None:
        return None
    from trendel.analysis import Parameters

    return Parameters.from_toml(file)


def parameters_of(options: AnalyzeOptions) -> "Parameters":
    """The parameters of these options: the file's or the defaults, with the limits of alerts where they are given."""
    from trendel.analysis import Parameters

    parameters = load_parameters(options.params_file) or Parameters()
    if options.limits_deg is None:
        return parameters
    notice, warning, stop = options.limits_deg
    stability = replace(parameters.stability, notice_deg=notice, warning_deg=warning, stop_deg=stop)
    return replace(parameters, stability=stability)


def run_analysis(
    recording: "Recording",
    options: AnalyzeOptions,
    progress: "Callable[[float], None] | None" = None,
    baseline: "Baseline | None" = None,
) -> "Result":
    """Analyse one recording with these options, and with the runner's baseline where there is one."""
    import trendel

    return trendel.analyze(
        recording,
        mode=options.mode,
        mass_kg=options.mass_kg,
        mounting=options.mounting,
        params=parameters_of(options),
        baseline=baseline,
        conditions=options.conditions_file or (),
        signals=True,  # what is written of them is another question: average strides come from them
        progress=progress,
    )
