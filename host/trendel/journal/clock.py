"""Times in the journal: always with a zone, and looked at with suspicion, since clocks jump."""

from datetime import UTC, datetime, timedelta

from trendel.errors import JournalError

_AHEAD = timedelta(minutes=5)  # two clocks that are both right differ by less


def now() -> datetime:
    """This machine's time with its offset from UTC, to the second."""
    return datetime.now(UTC).astimezone().replace(microsecond=0)


def parse_time(text: str, what: str = "the time") -> datetime:
    """An ISO date and time; without an offset it is taken as local time. Raises JournalError."""
    try:
        when = datetime.fromisoformat(text.strip())
        return when if when.tzinfo is not None else when.astimezone()
    except (ValueError, OverflowError, OSError):
        raise JournalError(f"{what} {text!r} is no date and time: write it as 2026-05-01T18:30.") from None


def aware(when: datetime, what: str) -> datetime:
    """`when`; raises JournalError where it has no offset from UTC."""
    if when.tzinfo is None or when.utcoffset() is None:
        raise JournalError(f"{what} must say its offset from UTC.")
    return when


def clock_flag(at: datetime, present: datetime, last: datetime | None) -> str:
    """What is odd about an entry dated `at`: "future", "before_last" (of the entries of its kind), or "".

    A clip or computer that lost its clock dates entries to 1970 or ahead. They are kept as they are and flagged.
    """
    if at > present + _AHEAD:
        return "future"
    return "before_last" if last is not None and at < last else ""


def clock_sentence(flag: str, what: str, at: datetime, last: datetime | None) -> str:
    """What to tell the runner about a flag, or ""."""
    shown = at.strftime("%Y-%m-%d %H:%M")
    if flag == "future":
        return f"The {what} is dated {shown}, in the future: kept and marked; check the clock."
    if flag == "before_last" and last is not None:
        return (
            f"The {what} is dated {shown}, before the last one ({last:%Y-%m-%d %H:%M}): kept and marked; "
            "if that is not meant, check the clock."
        )
    return ""
