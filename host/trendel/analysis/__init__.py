"""Parameters, drivers of the kernels, tables and summary."""
