"""The page for people: animate, edit a portrait, retarget a video, live (spec: pipeline, sections 16.1 to 16.3)."""

from __future__ import annotations

import gradio as gr
from gradio.components import Component

from ..config.argument_config import ArgumentConfig
from .animate_tab import AnimateTab
from .controls import Controls, number, slider
from .driving_panel import IMAGE as DRIVING_IMAGE
from .driving_panel import PICKLE as DRIVING_PICKLE
from .driving_panel import VIDEO as DRIVING_VIDEO
from .driving_panel import DrivingPanel
from .edit_tab import EditTab
from .frame import Page, example, examples, header
from .live_tab import LiveTab
from .progress import forget_visitors
from .results_panel import ResultsPanel
from .runs import KEPT_SECONDS
from .source_panel import IMAGE, VIDEO, SourcePanel
from .video_tab import VideoTab

_PORTRAITS = ("s9.jpg", "s0.jpg", "s10.jpg", "s1.jpg", "grace_hopper.jpg")
_TEMPLATES = ("talk.safetensors", "smile.safetensors", "look_around.safetensors")


def people_page(page: Page) -> gr.Blocks:
    """Build the page."""
    pictures, clips = examples("source", _PORTRAITS), examples("driving", ["d0.mp4"])
    with gr.Blocks(title="LivePortrait", analytics_enabled=False, delete_cache=(600, KEPT_SECONDS)) as blocks:
        header(page, "title")
        with gr.Tabs(overflow_behavior="wrap"):
            with gr.Tab("Animate"):
                _animate(page, pictures, clips)
            with gr.Tab("Retargeting and Editing Portraits"):
                EditTab(page, pictures)
            with gr.Tab("Retargeting Video"):
                VideoTab(page, clips)
            with gr.Tab("Live"):
                LiveTab(page, pictures)
        forget_visitors(blocks, page)
    return blocks


def _animate(page: Page, pictures: list[list[str]], clips: list[list[str]]) -> None:
    templates = examples("driving", _TEMPLATES) if page.wrapper.engine.keypoints == "compact" else []
    with gr.Row():
        with gr.Column():
            source = SourcePanel(page, pictures, clips)
        with gr.Column():
            kinds = (DRIVING_VIDEO, DRIVING_IMAGE, DRIVING_PICKLE)
            found = {DRIVING_VIDEO: clips, DRIVING_IMAGE: pictures, DRIVING_PICKLE: templates}
            driving = DrivingPanel(page, kinds, found)
    with gr.Accordion("Animation Options", open=True):
        options = _options(page.args)
    buttons = gr.Column()
    results = ResultsPanel()
    with buttons:
        AnimateTab(page, source, driving, options, results).buttons()
    _example_rows(source, driving, options, pictures)


def _options(args: ArgumentConfig) -> Controls:
    with gr.Row(elem_classes="switches"):
        switches: Controls = {
            "flag_normalize_lip": gr.Checkbox(args.flag_normalize_lip, label="normalize lip"),
            "flag_relative_motion": gr.Checkbox(args.flag_relative_motion, label="relative motion"),
            "flag_pasteback": gr.Checkbox(args.flag_pasteback, label="paste-back"),
            "flag_stitching": gr.Checkbox(args.flag_stitching, label="stitching"),
        }
    regions, kinds = ["exp", "pose", "lip", "eyes", "all"], ["expression-friendly", "pose-friendly"]
    variance = args.driving_smooth_observation_variance
    with gr.Row():
        choices: Controls = {
            "animation_region": gr.Radio(regions, value=args.animation_region, label="animation region"),
            "driving_option": gr.Radio(kinds, value=args.driving_option, label="driving option (i2v)"),
            "driving_multiplier": number("driving multiplier (i2v)", args.driving_multiplier, 0, 2, 0.02),
            "driving_smooth_observation_variance": number("motion smooth strength (v2v)", variance, 1e-11, 1e-2, 1e-8),
        }
    with gr.Row():
        ratios: Controls = {
            "eyes_retargeting_ratio": slider("strength of the eyes", args.eyes_retargeting_ratio, 0, 2, 0.02),
            "lip_retargeting_ratio": slider("strength of the lips", args.lip_retargeting_ratio, 0, 2, 0.02),
        }
    return {**switches, **choices, **ratios}


def _example_rows(source: SourcePanel, driving: DrivingPanel, options: Controls, pictures: list[list[str]]) -> None:
    """Rows that fill the widgets with a click."""
    assert source.video is not None
    d0 = example("driving/d0.mp4")
    shared: list[Component] = [options["flag_relative_motion"], source.crop["flag_do_crop"], options["flag_pasteback"]]
    tabs = [source.tabs, source.tab, driving.tabs, driving.tab]
    with gr.Accordion("Examples: click on a row", open=True):
        gr.Examples(
            # the last one crops the driver, as one of the original's rows does
            [[*picture, d0, True, True, True, picture is pictures[-1]] for picture in pictures],
            [source.image, driving.widgets[DRIVING_VIDEO], *shared, driving.crop["flag_crop_driving_video"]],
            outputs=tabs,
            fn=lambda *_: _opened(IMAGE),
            run_on_click=True,
            cache_examples=False,
            label="Portrait animation",
        )
        gr.Examples(
            [[d0, d0, True, True, True, False, 3e-7]],
            [
                source.video,
                driving.widgets[DRIVING_VIDEO],
                *shared,
                driving.crop["flag_crop_driving_video"],
                options["driving_smooth_observation_variance"],
            ],
            outputs=tabs,
            fn=lambda *_: _opened(VIDEO),
            run_on_click=True,
            cache_examples=False,
            label="Portrait video editing",
        )


def _opened(kind: str) -> tuple[gr.Tabs, str, gr.Tabs, str]:
    """Both panels with the tabs open that a row has filled."""
    return gr.Tabs(selected=kind), kind, gr.Tabs(selected=DRIVING_VIDEO), DRIVING_VIDEO
