"""Calibration of clips: fitting, procedures and the schema of their results.

Trendel itself never imports this package: it reads calibration results as data.
"""
