"""The clip's core (device/core, C) called from Python: for tests and for the simulated clip.

The sources are compiled when first needed, into build/core-HASH of the checkout; nothing is installed. `SimulatedClip`
is in `trendel_core.clip`: it needs the kernels, which take their time to load.
"""

from trendel_core.binding import Core, load

__all__ = ["Core", "load"]
