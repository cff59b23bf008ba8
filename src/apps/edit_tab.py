"""`EditTab`: a portrait edited by sliders, live (spec: pipeline, section 16.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block

from ..errors import InputError
from ..motion.expression import HIGHEST_TARGET, Expression, load_expression, save_expression
from ..motion.sliders import SLIDERS
from ..motion.template import save_template
from ..pipeline.editor import PortraitEditor
from .controls import SCALE, Controls, slider, values_of
from .face_picker import FacePicker
from .frame import QUIET, Page, text
from .fresh_pictures import fresh_image, fresh_slider, stays
from .picture import picture
from .runs import KEPT_SECONDS
from .toasts import toasting

_CROP_SCALE = 2.5
_GROUPS = {
    "Pose": ("input_head_pitch_variation", "input_head_yaw_variation", "input_head_roll_variation"),
    "Movement": ("mov_x", "mov_y", "mov_z"),
    "Lips": ("lip_variation_zero", "lip_variation_one", "lip_variation_two", "lip_variation_three"),
    "Face": ("smile", "wink", "eyebrow", "eyeball_direction_x", "eyeball_direction_y"),
}
_COLUMNS = (("Pose", "Face"), ("Movement", "Lips"))
# one after the other, in the order of the visitor's clicks: an edit must not overwrite the portrait that came after it
_IN_TURN: dict[str, Any] = {**QUIET, "concurrency_limit": 1, "concurrency_id": "editor"}


@dataclass(frozen=True, eq=False)
class Opened:
    """A portrait that is being edited.

    Attributes:
        editor: edits it.
        before: file with the picture as it was.
    """

    editor: PortraitEditor
    before: str

    @property
    def openings(self) -> tuple[float, float]:
        """Its own openings of eyes and lips, as far as the sliders of targets go."""
        return min(self.editor.eye_opening, HIGHEST_TARGET), min(self.editor.lip_opening, HIGHEST_TARGET)


class EditTab:
    """The widgets and events of the editor.

    Args:
        page: the page.
        pictures: example pictures.
    """

    def __init__(self, page: Page, pictures: list[list[str]]) -> None:
        self._page = page
        gr.Markdown(text("edit"))
        self._opened = gr.State(None, time_to_live=KEPT_SECONDS)
        with gr.Row():
            with gr.Column(scale=3):
                with gr.Row():
                    with gr.Column():
                        self._image = picture("Portrait", "edit-source", height=320)
                        self._faces = FacePicker(page, self._image)
                        gr.Examples(pictures, self._image, cache_examples=False, label="Examples")
                    with gr.Column():
                        self._set_up = _set_up_controls()
                        self._targets = _target_sliders()
                        self._file_buttons()
                self._sliders = _expression_sliders()
            with gr.Column(scale=2, elem_classes="stays-in-sight"):
                self._before_after = fresh_slider("Before and after, in the original image space", "before-after", 400)
                self._crop = fresh_image("The edited face, 512 x 512", "edited-crop", 360)
        self._events()

    def _file_buttons(self) -> None:
        with gr.Row():
            self._reset = gr.Button("Reset", elem_id="edit-reset")
            self._clear = gr.Button("Clear", elem_id="edit-clear")
        with gr.Row():
            self._save = gr.Button("Save expression", size="sm", elem_id="edit-save")
            self._load = gr.UploadButton("Load expression", size="sm", file_types=[".json"], elem_id="edit-load")
            self._export = gr.Button("Export as motion template", size="sm", elem_id="edit-export")
        # a download needs a file before it is clicked: the buttons above make it
        self._saved = gr.File(label="Your file", visible=False, height=80, interactive=False, elem_id="edit-file")

    @property
    def _controls(self) -> Controls:
        return {**self._set_up, **self._targets, **self._sliders}

    def _events(self) -> None:
        everything: set[Block] = {self._opened, *self._controls.values()}
        shown: list[Block] = [self._before_after, self._crop]
        sliders = [*self._targets.values(), *self._sliders.values()]
        # `change`, not `input`: keys and the small arrow that takes a slider back count as well
        edits = [widget.change for widget in (*sliders, self._set_up["flag_stitching"])]
        gr.on(edits, toasting(self._edit), everything, shown, trigger_mode="always_last", **_IN_TURN)
        self._reset.click(toasting(self._neutral), self._opened, list(self._controls.values()), **QUIET)
        # the faces are looked for first: which of them is meant decides what is opened
        for trigger in (self._faces.looked.success, self._faces.picked.success):
            self._opens_at(trigger, self._open)
        for name in ("scale", "flag_do_crop"):
            self._opens_at(self._set_up[name].change, self._reopen)
        self._faces.looked.failure(_forgotten, outputs=[self._opened, *shown], **QUIET)
        cleared = [self._image, self._saved, self._opened, *shown]
        self._clear.click(lambda: [None, gr.update(value=None, visible=False), *_forgotten()], None, cleared, **QUIET)
        self._load.upload(toasting(self._loaded), [self._load, self._opened], sliders, **QUIET)
        self._save.click(toasting(self._save_expression), everything, self._saved, **QUIET)
        self._export.click(toasting(self._export_template), everything, self._saved, **QUIET)

    def _opens_at(self, trigger: Callable[..., Any], opens: Callable[..., Any]) -> None:
        """Open the portrait at an event; where that fails, no older one may stand for it."""
        inputs = {self._image, self._faces.choice, self._opened, *self._controls.values()}
        shown = [self._before_after, self._crop]
        event = trigger(toasting(opens), inputs, [self._opened, *self._targets.values(), *shown], **_IN_TURN)
        event.failure(_forgotten, outputs=[self._opened, *shown], **QUIET)

    def _open(self, given: dict[Block, Any]) -> list[Any]:
        """Set the portrait; its own openings go into the two sliders of targets."""
        if given[self._image] is None:
            return [None, gr.skip(), gr.skip(), None, None]
        options = values_of(self._set_up, given)
        del options["flag_stitching"]  # of every edit
        if options["flag_do_crop"]:
            options["faces"] = given[self._faces.choice]
        editor = self._page.wrapper.open_editor(given[self._image], **options)
        opened = Opened(editor, stays(self._before_after, editor.before))
        given = {**given, self._opened: opened, **dict(zip(self._targets.values(), opened.openings, strict=True))}
        return [opened, *opened.openings, *self._edit(given)]

    def _reopen(self, given: dict[Block, Any]) -> list[Any]:
        """Set the portrait anew in another crop; targets that the visitor has set stay."""
        old, targets = given[self._opened], values_of(self._targets, given)
        opened, *openings, before_after, crop = self._open(given)
        if old is None or opened is None:
            return [opened, *openings, before_after, crop]
        kept = [
            opening if target == former else target
            for target, former, opening in zip(targets.values(), old.openings, openings, strict=True)
        ]
        given = {**given, self._opened: opened, **dict(zip(self._targets.values(), kept, strict=True))}
        # a target that stays is not sent: the visitor may have moved it on meanwhile
        sent = [gr.skip() if value == target else value for value, target in zip(kept, targets.values(), strict=True)]
        return [opened, *sent, *self._edit(given)]

    def _edit(self, given: Mapping[Block, Any]) -> list[Any]:
        opened = _needed(given[self._opened])
        edited = opened.editor.edit(self._expression(given), flag_stitching=given[self._set_up["flag_stitching"]])
        return [(opened.before, edited.picture), edited.crop]

    def _expression(self, given: Mapping[Block, Any]) -> Expression:
        """What the sliders say; targets that equal the portrait's own openings are none."""
        opened, targets = _needed(given[self._opened]), values_of(self._targets, given)
        eyes, lips = (
            None if target == own else target for target, own in zip(targets.values(), opened.openings, strict=True)
        )
        return Expression(values_of(self._sliders, given), eye_target=eyes, lip_target=lips)

    def _neutral(self, opened: Opened | None) -> list[float | bool]:
        """Every control as it was in the beginning."""
        first = {name: widget.value for name, widget in self._controls.items()}
        if opened is not None:
            first |= dict(zip(self._targets, opened.openings, strict=True))
        return list(first.values())

    def _loaded(self, path: str, opened: Opened | None) -> list[float]:
        expression, own = load_expression(path), _needed(opened).openings
        targets = (expression.eye_target, expression.lip_target)
        return [
            *(opening if target is None else target for target, opening in zip(targets, own, strict=True)),
            *(expression.sliders.get(name, about.default) for name, about in SLIDERS.items()),
        ]

    def _save_expression(self, given: dict[Block, Any], request: gr.Request) -> Any:
        folder = self._page.runs.folder(str(request.session_hash))
        return _offered(save_expression(self._expression(given), folder / "expression.json"))

    def _export_template(self, given: dict[Block, Any], request: gr.Request) -> Any:
        template = _needed(given[self._opened]).editor.template(self._expression(given))
        folder = self._page.runs.folder(str(request.session_hash))
        return _offered(save_template(template, folder / "expression.safetensors"))


