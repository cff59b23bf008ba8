"""Keep the people of a clip apart."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import replace

from .appearance import appearance_of
from .boxes import box_overlap
from .cuts import CutFinder
from .face import Face, FaceDetector, Rgb
from .finds import Find, deal, is_same, judged, shares, strangers_among
from .track import Track

logger = logging.getLogger(__name__)

_STAYS = 0.1  # least overlap of a face with itself one frame later
_NEWCOMERS = 5  # frames between two looks for them
_SEARCH = 15  # frames for which a lost face is looked for in every frame
_WAIT = 12  # frames for which an unclear newcomer may still turn out to be somebody known
_PASSING_FRAMES, _PASSING_PART = 3, 0.02  # who is seen less is left out of the order


class FaceTracks:
    """Gives every person of a clip a number and finds them again in every frame.

    Known faces are followed from frame to frame; faces are detected after a cut, while somebody is lost, and every few
    frames for newcomers. All faces of a frame are then dealt out among all known people at once, by place and look,
    so that two tracks that ended on one face part again. Who is not in the frame is remembered by the look.

    Of the frames nothing is kept; of each person the last face, the look and a few numbers.

    Args:
        detector: finds faces and follows them.
    """

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector
        self._cuts = CutFinder()
        self._tracks: list[Track] = []
        self._newcomers: list[Find] = []
        self._nobody_yet = True  # in this shot
        self._frames = 0
        self._shot = 0

    @property
    def shot(self) -> int:
        """Number of the shot that the last frame belongs to: the hard cuts so far."""
        return self._shot

    def feed(self, rgb: Rgb) -> list[tuple[int, Face]]:
        """The people in the next frame, (H, W, 3) uint8: number (0, 1, ... as they appear) and face, by number.

        Raises:
            InputError: not a picture.
        """
        if self._cuts.feed(rgb):
            self._begin_shot()
        finds = self._followed(rgb)
        owned = deal(self._tracks, finds)
        if self._nobody_yet or self._frames % _NEWCOMERS == 0 or self._is_searching(owned):
            finds = self._with_detected(rgb, finds)
            owned = deal(self._tracks, finds)
            for number, find in owned.items():
                self._tracks[number].confirm(find.detected)
        self._frames += 1
        self._settle(rgb, owned, strangers_among(finds, list(owned.values())))
        return [(number, track.face) for number, track in enumerate(self._tracks) if not track.lost_for]

    def order(self) -> list[int]:
        """The numbers from left to right, each where first seen, without the doubtful and those seen only in passing.

        Who is seen in fewer than three frames, or 2 % of them, is in passing; everybody is named if all are.
        """
        least = max(_PASSING_FRAMES, _PASSING_PART * self._frames)
        everybody = range(len(self._tracks))
        real = [number for number in everybody if not self._tracks[number].is_doubtful]
        lasting = [number for number in real if self._tracks[number].seen >= least]
        return sorted(lasting or real or everybody, key=lambda number: self._tracks[number].first_x)

    def _begin_shot(self) -> None:
        logger.debug("frame %d: a new shot, looking for all faces afresh", self._frames)
        self._nobody_yet, self._newcomers = True, []
        self._shot += 1
        for track in self._tracks:
            track.displace()

    def _followed(self, rgb: Rgb) -> list[Find]:
        known = [Find(track.face, track.look) for track in self._tracks if not (track.lost_for or track.displaced)]
        finds = []
        for last in known + self._newcomers:
            face = self._detector.follow(rgb, last.face)
            if face is not None and box_overlap(last.face.box, face.box[None])[0] >= _STAYS:
                finds.append(replace(last, face=face, look=appearance_of(rgb, face)))
        return finds

    def _with_detected(self, rgb: Rgb, finds: list[Find]) -> list[Find]:
        """The finds, marked where the detector sees a face as well, and what it sees besides."""
        merged = list(finds)
        for face in self._detector.detect(rgb):
            if is_same(face.box, merged):
                place = int(shares(face.box, merged).argmax())
                merged[place] = replace(merged[place], detected=True)
            else:
                merged.append(Find(face, appearance_of(rgb, face), detected=True))
        return merged

    def _is_searching(self, owned: Collection[int]) -> bool:
        lost = [track for number, track in enumerate(self._tracks) if number not in owned]
        return not owned or any(track.lost_for < _SEARCH for track in lost)

    def _settle(self, rgb: Rgb, owned: dict[int, Find], strangers: list[Find]) -> None:
        """Tell everybody what became of them, and let newcomers in."""
        present = [*owned.values(), *strangers]
        lost = [track for number, track in enumerate(self._tracks) if number not in owned]
        hidden = [track.expected_box() for track in lost if track.lost_for < _SEARCH and not track.displaced]
        for number, find in owned.items():
            find = judged(find, present, hidden, rgb.shape[:2])
            self._tracks[number].see(find.face, find.look, alone=find.alone, clear=find.clear)
        for track in lost:
            track.miss()
        self._newcomers = []
        for find in (judged(stranger, present, hidden, rgb.shape[:2]) for stranger in strangers):
            # Near others or at the border somebody known may not yet look like it.
            is_new = find.alone if not lost else find.clear and not hidden
            if self._nobody_yet or is_new or find.waited >= _WAIT:
                logger.debug("frame %d: number %d comes in", self._frames - 1, len(self._tracks))
                self._tracks.append(Track.start(find.face, find.look))
            else:
                self._newcomers.append(replace(find, waited=find.waited + 1))
        self._nobody_yet = self._nobody_yet and not present
