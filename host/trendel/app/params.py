"""`trendel params`."""

from pathlib import Path


def write_parameters(out: Path | None) -> None:
    """The default parameters as TOML to `out`, or to stdout."""
    from trendel.analysis import Parameters
    from trendel.app.outputs import write_text_atomically

    text = Parameters().to_toml()
    if out is None:
        print(text, end="")
    else:
        write_text_atomically(out, text)
        print(f"written to {out}")
