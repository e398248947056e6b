"""Physical constants, defined once."""

STANDARD_GRAVITY_MPS2 = 9.80665
"""Standard gravity in m/s2 (CGPM 1901)."""

RATE_MIN_HZ, RATE_MAX_HZ = 25.0, 2000.0
"""Sampling rates that are analysed, in Hz: slower, foot contacts cannot be seen; above, resample."""
