"""Simulated runners: signals whose truth is known, never computed through trendel.kernels."""

from trendel.simulation.gait import GaitParameters
from trendel.simulation.instants import Instants
from trendel.simulation.running import Variability
from trendel.simulation.sensor import SensorModel
from trendel.simulation.session import Fatigue, Session, Turn
from trendel.simulation.simulate import SimulatedRun, simulate
from trendel.simulation.steps import true_steps

__all__ = [
    "Fatigue",
    "GaitParameters",
    "Instants",
    "SensorModel",
    "Session",
    "SimulatedRun",
    "Turn",
    "Variability",
    "simulate",
    "true_steps",
]
