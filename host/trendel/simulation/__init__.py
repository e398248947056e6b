"""Simulated runners: signals whose truth is known, never computed through trendel.kernels."""

from trendel.simulation.simple_run import SimpleRun, SimpleRunParameters, simple_run

__all__ = ["SimpleRun", "SimpleRunParameters", "simple_run"]
