"""What a clip is told of its runner, as the values of its settings; and what its kernels make of them.

`kernel_params` of the same parameters and setup gives the same bytes as the clip (docs/settings.md).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trendel.analysis.kernel_params import Setup, kernel_params
from trendel.analysis.parameters import Parameters
from trendel.errors import ParameterError, WireError
from trendel.kernels.layout import DTYPES, LAYOUT_HASH, MAGIC_PARAMS, SIZE_PARAMS
from trendel.wire.settings import RATES_HZ, decode_params, decode_setting, encode_params, encode_setting

_HEADER = ("magic", "layout_hash", "param_hash", "bytes_n")
_OWN = {  # fields of the record that have settings of their own
    "stability": ("prior_given", "prior_rad", "prior_n", "notice_rad", "warning_rad", "stop_rad", "rest_s"),
    "mounting": ("given", "has_standing", "axes", "lean_given_rad"),
}


def settings_for(parameters: Parameters, setup: Setup, *, silent: bool = False) -> dict[str, bytes | None]:
    """Values by key (baseline, mounting, thresholds, params); None: to be deleted on the clip.

    Raises ParameterError for a rate that no clip has, or a setup that a clip's sensor cannot have.
    """
    rate = round(setup.rate_hz)
    if rate not in RATES_HZ or rate != setup.rate_hz:
        raise ParameterError(f"a clip has no rate of {setup.rate_hz:g} Hz: it has {', '.join(map(str, RATES_HZ))}.")
    if not setup.has_gyro or not setup.has_left or setup.levelled or setup.start is not None or any(setup.bias_radps):
        raise ParameterError("a clip has six axes and begins at rest: only mounting and baseline can be given to it.")
    record = kernel_params(parameters, setup)
    s, m = record["stability"][0], record["mounting"][0]
    found: dict[str, bytes | None] = {"baseline": None, "mounting": None, "params": None}
    if s["prior_given"]:
        found["baseline"] = encode_setting("baseline", prior_rad=s["prior_rad"], prior_n=s["prior_n"])
    if m["given"]:
        found["mounting"] = encode_setting(
            "mounting", has_standing=m["has_standing"], axes=m["axes"], lean_rad=m["lean_given_rad"]
        )
    thresholds = {name: s[name] for name in ("notice_rad", "warning_rad", "stop_rad", "rest_s")}
    found["thresholds"] = encode_setting("thresholds", silent=int(silent), **thresholds)
    plain = kernel_params(parameters, Setup(rate_hz=rate))
    if _without_own(plain) != _without_own(kernel_params(Parameters(), Setup(rate_hz=rate))):
        found["params"] = encode_params(plain.tobytes(), rate)
    return found


def _without_own(record: np.recarray) -> bytes:
    copy = record.copy()
    for name in _HEADER:
        copy[name] = 0
    for stage, names in _OWN.items():
        for name in names:
            copy[stage][name] = 0
    return bytes(copy.tobytes())


def params_of(settings: Mapping[str, bytes], rate_hz: int) -> np.recarray:
    """The parameter record, (1,) of dtype Params, that a clip makes of its stored settings, to the bit.

    `settings`: values by key, with or without `trendel/`; those not given are not set. Raises WireError for one that
    the clip would not use.
    """
    import zlib

    values = {key.removeprefix("trendel/"): value for key, value in settings.items()}
    record = kernel_params(Parameters(), Setup(rate_hz=rate_hz))
    if "params" in values:
        rate, raw = decode_params(values["params"])
        if len(raw) != SIZE_PARAMS:
            raise WireError(f"trendel/params is of other kernels: {len(raw)} bytes, not {SIZE_PARAMS}.")
        if rate == rate_hz:
            record = np.frombuffer(bytearray(raw), DTYPES["Params"]).view(np.recarray)
    s, m = record["stability"], record["mounting"]
    if "baseline" in values:
        baseline = decode_setting("baseline", values["baseline"])
        s["prior_given"], s["prior_rad"], s["prior_n"] = 1, baseline["prior_rad"], baseline["prior_n"]
    if "mounting" in values:
        mounting = decode_setting("mounting", values["mounting"])
        m["given"], m["has_standing"], m["axes"] = 1, mounting["has_standing"], mounting["axes"]
        m["lean_given_rad"] = mounting["lean_rad"]
    if "thresholds" in values:
        thresholds = decode_setting("thresholds", values["thresholds"])
        for name in ("notice_rad", "warning_rad", "stop_rad", "rest_s"):
            s[name] = thresholds[name]
    for name in _HEADER:
        record[name] = 0
    record["param_hash"] = zlib.crc32(record.tobytes())
    record["magic"], record["layout_hash"], record["bytes_n"] = MAGIC_PARAMS, LAYOUT_HASH, SIZE_PARAMS
    return record
