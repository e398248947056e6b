"""Physical constants, each defined once."""

STANDARD_GRAVITY_MPS2 = 9.80665  # standard acceleration of free fall (CGPM 1901)
