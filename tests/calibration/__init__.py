"""Calibration of clips, and the study behind docs/calibration.md (`python -m tests.calibration`)."""
