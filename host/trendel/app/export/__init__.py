"""A run in the forms that other tools open: Parquet, CSV, JSON, and FIT for training diaries."""
