"""`EditTab`: a portrait edited by sliders, live (spec: pipeline, section 16.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block

from ..errors import InputError
from ..motion.expression import HIGHEST_TARGET, Expression, load_expression, save_expression
from ..motion.sliders import SLIDERS
from ..motion.template import save_template
from ..pipeline.editor import PortraitEditor
from .controls import SCALE, Controls, values_of
from .face_picker import FacePicker
from .frame import KEPT_SECONDS, QUIET, Page, text
from .picture import picture
from .toasts import toasting

_CROP_SCALE = 2.5
_EYES, _LIPS = "input_eye_ratio", "input_lip_ratio"
_GROUPS = {
    "Pose": ("input_head_pitch_variation", "input_head_yaw_variation", "input_head_roll_variation"),
    "Movement": ("mov_x", "mov_y", "mov_z"),
    "Lips": ("lip_variation_zero", "lip_variation_one", "lip_variation_two", "lip_variation_three"),
    "Face": ("smile", "wink", "eyebrow", "eyeball_direction_x", "eyeball_direction_y"),
}
_COLUMNS = (("Pose", "Face"), ("Movement", "Lips"))


class EditTab:
    """The widgets and events of the editor.

    Args:
        page: the page.
        pictures: example pictures.
    """

    def __init__(self, page: Page, pictures: list[list[str]]) -> None:
        self._page = page
        gr.Markdown(text("edit"))
        self._editor = gr.State(None, time_to_live=KEPT_SECONDS)
        with gr.Row():
            with gr.Column(scale=3):
                with gr.Row():
                    with gr.Column():
                        self._image = picture("Portrait", "edit-source", height=320)
                        gr.Examples(pictures, self._image, cache_examples=False, label="Examples")
                    with gr.Column():
                        self._set_up = _set_up_controls()
                        self._targets = _target_sliders()
                        self._file_buttons()
                self._faces = FacePicker(page, self._image)
                self._sliders = _expression_sliders()
            with gr.Column(scale=2, elem_classes="stays-in-sight"):
                self._before_after = gr.ImageSlider(
                    label="Before and after, in the original image space",
                    interactive=False,
                    format="jpeg",
                    max_height=400,
                    elem_id="before-after",
                )
                self._crop = gr.Image(
                    label="The edited face, 512 x 512",
                    interactive=False,
                    format="jpeg",
                    height=360,
                    buttons=["download", "fullscreen"],
                    elem_id="edited-crop",
                )
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
        everything: set[Block] = {self._editor, *self._controls.values()}
        shown: list[Block] = [self._before_after, self._crop]
        sliders = [*self._targets.values(), *self._sliders.values()]
        edits = [widget.input for widget in (*sliders, self._set_up["flag_stitching"])]
        gr.on(edits, toasting(self._edit), everything, shown, trigger_mode="always_last", **QUIET)
        # the faces are looked for first: which of them is meant decides what is opened
        self._faces.looked.failure(_forgotten, outputs=[self._editor, *shown], **QUIET)
        reset = self._reset.click(toasting(self._neutral), self._editor, list(self._controls.values()), **QUIET)
        for trigger in (self._faces.looked.success, self._faces.picked.success, reset.success):
            self._opens_at(trigger)
        for trigger in (self._set_up["scale"].release, self._set_up["flag_do_crop"].input):
            self._opens_at(trigger)
        self._clear.click(lambda: [None, *_forgotten()], outputs=[self._image, self._editor, *shown], **QUIET)
        loaded = self._load.upload(toasting(self._loaded), [self._load, self._editor], sliders, **QUIET)
        loaded.success(toasting(self._edit), everything, shown, **QUIET)
        self._save.click(toasting(self._save_expression), everything, self._saved, **QUIET)
        self._export.click(toasting(self._export_template), everything, self._saved, **QUIET)

    def _opens_at(self, trigger: Callable[..., Any]) -> None:
        """Open the portrait at an event; where that fails, no older one may stand for it."""
        inputs = {self._image, self._faces.choice, self._editor, *self._controls.values()}
        shown = [self._before_after, self._crop]
        opened = trigger(
            toasting(self._open),
            inputs,
            [self._editor, *self._targets.values(), *shown],
            concurrency_limit=1,  # the last one that was asked for is the last one that is shown
            concurrency_id="editor",
            **QUIET,
        )
        opened.failure(_forgotten, outputs=[self._editor, *shown], **QUIET)

    def _open(self, given: dict[Block, Any]) -> list[Any]:
        """Set the portrait; its own openings go into the two sliders of targets."""
        if given[self._image] is None:
            return [None, gr.skip(), gr.skip(), None, None]
        options = values_of(self._set_up, given)
        stitching = options.pop("flag_stitching")
        if options["flag_do_crop"]:
            options["faces"] = given[self._faces.choice]
        editor = self._page.wrapper.open_editor(given[self._image], **options)
        expression = Expression(values_of(self._sliders, given))
        pictures = _pictures(editor, expression, stitching)
        return [editor, _within(editor.eye_opening), _within(editor.lip_opening), *pictures]

    def _edit(self, given: dict[Block, Any]) -> list[Any]:
        editor = _opened(given[self._editor])
        return _pictures(editor, self._expression(given), given[self._set_up["flag_stitching"]])

    def _expression(self, given: Mapping[Block, Any]) -> Expression:
        """What the sliders say; targets that equal the portrait's own openings are none."""
        editor, targets = _opened(given[self._editor]), values_of(self._targets, given)
        eyes, lips = targets[_EYES], targets[_LIPS]
        return Expression(
            values_of(self._sliders, given),
            eye_target=None if eyes == _within(editor.eye_opening) else eyes,
            lip_target=None if lips == _within(editor.lip_opening) else lips,
        )

    def _neutral(self, editor: PortraitEditor | None) -> list[float | bool]:
        """Every control as it was in the beginning."""
        first = {name: widget.value for name, widget in self._controls.items()}
        if editor is not None:
            first |= {_EYES: _within(editor.eye_opening), _LIPS: _within(editor.lip_opening)}
        return list(first.values())

    def _loaded(self, path: str, editor: PortraitEditor | None) -> list[float]:
        expression, own = load_expression(path), _opened(editor)
        eyes, lips = expression.eye_target, expression.lip_target
        targets = [
            _within(own.eye_opening) if eyes is None else eyes,
            _within(own.lip_opening) if lips is None else lips,
        ]
        return [*targets, *(expression.sliders.get(name, slider.default) for name, slider in SLIDERS.items())]

    def _save_expression(self, given: dict[Block, Any], request: gr.Request) -> Any:
        folder = self._page.runs.folder(str(request.session_hash))
        return _offered(save_expression(self._expression(given), folder / "expression.json"))

    def _export_template(self, given: dict[Block, Any], request: gr.Request) -> Any:
        template = _opened(given[self._editor]).template(self._expression(given))
        folder = self._page.runs.folder(str(request.session_hash))
        return _offered(save_template(template, folder / "expression.safetensors"))


