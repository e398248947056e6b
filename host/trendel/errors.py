"""The errors a user of trendel can meet. Each message is one clear sentence: what is wrong, and what to do."""


class TrendelError(Exception):
    """Base of every error that trendel raises on purpose; the command line prints it and exits with 2."""


class RecordingError(TrendelError):
    """A recording cannot be used as given: unreadable, malformed, or physically impossible."""


class ParameterError(TrendelError):
    """A parameter or option is unknown, of the wrong kind, or out of its range."""


class MountingError(TrendelError):
    """The mounting (sensor to pelvis) given or asked for cannot be used."""


class KernelError(TrendelError):
    """A kernel refused its state, its parameters or its input."""


class LoweringError(TrendelError):
    """A kernel cannot be lowered to a target."""
