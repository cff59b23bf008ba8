"""What a command line shows: log lines and progress on stderr, the result on stdout."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from types import TracebackType
from typing import Self, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from ..engine.allocator import keep_freed_memory
from ..errors import LivePortraitError
from .process import calm_threads

Arguments = TypeVar("Arguments")

PACKAGE = __name__.partition(".")[0]  # "src" in a checkout, "liveportrait" when installed


class _Speed(ProgressColumn):
    """Speed of a task, in frames per second or another unit."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:5.1f} {self._unit}", style="progress.data.speed")


class ProgressBars:
    """One bar per stage, made when the stage first reports; usable as the `progress` of `execute()`."""

    def __init__(self, console: Console, unit: str = "frames/s") -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Speed(unit),
            TimeRemainingColumn(),
            console=console,
        )
        self._tasks: dict[str, Task] = {}

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        """Show that `done` of `total` frames of a stage are finished."""
        if stage not in self._tasks:
            self._progress.start()
            number = self._progress.add_task(stage, total=total)
            self._tasks[stage] = next(task for task in self._progress.tasks if task.id == number)
        self._progress.update(self._tasks[stage].id, completed=done, total=total)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._tasks:  # bars that never began would still print an empty line
            self._progress.stop()


class _ConsoleHandler(logging.Handler):
    """Writes each record as one line above the progress bars; lines are not folded, so that logs can be searched."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(message)s"))
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        text = Text(self.format(record))
        if record.levelno >= logging.WARNING:
            text = Text(f"{record.levelname.lower()}: ", style="bold yellow") + text
        self._console.print(text, soft_wrap=True)


def start_logging(console: Console) -> None:
    """Send the project's log lines, from INFO up, to the console; other libraries' from WARNING up."""
    logging.basicConfig(level=logging.WARNING, handlers=[_ConsoleHandler(console)], force=True)
    logging.getLogger(PACKAGE).setLevel(logging.INFO)


def run_command(
    parse: Callable[[Sequence[str] | None], Arguments],
    work: Callable[[Arguments, Console], str | None],
    argv: Sequence[str] | None,
) -> int:
    """Be the main function of a program: read its command line, then do what it says as `run_and_report()` does.

    Args:
        parse: reads the words; where it prints the help to somebody who reads no further, that is no error.
        work: does what they say; gives what is to be printed.
        argv: the words after the program's name; None = those of this process.

    Returns:
        The exit code.
    """
    try:
        args = parse(argv)
    except BrokenPipeError:  # `--help | head`
        _silence_stdout()
        return 0
    return run_and_report(lambda console: work(args, console))


def run_and_report(action: Callable[[Console], str | None]) -> int:
    """Run a command: print its result as the last line on stdout, turn errors into one line on stderr and an exit code.

    Returns:
        0, 1 for an error the user can mend, 130 after Ctrl-C.
    """
    console = Console(stderr=True)
    start_logging(console)
    calm_threads()
    keep_freed_memory()
    try:
        result = action(console)
    except LivePortraitError as error:
        sys.stderr.write(f"error: {_one_line(str(error))}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        return 130
    if result is not None:
        _print_path(result)
    return 0


def _one_line(text: str) -> str:
    """A text with its control characters made visible: a file's name may hold any, a line feed too."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def _silence_stdout() -> None:
    """Nobody reads on: keep Python from complaining about it when it closes stdout at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_path(path: str) -> None:
    """Write a path to stdout, whatever characters it holds and whatever stdout's encoding is."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape" if os.name == "posix" else "backslashreplace")
    sys.stdout.write(f"{path}\n")
