"""Speed and memory, beside the C++ VQF in the same run: `make bench`."""
