"""`LiveSession`: a source that is set once and driven frame by frame, as from a camera."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from ..config.argument_config import ArgumentConfig
from ..config.check_arguments import check_arguments
from ..engine.engine import Engine
from ..errors import InputError, NoFaceError
from ..face.crop import box_matrix
from ..face.face import Face, FaceDetector, Rgb
from ..face.ratios import openings
from ..face.tracking import FaceTracker
from ..media.arrays import Picture, is_picture, rgb_array
from ..media.given import Inbox
from ..motion.motion import Motion
from ..motion.transfer import Transfer
from ..motion.transfer_options import TransferOptions
from .animal_options import animal_remarks, check_kind
from .clip_motion import mesh_of, with_ratios
from .compose import Composer
from .driving import driving_place, network_view
from .finders import Finders
from .framing import CROP_SIZE
from .inputs import taken_picture
from .plan import check_faces
from .progress import batched, silent
from .remarks import turned_remarks
from .render import RenderedFrame, render_views, sized, transfer_options
from .source import Source, open_source, read_source

_log = logging.getLogger(__name__)


def open_session(engine: Engine, finders: Finders, args: ArgumentConfig) -> LiveSession:
    """Read the source among the arguments and make it ready to be driven.

    Raises:
        InputError: an option or picture that cannot be used, or a video.
        NoFaceError: the picture shows no face.
    """
    check_arguments(args)
    check_faces(args, n_drivings=1)
    options = transfer_options(args)
    with Inbox() as inbox:
        media = taken_picture(args.source, inbox, "driven live")
        check_kind(args, media, [])
        if args.animals:
            for remark in animal_remarks(args, engine.keypoints):
                _log.warning("%s", remark)
        source = read_source(open_source(media, args), engine, finders, args, silent)
        for remark in turned_remarks(args, source, engine.farthest_yaw):
            _log.warning("%s", remark)
        return LiveSession(engine, finders.of_live_driver(args)(), source, args, options)


class LiveSession:
    """Drives the faces of one picture with frames as they come.

    The first frame that shows a face counts as the neutral one: what relative motion is measured from, and what says
    where the face is in the picture. Frames without a face hold the last motion. Calls from several threads take turns.

    Args:
        engine: the model.
        detector: finds the driving face.
        source: the picture with its faces.
        args: crop options and the size of the result.
        options: how the motion is carried over.
    """

    def __init__(
        self, engine: Engine, detector: FaceDetector, source: Source, args: ArgumentConfig, options: TransferOptions
    ) -> None:
        self._engine, self._detector, self._source, self._args, self._options = engine, detector, source, args, options
        self._frame = next(source.frames(1)).copy()  # it may be the caller's own array
        self._composer = Composer(args.match_color)
        self._turn = Lock()
        self.reset()

    def reset(self) -> None:
        """Forget the driver: the next face counts as neutral."""
        with self._turn:
            self._tracker = FaceTracker(self._detector)
            self._box: NDArray[np.floating] | None = None
            self._last: Motion | None = None
            self._transfers: list[Transfer] = []

    def drive(self, frames: Sequence[Picture] | NDArray[np.uint8]) -> list[Rgb]:
        """The result for each driving frame.

        Args:
            frames: (H, W, 3) uint8 each or PIL images, in order.

        Returns:
            As many frames (H', W', 3) uint8: the source's picture, or the crop where nothing is pasted back. Before
            the first face the picture is as it was.

        Raises:
            InputError: not such pictures.
        """
        results: list[Rgb] = []
        with self._turn:
            for batch in batched(frames, self._args.batch_size or self._engine.batch_size):
                motions = [self._motion(_rgb(frame)) for frame in batch]
                results += self._rendered(motions)
        return results

    def _motion(self, frame: Rgb) -> Motion | None:
        """The driver's motion, the last one where it shows no face; None before the first face."""
        face = self._tracker.feed(frame)
        if face is None:
            return self._last
        if self._last is None:
            crops = self._args.flag_crop_driving_video or self._engine.always_crops_driving
            self._box = driving_place(face, self._args) if crops or frame.shape[0] != frame.shape[1] else None
        try:
            motion = self._read(frame, face)
        except NoFaceError:  # the engine looks for itself, and more strictly than the detector
            return self._last
        if self._last is None:
            self._transfers = [self._transfer(portrait.motion, motion) for portrait in self._source.portraits]
        self._last = motion
        return motion

    def _read(self, frame: Rgb, face: Face) -> Motion:
        meshes = picture = None
        if self._engine.reads_meshes and self._box is not None:
            meshes = mesh_of(face, box_matrix(self._box, dsize=CROP_SIZE))
        if meshes is None:
            picture = self._engine.prepare(network_view(frame, self._box)[None])
        motion = self._engine.get_motion(picture, meshes, like=self._last)
        return with_ratios(motion, openings(face.landmarks, face.scheme))

    def _transfer(self, source: Motion, neutral: Motion) -> Transfer:
        engine = self._engine
        return Transfer(
            self._options,
            source,
            neutral,
            networks=engine.heads,
            animal=engine.moves_absolutely,
            neutral=engine.neutral_exp,
        )

    def _rendered(self, motions: Sequence[Motion | None]) -> list[Rgb]:
        idle = [motion for motion in motions if motion is None]  # only ever at the beginning
        driven = [motion for motion in motions if motion is not None]
        results = [self._undriven() for _ in idle]
        if driven:
            results += self._driven(Motion.cat(driven))
        return results

    def _driven(self, motion: Motion) -> list[Rgb]:
        """The results for B driving motions."""
        indices, frames = range(len(motion)), [self._frame] * len(motion)
        faces = []
        for portrait, transfer in zip(self._source.portraits, self._transfers, strict=True):
            views, x_d = portrait.views(indices, frames), transfer.x_d(motion, portrait.motion)
            faces.append(render_views(self._engine, views, x_d, self._args.output_size))
        shown = zip(*faces, strict=True)
        return [self._composer.result(RenderedFrame(self._frame, face, self._source.pastes)) for face in shown]

    def _undriven(self) -> Rgb:
        """The result before there is a driver."""
        if self._source.pastes:
            return self._frame.copy()
        crops = [portrait.untouched(0, self._frame) for portrait in self._source.portraits]
        size = self._args.output_size or self._engine.output_size
        return np.concatenate([sized(crop, size) for crop in crops], axis=1)


def _rgb(frame: Picture) -> Rgb:
    if not is_picture(frame):
        arrived = f"an array {frame.shape}" if isinstance(frame, np.ndarray) else f"a {type(frame).__name__}"
        raise InputError(f"the driving frame is {arrived}: give an array (H, W, 3) uint8 or a PIL image")
    return rgb_array(frame, "the driving frame")
