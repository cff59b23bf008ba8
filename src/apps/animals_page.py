"""The page for cats and dogs (spec: pipeline, section 16.4), with a camera as well."""

from __future__ import annotations

import gradio as gr

from ..config.argument_config import ArgumentConfig
from .animate_tab import AnimateTab
from .controls import Controls, number
from .driving_panel import PICKLE, VIDEO, DrivingPanel
from .frame import Page, example, examples, header
from .live_tab import LiveTab
from .progress import forget_visitors
from .results_panel import ResultsPanel
from .runs import KEPT_SECONDS
from .source_panel import IMAGE, SourcePanel

_TEMPLATES = ("smile.safetensors", "talk.safetensors", "look_around.safetensors")


def animals_page(page: Page) -> gr.Blocks:
    """Build the page."""
    pictures = examples("source", ["cat.jpg"])
    with gr.Blocks(title="LivePortrait animals", analytics_enabled=False, delete_cache=(600, KEPT_SECONDS)) as blocks:
        header(page, "title_animals")
        with gr.Tabs(overflow_behavior="wrap"):
            with gr.Tab("Animate"):
                _animate(page, pictures)
            with gr.Tab("Live"):
                LiveTab(page, pictures)
        forget_visitors(blocks, page)
    return blocks


def _animate(page: Page, pictures: list[list[str]]) -> None:
    is_compact = page.wrapper.engine.keypoints == "compact"  # whose templates the examples are
    templates, clips = examples("driving", _TEMPLATES) if is_compact else [], examples("driving", ["d0.mp4"])
    with gr.Row():
        with gr.Column():
            source = SourcePanel(page, pictures)
        with gr.Column():
            driving = DrivingPanel(page, (PICKLE, VIDEO), {PICKLE: templates, VIDEO: clips})
    with gr.Accordion("Animation Options", open=False):
        options = _options(page.args, is_compact)
    buttons = gr.Column()
    results = ResultsPanel(with_gif=True)
    with buttons:
        AnimateTab(page, source, driving, options, results).buttons()
    tabs = [source.tabs, source.tab, driving.tabs, driving.tab]
    cat = example("source/cat.jpg")
    switches = [source.crop["flag_do_crop"], options["flag_stitching"], options["flag_pasteback"]]
    switches.append(driving.crop["flag_crop_driving_video"])
    with gr.Accordion("Examples: click on a row", open=True):
        for kind, drivers in ((PICKLE, templates), (VIDEO, clips)):
            if drivers:
                gr.Examples(
                    [[cat, *driver, True, False, is_compact, False] for driver in drivers],
                    [source.image, driving.widgets[kind], *switches],
                    outputs=tabs,
                    fn=lambda *_, kind=kind: (gr.Tabs(), IMAGE, gr.Tabs(selected=kind), kind),
                    run_on_click=True,
                    cache_examples=False,
                    label=f"Driven by a {'motion template' if kind == PICKLE else 'video'}",
                )


def _options(args: ArgumentConfig, is_compact: bool) -> Controls:
    """Official weights of animals are not pasted back; the compact ones need no stitching for it."""
    paste = gr.Checkbox(is_compact, label="paste-back" if is_compact else "paste-back (not recommended)", render=False)
    with gr.Row(elem_classes="switches"):
        stitching = gr.Checkbox(args.flag_stitching, label="stitching (not recommended)")
        paste.render()
        multiplier = number("driving multiplier", args.driving_multiplier, 0, 2, 0.02)
    return {"flag_stitching": stitching, "flag_pasteback": paste, "driving_multiplier": multiplier}
