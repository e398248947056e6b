"""Physical constants, defined once."""

STANDARD_GRAVITY_MPS2 = 9.80665
"""Standard gravity in m/s2 (CGPM 1901)."""
