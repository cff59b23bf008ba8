"""Which inputs are stills, where their names do not tell: templates and GIFs of one frame make pictures."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ..errors import LivePortraitError
from ..media.picture import PICTURE_SUFFIXES
from ..media.sniff import MediaKind, sniff
from ..motion.template import load_template
from ..storage.files import Files
from ..storage.places import suffix_of


class Stills:
    """Looks at files once each.

    Args:
        files: fetches those that are remote.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._known: dict[str, bool] = {}

    def is_still(self, place: str) -> bool:
        """Whether a file holds one frame. Of one that cannot be read it is no matter: its row will fail."""
        suffix = suffix_of(place)
        if suffix in PICTURE_SUFFIXES - {".gif"}:
            return True
        if suffix not in (".gif", ".safetensors", ".pkl"):
            return False
        if place not in self._known:
            self._known[place] = False
            with suppress(LivePortraitError):
                self._known[place] = _holds_one_frame(self._files.fetch(place))
            self._files.release()
        return self._known[place]


def _holds_one_frame(path: Path) -> bool:
    kind = sniff(path)
    return not load_template(path).is_video if kind is MediaKind.TEMPLATE else kind is MediaKind.PICTURE
