"""The errors a user of trendel can meet. Each message is one clear sentence: what is wrong, and what to do."""


class TrendelError(Exception):
    """Base of every error that trendel raises on purpose; the command line prints it and exits with 2."""


class RecordingError(TrendelError):
    """A recording cannot be used as given: unreadable, malformed, or physically impossible."""


class ParameterError(TrendelError):
    """A parameter or option is unknown, of the wrong kind, or out of its range."""


class MountingError(TrendelError):
    """The mounting (sensor to pelvis) given or asked for cannot be used."""


class JournalError(TrendelError):
    """The runner's journal cannot be opened, read or written, or does not hold what was asked for."""


class SessionError(TrendelError):
    """A session file cannot be made, written or rewritten."""


class WireError(TrendelError):
    """Bytes are not the packet that they should be, or a value does not fit into its field."""


class LinkError(TrendelError):
    """A clip cannot be reached, is none, or what is to be replayed cannot be."""


class FirmwareError(TrendelError):
    """A firmware file is none, or is not for this clip; or a check before anything is changed has failed."""


class CalibrationError(TrendelError):
    """A clip cannot be calibrated from what is given, or a calibration does not belong to it."""


class CoreError(TrendelError):
    """The clip's core, which is C, cannot be compiled or loaded here."""


class LoweringError(TrendelError):
    """A kernel cannot be lowered to a target."""


def reason(error: Exception) -> str:
    """Why a file could not be read, in plain words."""
    if isinstance(error, UnicodeDecodeError):
        return "it is not text in UTF-8"
    strerror = getattr(error, "strerror", None)
    return strerror.lower() if strerror else str(error)
