"""The end of every run: frames composed and written in a thread of their own while the networks make the next ones."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack

from ..face.face import Rgb
from ..media.background import Behind
from .compose import Composer
from .render import RenderedFrame
from .report import StageClock


def finish_frames(
    frames: Generator[RenderedFrame, None, None],
    composer: Composer,
    clock: StageClock,
    write_result: Callable[[Rgb], None],
    write_concat: Callable[[Rgb], None] | None,
    *,
    drivers: Sequence[int | None],
    previews: Sequence[Generator[Rgb, None, None]] = (),
) -> None:
    """Compose and write all frames; all streams are closed at the end and after errors.

    Args:
        frames: what is to be written.
        composer: makes finished frames of them.
        clock: of the run.
        write_result: takes every finished frame.
        write_concat: takes every side-by-side frame; None = none is wanted.
        drivers: for every face the number of its preview; None = there is nothing to be seen.
        previews: the drivers' frames.
    """

    def finish(rendered: RenderedFrame) -> None:
        with clock.stage("paste back"):
            frame = composer.result(rendered)
        with clock.stage("encode"):
            write_result(frame)
        if write_concat is not None:
            with clock.stage("side by side"):
                shown = [next(preview, None) for preview in previews]
                row = composer.side_by_side(rendered, [None if k is None else shown[k] for k in drivers])
            with clock.stage("encode"):
                write_concat(row)

    with ExitStack() as stack:
        for stream in (frames, *previews):  # else a kept traceback keeps their threads
            stack.callback(stream.close)
        behind = stack.enter_context(Behind(finish))
        for rendered in frames:
            behind.put(rendered)
