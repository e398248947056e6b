"""What a recording lacks is fetched from the clip's log, where the link leads to a clip."""

from typing import TYPE_CHECKING

from trendel.app.recorder import Recorder
from trendel.errors import LinkError
from trendel.links import Link

if TYPE_CHECKING:
    from trendel.links.recovery import Recovery


def recovery_of(link: Link, recorder: Recorder) -> "Recovery | None":
    """Fetches into `recorder`; None for a replay, and where smpclient is not installed, which is said."""
    if link.moniker.scheme == "replay":
        return None
    try:
        management = link.management
        from trendel.links.recovery import Recovery
    except LinkError as error:
        recorder.troubles.append(f"{error} Until then what the air loses stays lost.")
        return None
    return Recovery(management, link.clock, recorder.home)