def _forgotten() -> list[None]:
    """No portrait, and no pictures."""
    return [None] * 3


def _needed(opened: Opened | None) -> Opened:
    if opened is None:
        raise InputError("there is no portrait yet: upload one, or take an example")
    return opened


def _offered(path: Path) -> Any:
    gr.Info("Your file is ready: click on it below the buttons.")
    return gr.update(value=str(path), visible=True)


def _set_up_controls() -> Controls:
    with gr.Row(elem_classes="switches"):
        switches: Controls = {
            "flag_do_crop": gr.Checkbox(True, label="do crop (source)", min_width=140),
            "flag_stitching": gr.Checkbox(True, label="stitching", min_width=140),
        }
    return {**switches, "scale": slider("crop scale", _CROP_SCALE, *SCALE)}


def _target_sliders() -> Controls:
    return {
        name: slider(f"target {part}-open ratio", 0, 0, HIGHEST_TARGET, 0.01, name)
        for name, part in (("input_eye_ratio", "eyes"), ("input_lip_ratio", "lip"))
    }


def _expression_sliders() -> Controls:
    widgets: Controls = {}
    with gr.Row():
        for column in _COLUMNS:
            with gr.Column(min_width=280):
                for group in column:
                    with gr.Accordion(group, open=True):
                        widgets |= {name: _slider(name) for name in _GROUPS[group]}
    return {name: widgets[name] for name in SLIDERS}


def _slider(name: str) -> gr.Slider:
    about = SLIDERS[name]
    return slider(about.label, about.default, about.low, about.high, about.step, name)
