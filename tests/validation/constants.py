"""How well the constants of the contact model carry over: each refitted with one recording left out.

`python -m tests.validation.constants` (with TRENDEL_DATA). The estimates are very nearly linear in the three constants
(ic_lead_ms, to_fade_share, fade_rest_ms), so their slopes come from analysing each recording with each one changed a
little; the fit is least squares over initial contact and toe-off, each recording of equal weight within its runner and
each runner alike.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import trendel
from tests.validation.data import columns, folder
from trendel.analysis.parameters import Parameters

F64 = NDArray[np.float64]

_STEPS = {"ic_lead_ms": 2.0, "to_fade_share": 0.03, "fade_rest_ms": 2.0}
_MOCAP_AXES = [[0, 0, -1], [0, 1, 0], [1, 0, 0]]


def _errors(path: str, truth: F64, parameters: Parameters, mounting: object) -> F64:
    """(n, 2) errors of initial contact and toe-off (ms) of every true contact that was found; NaN where it was not."""
    steps = trendel.analyze(trendel.read(path), mounting=mounting, params=parameters, signals=False).steps
    found = np.full(truth.shape, np.nan)
    for k, (ic, to) in enumerate(truth):
        i = int(np.argmin(np.abs(steps["ic_s"] - ic)))
        if abs(steps["ic_s"][i] - ic) < 0.1:
            found[k] = 1000 * (steps["ic_s"][i] - ic), 1000 * (steps["to_s"][i] - to)
    return found


def _recordings() -> list[tuple[str, str, object]]:
    root = folder()
    trials = sorted(root.glob("treadmill_force/*.vgrf.csv"))
    named = [(f.name.split(".")[0], str(f).replace(".vgrf.csv", ".csv"), "auto") for f in trials]
    return [*named, ("mocap", str(root / "mocap" / "treadmill_run.csv"), _MOCAP_AXES)]


def leave_one_out() -> dict[str, tuple[float, float, float]]:
    """For each recording RMSE (ms) of initial contact, toe-off, contact time with constants fitted on the others."""
    base = Parameters()
    errors: dict[str, F64] = {}
    slopes: dict[str, F64] = {}
    for name, path, mounting in _recordings():
        table = columns(Path(path.replace(".csv", ".contacts.csv")))
        truth = np.stack((table["ic_s"], table["to_s"]), axis=1).astype(float)
        runs = [_errors(path, truth, base, mounting)]
        for constant, change in _STEPS.items():
            contacts = replace(base.contacts, **{constant: getattr(base.contacts, constant) + change})
            runs.append(_errors(path, truth, replace(base, contacts=contacts), mounting))
        ok = np.isfinite(runs).all(axis=(0, 2))
        errors[name] = runs[0][ok]
        slopes[name] = np.stack([(r[ok] - runs[0][ok]) / c for r, c in zip(runs[1:], _STEPS.values(), strict=True)], -1)
    made: dict[str, tuple[float, float, float]] = {}
    for left_out in errors:
        rows, values = [], []
        for name, e in errors.items():
            if name == left_out:
                continue
            runner_n = 1 if name == "mocap" else sum(n not in ("mocap", left_out) for n in errors)
            weight = 1 / np.sqrt(e.size * runner_n)
            rows.append(weight * slopes[name].reshape(-1, len(_STEPS)))
            values.append(weight * e.reshape(-1))
        change = np.linalg.lstsq(np.concatenate(rows), -np.concatenate(values), rcond=None)[0]
        then = errors[left_out] + slopes[left_out] @ change
        rms = [float(np.sqrt(np.mean(x**2))) for x in (then[:, 0], then[:, 1], then[:, 1] - then[:, 0])]
        made[left_out] = (rms[0], rms[1], rms[2])
    return made


def main() -> None:
    """Print the table, and the root mean square over the treadmill trials."""
    made = leave_one_out()
    print("Constants fitted without the recording; RMSE in ms on it")
    print(f"{'':<10}{'IC':>7}{'TO':>7}{'contact':>9}")
    for name, row in made.items():
        print(f"{name:<10}{row[0]:7.1f}{row[1]:7.1f}{row[2]:9.1f}")
    treadmill = np.array([row for name, row in made.items() if name != "mocap"])
    ic, to, contact = np.sqrt((treadmill**2).mean(axis=0))
    print(f"{'treadmill':<10}{ic:7.1f}{to:7.1f}{contact:9.1f}")


if __name__ == "__main__":
    main()
