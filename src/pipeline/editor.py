"""`PortraitEditor`: a portrait that is set once and edited by sliders as often as one likes (spec: section 16.2)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..config.argument_config import ArgumentConfig
from ..config.check_arguments import check_arguments
from ..engine.engine import Engine
from ..errors import InputError
from ..face.face import Rgb
from ..media.given import Inbox
from ..motion.expression import Expression
from ..motion.motion import Motion
from ..motion.retarget import measured
from ..motion.sliders import edit_portrait
from ..motion.template import MotionTemplate
from .compose import Composer
from .finders import Finders
from .framing import pastes_back
from .inputs import taken_picture
from .plan import check_faces
from .portrait import StillPortrait
from .progress import silent
from .render import RenderedFrame, render_views
from .source import open_source, read_source


@dataclass(frozen=True, eq=False)
class EditedPortrait:
    """One edit.

    Attributes:
        crop: what the networks made, (N, N, 3) uint8.
        picture: the whole picture with the crop in its place; the crop again where nothing is pasted back.
    """

    crop: Rgb
    picture: Rgb


def open_editor(engine: Engine, finders: Finders, args: ArgumentConfig) -> PortraitEditor:
    """Read the picture among the arguments and make one face of it ready to be edited.

    Raises:
        InputError: an option or picture that cannot be used, or a video.
        NoFaceError: the picture shows no face.
    """
    check_arguments(args)
    check_faces(args, n_drivings=1)
    if args.animals:
        raise InputError("the portrait editor knows people only: its sliders were made for their faces")
    with Inbox() as inbox:
        media = taken_picture(args.source, inbox, "edited")
        # eyes and lips are measured even where the picture is not cropped; stitching is chosen at every edit
        args = replace(args, flag_eye_retargeting=True, paste_unstitched=True)
        source = read_source(open_source(media, args), engine, finders, args, silent)
        frame = next(source.frames(1)).copy()
    if len(source.portraits) != 1:
        raise InputError(f"one face is edited at a time, --faces {args.faces} names {len(source.portraits)}")
    (portrait,) = source.portraits
    assert isinstance(portrait, StillPortrait), "the source is a picture"
    if portrait.motion.eye_ratio is None:  # of a whole frame an engine may read motion without a face
        raise finders.no_face(f"the source {media.label}", frame, args)
    return PortraitEditor(engine, portrait, frame, args)


class PortraitEditor:
    """Edits one face of a picture; threads may share it.

    Args:
        engine: the model.
        portrait: the face.
        frame: the picture, (H, W, 3) uint8.
        args: whether crops are pasted back (stitched or not), and the size of the result.

    Attributes:
        frame: the picture as it is.
        eye_opening: mean opening of the portrait's eyes, rounded to two digits: what the editor starts with.
        lip_opening: of its lips.
    """

    def __init__(self, engine: Engine, portrait: StillPortrait, frame: Rgb, args: ArgumentConfig) -> None:
        self._engine, self._portrait, self._args = engine, portrait, args
        self._composer = Composer(args.match_color)
        self.frame = frame
        self.eye_opening = _rounded(portrait.motion, "eye")
        self.lip_opening = _rounded(portrait.motion, "lip")

    @property
    def crop(self) -> Rgb:
        """The portrait's crop as it is, (512, 512, 3) uint8."""
        return self._portrait.preview

    @property
    def before(self) -> Rgb:
        """What `EditedPortrait.picture` looks like without an edit: the picture, or the crop of it."""
        return self.frame if pastes_back(self._args) else self._portrait.preview

    def edit(self, expression: Expression, *, flag_stitching: bool = True) -> EditedPortrait:
        """The portrait with an expression.

        Args:
            expression: slider values and targets.
            flag_stitching: keep the shoulders and the border of the crop where they are.
        """
        x_d = edit_portrait(
            self._portrait.motion,
            expression.sliders,
            self._engine.heads,
            eye_target=expression.eye_target,
            lip_target=expression.lip_target,
            flag_stitching=flag_stitching,
        )
        views = self._portrait.views([0], [self.frame])
        face = render_views(self._engine, views, x_d, self._args.output_size)[0]
        if not pastes_back(self._args):
            return EditedPortrait(face.crop, face.crop)
        return EditedPortrait(face.crop, self._composer.result(RenderedFrame(self.frame, [face], pastes=True)))

    def template(self, expression: Expression) -> MotionTemplate:
        """The expression as motion that comes and goes: see `Expression.template`."""
        template = expression.template(self._portrait.motion, self._engine.heads, self._engine.keypoints)
        return replace(template, motion=template.motion.to("cpu"))


def _rounded(motion: Motion, part: str) -> float:
    ratio = measured(motion.eye_ratio if part == "eye" else motion.lip_ratio, part, "source")
    return round(ratio.mean().item(), 2)
