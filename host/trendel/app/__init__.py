"""The command line, and later the live page and the report."""
