"""Float32 mathematics whose bits are the same everywhere: polynomials of our own, and guards.

Every home has add, multiply, divide and square root exactly rounded (IEEE 754); sine and arctangent differ between
libraries, so they are written out here.
"""

from __future__ import annotations

import numpy as np

from trendel.kernels.compile import f4, kernel

_SMALL = np.float32(1e-15)
_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_HALF = np.float32(0.5)
_PI = np.float32(np.pi)
_HALF_PI = np.float32(np.pi / 2)
_QUARTER_PI = np.float32(np.pi / 4)
_TAN_8 = np.float32(np.tan(np.pi / 8))
# atan on [0, tan(pi/8)]: Abramowitz & Stegun 4.4.42 continued, as in Cephes atanf (S. Moshier), error below 2e-7 rad.
_A3, _A5 = np.float32(-3.33329491539e-1), np.float32(1.99777106478e-1)
_A7, _A9 = np.float32(-1.38776856032e-1), np.float32(8.05374449538e-2)
# Taylor series of sine and cosine, enough on [-pi/4, pi/4] for float32.
_S3, _S5, _S7 = np.float32(-1 / 6), np.float32(1 / 120), np.float32(-1 / 5040)
_C2, _C4, _C6, _C8 = np.float32(-1 / 2), np.float32(1 / 24), np.float32(-1 / 720), np.float32(1 / 40320)


@kernel(f4(f4), inline=True)
def snap(x):
    """x, or zero where it is so small that its powers could become denormal (homes differ in flushing those)."""
    if x < _SMALL and x > -_SMALL:
        return _ZERO
    return x


@kernel(f4(f4), inline=True)
def root(x):
    """Square root of x, 0 for x <= 0."""
    if x <= _ZERO:
        return _ZERO
    return np.sqrt(x)


@kernel(f4(f4, f4, f4), inline=True)
def clip(x, low, high):
    """x limited to [low, high]."""
    if x < low:
        return low
    if x > high:
        return high
    return x


@kernel(f4(f4, f4))
def atan2f(y, x):
    """Angle of (x, y) in (-pi, pi], 0 for (0, 0); error below 4e-7 rad."""
    ax = x if x >= _ZERO else -x
    ay = y if y >= _ZERO else -y
    big = ax if ax > ay else ay
    small = ay if ax > ay else ax
    if big < _SMALL:
        return _ZERO
    t = small / big
    shift = _ZERO
    if t > _TAN_8:
        t = (t - _ONE) / (t + _ONE)
        shift = _QUARTER_PI
    t2 = t * t
    a = shift + (t + t * t2 * (_A3 + t2 * (_A5 + t2 * (_A7 + t2 * _A9))))
    if ay > ax:
        a = _HALF_PI - a
    if x < _ZERO:
        a = _PI - a
    return -a if y < _ZERO else a


@kernel(f4(f4))
def sinf(x):
    """Sine for x in [-pi, pi]; error below 3e-7."""
    negative = x < _ZERO
    a = -x if negative else x
    if a > _HALF_PI:
        a = _PI - a
    if a > _QUARTER_PI:
        b = _HALF_PI - a
        b2 = b * b
        s = _ONE + b2 * (_C2 + b2 * (_C4 + b2 * (_C6 + b2 * _C8)))
    else:
        a2 = a * a
        s = a + a * a2 * (_S3 + a2 * (_S5 + a2 * _S7))
    return -s if negative else s


@kernel(f4(f4))
def cosf(x):
    """Cosine for x in [-pi, pi]; error below 3e-7."""
    a = -x if x < _ZERO else x
    return sinf(_HALF_PI - a)
