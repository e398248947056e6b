"""The one table of state, parameters, samples and rows."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from trendel.kernels import layout
from trendel.kernels.layout import DTYPES, SCALARS, STRUCTS, Field, Struct
from trendel.kernels.metrics import METRICS


def _scalars(dtype: np.dtype) -> list[tuple[int, np.dtype]]:
    """(offset, dtype) of every scalar, in memory order."""
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        n = int(np.prod(shape))
        return [(k * base.itemsize + at, kind) for k in range(n) for at, kind in _scalars(base)]
    if dtype.names is None:
        return [(0, dtype)]
    return [(dtype.fields[n][1] + at, kind) for n in dtype.names for at, kind in _scalars(dtype.fields[n][0])]


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda s: s.name)
def test_no_padding_and_types_as_in_the_table(struct: Struct) -> None:
    dtype = DTYPES[struct.name]
    scalars = _scalars(dtype)
    assert {kind for _, kind in scalars} <= set(SCALARS.values())
    assert [at for at, _ in scalars] == list(range(0, dtype.itemsize, 4))
    assert dtype.names == tuple(f.name for f in struct.fields)
    for f in struct.fields:
        expected = SCALARS.get(f.type) or DTYPES[f.type]
        found = dtype.fields[f.name][0]
        assert (found.base, found.shape) == (expected, f.shape)
    assert all(dtype.fields[a][1] < dtype.fields[b][1] for a, b in pairwise(dtype.names))


def test_names_are_unique_and_units_are_given() -> None:
    names = [s.name for s in STRUCTS]
    assert len(set(names)) == len(names)
    for struct in STRUCTS:
        fields = [f.name for f in struct.fields]
        assert len(set(fields)) == len(fields), struct.name
        assert struct.doc
    lacking = [f"{s.name}.{f.name}" for s in STRUCTS for f in s.fields if f.type == "f4" and not (f.unit or f.doc)]
    # Rows repeat the fraction of an instant, whose unit is the sample.
    assert all("frac" in name or "sums" in name for name in lacking), lacking


def test_sizes() -> None:
    assert DTYPES["State"].itemsize < 8192
    assert DTYPES["State"].itemsize == layout.SIZE_STATE
    assert DTYPES["Params"].itemsize == layout.SIZE_PARAMS
    for top in ("State", "Params"):
        assert DTYPES[top].names[:4] == ("magic", "layout_hash", "param_hash", "bytes_n")
    assert len(METRICS) <= 32  # the bits of `valid`
    assert layout.RING_N & (layout.RING_N - 1) == 0 and layout.QUEUE_N & (layout.QUEUE_N - 1) == 0


def _hash(monkeypatch: pytest.MonkeyPatch, structs: tuple[Struct, ...]) -> int:
    with monkeypatch.context() as patch:
        patch.setattr(layout, "STRUCTS", structs)
        return layout._layout_hash()


@pytest.mark.parametrize(
    "change",
    [{"name": "other"}, {"type": "u4"}, {"shape": (2,)}, {"unit": "other"}],
    ids=lambda c: next(iter(c)),
)
def test_hash_changes_with_every_name_type_shape_and_unit(
    change: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _hash(monkeypatch, STRUCTS) == layout.LAYOUT_HASH
    hashes = set()
    total = 0
    for s, struct in enumerate(STRUCTS):
        for f, field in enumerate(struct.fields):
            changed = replace(field, **change)  # type: ignore[arg-type]
            if changed == field:
                continue
            fields = (*struct.fields[:f], changed, *struct.fields[f + 1 :])
            hashes.add(_hash(monkeypatch, (*STRUCTS[:s], replace(struct, fields=fields), *STRUCTS[s + 1 :])))
            total += 1
    assert layout.LAYOUT_HASH not in hashes
    assert len(hashes) == total


def test_hash_changes_with_the_order_and_not_with_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    first = STRUCTS[0]
    turned = replace(first, fields=first.fields[::-1])
    assert _hash(monkeypatch, (turned, *STRUCTS[1:])) != layout.LAYOUT_HASH
    worded = replace(first, doc="other words", fields=tuple(replace(f, doc="") for f in first.fields))
    assert _hash(monkeypatch, (worded, *STRUCTS[1:])) == layout.LAYOUT_HASH
    more = replace(first, fields=(*first.fields, Field("more", "f4")))
    assert _hash(monkeypatch, (more, *STRUCTS[1:])) != layout.LAYOUT_HASH
