"""`trendel demo`: a simulated run, analysed as a recording would be, beside what was put into it."""

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

from trendel.app.screen import show_result, stdout_console
from trendel.app.warm import load_kernels

_COMPARED = (
    ("contact_time_ms", "contact time", "ms", 0),
    ("flight_time_ms", "flight time", "ms", 0),
    ("vertical_oscillation_mm", "vertical oscillation", "mm", 1),
    ("pelvic_drop_deg", "pelvic drop in stance", "deg", 1),
    ("obliquity_peak_deg", "obliquity peak", "deg", 1),
)


def run_demo() -> None:
    """Generate, analyse, print the table of `trendel analyze`, then measured against true."""
    load_kernels()
    import trendel
    from trendel.simulation import SensorModel, Session, simulate

    session = Session((("stand", 6.0), ("walk", 12.0), ("run", 60.0), ("stand", 4.0)), seed=1)
    run = simulate(session, SensorModel(rate_error=0.0, rate_drift=0.0))
    p = session.gait
    console = stdout_console()
    console.print("[bold]This run is simulated[/]: nobody ran it.")
    console.print(
        f"6 s of standing, 12 s of walking, 60 s of running at {p.speed_mps:g} m/s and {p.step_rate_spm:g} steps a "
        "minute, steps varying as people's do; a consumer's sensor sits askew on the waistband."
    )
    console.print()
    recording = trendel.Recording.from_arrays(
        run.acc_mps2, run.gyr_radps, run.rate_hz, metadata={"participant": run.label}, source=run.label
    )
    result = trendel.analyze(recording)
    show_result(console, recording, result, run.label)
    console.print()
    console.print("Measured against what was put in (steady steps):", style="bold")
    console.print(_comparison(run.steps, result.steps.data))
    late_ms = _late_ms(run.steps, result.steps.data)
    console.print(
        f"Contacts were found {late_ms:+.0f} ms from where they were put. Drop counts from there, while the pelvis "
        "moves at some 50 deg/s; the obliquity peak hardly depends on it."
    )
    console.print("Next: trendel analyze RUN.csv on a recording of your own.")


def _late_ms(truth: np.ndarray, steps: np.ndarray) -> float:
    """Median of found less true contact, each true steady one against the nearest found."""
    steady = truth["ic_s"][truth["steady"]]
    nearest = np.abs(steps["ic_s"][None, :] - steady[:, None]).argmin(axis=1)
    return float(1000 * np.median(steps["ic_s"][nearest] - steady))


def _comparison(truth: np.ndarray, steps: np.ndarray) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in ("metric", "unit", "left", "true", "right", "true"):
        table.add_column(heading, justify="left" if heading in ("metric", "unit") else "right", no_wrap=True)
    steady = truth[truth["steady"]]
    inside = (steps["ic_s"] >= steady["ic_s"][0] - 0.05) & (steps["ic_s"] <= steady["ic_s"][-1] + 0.05)
    for column, label, unit, decimals in _COMPARED:
        cells = []
        for side in ("L", "R"):
            measured = steps[column][inside & (steps["side"] == side)]
            true = float(steady[column][steady["side"] == side].mean())
            cells += [f"{np.nanmean(measured):.{decimals}f}" if len(measured) else "-", f"{true:.{decimals}f}"]
        table.add_row(label, unit, *cells)
    return table
