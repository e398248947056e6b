"""Variation from step to step as people have it: correlated over hundreds of strides, with a settable DFA exponent.

Stride times of healthy people are not white: detrended fluctuation analysis gives alpha 0.6 to 1.0 (Hausdorff et al.,
J Appl Physiol 1995; Jordan, Challis & Newell, Gait Posture 2006). Noise with a power of 1/f^(2 alpha - 1) has it.
"""

import numpy as np
from numpy.typing import NDArray


def correlated(n: int, alpha: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n,) Gaussian noise of expected variance 1 and DFA exponent `alpha` (0.5 is white, 1.0 is pink).

    By spectral synthesis over twice the length, so that the ends are not tied. Raises ValueError outside 0.4 to 1.3.
    """
    if not 0.4 <= alpha <= 1.3:
        raise ValueError(f"alpha must be between 0.4 and 1.3; it is {alpha}.")
    if n == 0:
        return np.zeros(0)
    whole = 1 << max(6, (2 * n - 1).bit_length())
    k = np.arange(1, whole // 2 + 1, dtype=np.float64)
    amplitude = k ** (0.5 - alpha)
    spectrum = np.zeros(whole // 2 + 1, complex)
    spectrum[1:] = amplitude * (rng.standard_normal(len(k)) + 1j * rng.standard_normal(len(k)))
    spectrum[-1] = amplitude[-1] * np.sqrt(2) * rng.standard_normal()
    made = np.fft.irfft(spectrum, whole)
    expected = np.sqrt(2 * (2 * (amplitude[:-1] ** 2).sum() + amplitude[-1] ** 2)) / whole
    return made[:n] / expected


def bounded(noise: NDArray[np.float64], limit: float = 3.0) -> NDArray[np.float64]:
    """The same with its rare extremes bent towards +-`limit`, so that no step is impossible."""
    return limit * np.tanh(noise / limit)
