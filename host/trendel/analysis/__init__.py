"""Parameters, drivers of the kernels, tables and summary."""

from trendel.analysis.conditions import Condition
from trendel.analysis.explain import explain
from trendel.analysis.parameters import Parameters
from trendel.analysis.result import Result, analyze, orientation
from trendel.analysis.stability import Baseline
from trendel.analysis.stream import Completed, Stream
from trendel.analysis.tables import Table

__all__ = [
    "Baseline",
    "Completed",
    "Condition",
    "Parameters",
    "Result",
    "Stream",
    "Table",
    "analyze",
    "explain",
    "orientation",
]
