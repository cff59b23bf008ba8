"""How much a face trembles in a clip, and what steadying costs: range and lag of the mouth."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import NoFaceError
from ..face.face import Face, FaceDetector, Rgb
from ..face.ratios import lip_ratio
from ..face.tracking import FaceTracker
from ..live_portrait_wrapper import LivePortraitWrapper
from ..media.video_reader import open_video
from ..motion.jitter import jitter

_MOST_LAG = 5  # frames


@dataclass(frozen=True)
class Steadiness:
    """One clip.

    Attributes:
        jitter: mean second difference of the face's landmarks, see `motion.jitter`.
        mouth_range: of the opening of the lips, from its 5th to its 95th percentile.
        mouth: opening of the lips in every frame, (T,).
    """

    jitter: float
    mouth_range: float
    mouth: NDArray[np.float64]

    def lag(self, reference: Steadiness) -> int:
        """Frames by which the mouth moves later than in another clip of the same motion; 0 for one that is still."""
        most = min(_MOST_LAG, len(self.mouth) // 2)
        lags = sorted(range(-most, most + 1), key=abs)  # of lags that agree equally well the smallest
        return max(lags, key=lambda lag: _agreement(self.mouth, reference.mouth, lag))


def measure_steadiness(frames: Iterable[Rgb], detector: FaceDetector, label: str) -> Steadiness:
    """Follow the face of a clip.

    Args:
        frames: (H, W, 3) uint8.
        detector: finds faces.
        label: what to call the clip in messages.

    Raises:
        NoFaceError: a frame shows no face.
    """
    tracker, faces = FaceTracker(detector), list[Face]()
    for number, frame in enumerate(frames):
        face = tracker.feed(frame)
        if face is None:
            raise NoFaceError(f"frame {number} of {label} shows no face: steadiness is measured on faces in full sight")
        faces.append(face)
    mouth = np.array([lip_ratio(face.landmarks, face.scheme).item() for face in faces])
    low, high = np.percentile(mouth, [5, 95])
    return Steadiness(jitter(np.stack([face.landmarks[:, :2] for face in faces])), float(high - low), mouth)


def measure_steadying(source: Path, driving: Path, model: str) -> dict[str, Steadiness]:
    """The driver, the plain result, and the result with `smooth`.

    Args:
        source: portrait.
        driving: clip from a camera that stands still.
        model: name of the model.

    Raises:
        LivePortraitError: a file that cannot be used, or a frame without a face.
    """
    wrapper = LivePortraitWrapper(model=model)
    rows = {"driver": measure_steadiness(_frames(driving), wrapper.detector, f"'{driving}'")}
    with tempfile.TemporaryDirectory(prefix="liveportrait-") as folder:
        for name, smooth in (("plain", False), ("smooth", True)):
            output = f"{folder}/{name}.mp4"
            wrapper.execute(source=source, driving=driving, smooth=smooth, output=output, concat=False, crf=5)
            rows[name] = measure_steadiness(_frames(Path(output)), wrapper.detector, f"the {name} result")
    return rows


def _frames(path: Path) -> Iterator[Rgb]:
    return (frame.rgb for frame in open_video(path))


def _agreement(mouth: NDArray[np.float64], reference: NDArray[np.float64], lag: int) -> float:
    """Correlation of a mouth with another one that is `lag` frames earlier; 0 where one of them is still."""
    n = len(mouth) - abs(lag)
    late, early = mouth[max(lag, 0) :][:n], reference[max(-lag, 0) :][:n]
    moves = np.ptp(late) > 0 and np.ptp(early) > 0
    return float(np.corrcoef(late, early)[0, 1]) if moves else 0.0
