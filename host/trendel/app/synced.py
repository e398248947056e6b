"""What this computer knows of a clip: how far its log is home, and when, by the host's clock, its boots were."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from trendel.app.outputs import write_text_atomically

FOLDER_VARIABLE = "TRENDEL_CLIPS"
_BOOTS_MAX = 200


def clips_folder() -> Path:
    """TRENDEL_CLIPS where it is set, otherwise a folder in the user's data folder."""
    given = os.environ.get(FOLDER_VARIABLE)
    if given:
        return Path(given).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("trendel", appauthor=False)) / "clips"


@dataclass
class Known:
    """Of one clip.

    Attributes:
        through: sequence number of the newest sector that is home and will not change.
        open: bytes that are home of sectors above it, which the clip was still writing, by sequence number.
        boots: host time less clip time, ns, by boot: of those that were connected to this computer.
        written: files of runs, by boot and clip time of their beginning.
    """

    through: int = 0
    open: dict[str, int] = field(default_factory=dict)
    boots: dict[str, int] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, serial: int) -> Known:
        """What is known; nothing where there is no such file, or it is damaged."""
        try:
            data = json.loads(_path(serial).read_text(encoding="utf-8"))
            found = cls(**{name: data[name] for name in ("through", "open", "boots", "written")})
            return found if isinstance(found.through, int) else cls()
        except (OSError, ValueError, KeyError, TypeError):
            return cls()

    def save(self, serial: int) -> None:
        """Keep it. Raises OutputError."""
        for name in ("boots", "written"):
            kept = list(getattr(self, name).items())[-_BOOTS_MAX:]
            setattr(self, name, dict(kept))
        path = _path(serial)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text_atomically(path, json.dumps(asdict(self), indent=1) + "\n")


def partial_path(serial: int, boot_n: int) -> Path:
    """Where an image of the clip's log is kept until it is whole."""
    return clips_folder() / f"{serial:016x}-{boot_n}.partial"


def _path(serial: int) -> Path:
    return clips_folder() / f"{serial:016x}.json"
