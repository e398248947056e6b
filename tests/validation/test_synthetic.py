"""A small sample of the simulated runs of docs/accuracy.md, so that it stays runnable; no recordings needed."""

import numpy as np
import pytest

from tests.validation import faults, grid, long_run, synthetic, waveform
from tests.validation.waist_steps import running_steps_s
from trendel.simulation.gait import GaitParameters
from trendel.simulation.sensor import SensorModel


@pytest.mark.slow
@pytest.mark.parametrize("pair", [(160, 270), (180, 240)], ids=str)
def test_a_cell_of_the_grid(pair: tuple[int, int]) -> None:
    """Every steady step found, none invented, every side right, angles without a large bias, in any mounting."""
    assert pair in grid.pairs()
    cell = grid.condition(*pair, per_strike=1, seconds=30.0)
    assert len(cell.runs) == 3
    assert cell.total("found_n") == cell.total("true_n") > 200
    assert cell.total("invented_n") == 0
    assert cell.total("right_n") == cell.total("found_n")
    for metric in ("obliquity_peak_deg", "tilt_mean_deg", "tilt_rom_deg"):
        assert abs(cell.bias(metric)[0]) < 3 * synthetic.TOLERANCE[metric], metric


@pytest.mark.slow
def test_faults_change_one_thing() -> None:
    """An accelerometer that reads 10 % too much makes the oscillation larger by that; noise hardly matters."""
    made = synthetic.run(GaitParameters(), SensorModel.ideal(faults.RATE_HZ), 30.0, 1)
    chosen = {f.name: faults.analysed(f, made) for f in faults.faults() if f.name.startswith(("ordi", "noise x8"))}
    chosen |= {f.name: faults.analysed(f, made) for f in faults.faults() if f.name == "accelerometer scale 1.1"}
    base = chosen["ordinary sensor (the base of all below)"]
    high = float(np.mean(base.truth["vertical_oscillation_mm"]))
    much = chosen["accelerometer scale 1.1"].bias("vertical_oscillation_mm") - base.bias("vertical_oscillation_mm")
    assert much == pytest.approx(0.1 * high, rel=0.3)
    noisy = chosen["noise x8"]
    assert noisy.found_n == noisy.true_n
    assert abs(noisy.bias("obliquity_peak_deg") - base.bias("obliquity_peak_deg")) < 0.2


def test_the_reference_counts_simulated_steps() -> None:
    """The offline count of steps at the waist finds what was simulated, without any kernel."""
    made = synthetic.run(GaitParameters(), SensorModel(), 30.0, 2)
    counted = running_steps_s(synthetic.recording(made))
    middle = (made.steps["ic_s"] + made.steps["to_s"]) / 2
    steady = middle[made.steps["steady"]]
    apart = np.abs(steady[:, None] - counted[None, :]).min(axis=1)
    assert (apart < 0.1).all()
    assert len(made.steps) - 4 <= len(counted) <= len(made.steps) + 4


def test_growth_is_seen_where_there_is_some() -> None:
    blocks = np.array([0.0, 0.1, 0.2, 0.31, 0.4])
    grown = long_run._growth("x", "causal", blocks)
    assert grown.grows
    assert grown.per_hour == pytest.approx(0.6, rel=0.05)
    assert not long_run._growth("x", "causal", np.array([0.0, 0.1, -0.1, 0.05, -0.02])).grows


class _Signals(dict[str, np.ndarray]):
    columns = property(lambda self: list(self))


def test_force_waveform_error_over_whole_steps() -> None:
    """A constant error of a tenth is 0.01 in the square; a step that is not covered is unknown."""

    class Result:
        signals = _Signals(t_s=np.linspace(0, 1.5, 151), vgrf_bw=np.full(151, 1.1))

    t = np.linspace(0, 2, 201)
    found = waveform.squared_by_step(Result(), t, np.ones(201), np.array([0.2, 0.6, 1.0, 1.8]))  # type: ignore[arg-type]
    assert found is not None
    assert found[:2] == pytest.approx([0.01, 0.01])
    assert np.isnan(found[2])
    Result.signals = _Signals(t_s=t)
    assert waveform.squared_by_step(Result(), t, t, t[:3]) is None  # type: ignore[arg-type]
