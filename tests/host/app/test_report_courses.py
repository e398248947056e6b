"""Summaries of bins in the report's courses, against the obvious slow ones."""

from __future__ import annotations

import numpy as np

from trendel.app.report.courses import _HIGH, _LOW, _summaries


def test_summaries_are_those_of_each_bin_by_itself() -> None:
    rng = np.random.default_rng(4)
    values, number = rng.normal(size=2000), rng.integers(0, 60, 2000)
    number[number == 7] = 8  # an empty bin between others
    number[number == 59] = 58  # and one at the end
    found = _summaries(values, number, 60)
    for i in range(60):
        part = values[number == i]
        if len(part):
            expected = [part.mean(), *np.percentile(part, [_LOW, _HIGH]), len(part)]
            np.testing.assert_allclose(found[i], expected, rtol=1e-12, atol=1e-12)
        else:
            assert found[i, 3] == 0 and np.isnan(found[i, :3]).all()


def test_no_values_are_no_summaries() -> None:
    found = _summaries(np.empty(0), np.empty(0, np.int64), 2)
    assert (found[:, 3] == 0).all() and np.isnan(found[:, :3]).all()
