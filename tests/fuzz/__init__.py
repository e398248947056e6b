"""Coverage-guided fuzzing: atheris for Python, libFuzzer for C. Not part of the tests; `make fuzz` runs it."""
