"""What can go wrong, as types. The text of each is one sentence: what is wrong and what to do about it."""


class TrendelError(Exception):
    """Base of every error that Trendel raises on purpose; the command line prints it and exits with 2."""


class RecordingError(TrendelError):
    """A recording cannot be read, or cannot be what it says it is."""


class ParameterError(TrendelError):
    """A parameter is unknown, of the wrong type or out of its range."""


class MountingError(TrendelError):
    """A mounting given by the user is not a rotation, or does not fit the recording."""


class KernelError(TrendelError):
    """The kernels cannot run: state, parameters and layout do not belong together."""


class LoweringError(TrendelError):
    """A kernel uses a form that cannot be lowered to the clip or the browser."""
