"""Accuracy against real recordings: measured here, asserted by the tests beside it, published by `make accuracy`.

The recordings are not part of the project; the environment variable TRENDEL_DATA names their folder.
"""
