"""Coverage-guided fuzzing; `make fuzz` runs it for longer than the tests."""