def _forgotten() -> list[None]:
    """No portrait, and no pictures."""
    return [None] * 3


def _opened(editor: PortraitEditor | None) -> PortraitEditor:
    if editor is None:
        raise InputError("there is no portrait yet: upload one, or take an example")
    return editor


def _pictures(editor: PortraitEditor, expression: Expression, stitching: bool) -> list[Any]:
    edited = editor.edit(expression, flag_stitching=stitching)
    before = editor.frame if edited.picture is not edited.crop else editor.crop
    return [(before, edited.picture), edited.crop]


def _offered(path: Path) -> Any:
    return gr.update(value=str(path), visible=True)


def _within(opening: float) -> float:
    return min(opening, HIGHEST_TARGET)


def _set_up_controls() -> Controls:
    with gr.Row(elem_classes="switches"):
        switches: Controls = {
            "flag_do_crop": gr.Checkbox(True, label="do crop (source)", min_width=140),
            "flag_stitching": gr.Checkbox(True, label="stitching", min_width=140),
        }
    return {**switches, "scale": gr.Slider(SCALE[0], SCALE[1], _CROP_SCALE, step=SCALE[2], label="crop scale")}


def _target_sliders() -> Controls:
    return {
        _EYES: gr.Slider(0, HIGHEST_TARGET, 0, step=0.01, label="target eyes-open ratio", elem_id=_EYES),
        _LIPS: gr.Slider(0, HIGHEST_TARGET, 0, step=0.01, label="target lip-open ratio", elem_id=_LIPS),
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
    slider = SLIDERS[name]
    return gr.Slider(slider.low, slider.high, slider.default, step=slider.step, label=slider.label, elem_id=name)
