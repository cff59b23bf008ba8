"""`Ledger`: where in the shared folder what stands about jobs. Of all who want to begin or to end a job, one does."""

from __future__ import annotations

import re
import time

from ...storage.shared_folder import SharedFolder
from ..job import Job
from ..workspace import Workspace
from .records import End, Order, Progress

# arriving/<number>-<service>   a place that is held while files arrive
# open/<time>-<number>          a job that is not over, by its arrival
# claims/<number>.<attempt>     who does it: the last attempt counts
# jobs/<number>/                order.json, the uploads, progress.json, end.json
# over/<time>-<number>          a job that is over, by its end
# results/<number>...           what jobs made
_ARRIVING, _OPEN, _CLAIMS, _JOBS, _OVER, _RESULTS = "arriving", "open", "claims", "jobs", "over", "results"
_NUMBER = re.compile(r"[0-9a-f]{32}")
_RESULT = re.compile(r"([0-9a-f]{32})[\w.]*")


class Ledger:
    """Jobs in a shared folder. All methods may raise `OSError`: the folder cannot be reached.

    Args:
        folder: which is shared.
        name: of this service; no other has it.
    """

    def __init__(self, folder: SharedFolder, name: str) -> None:
        self.folder, self._name = folder, name

    def arrive(self, number: str) -> None:
        """Hold a place for a job whose files are arriving."""
        self.folder.write(f"{_ARRIVING}/{number}-{self._name}", b"")

    def leave(self, number: str) -> None:
        """Give the place back."""
        self.folder.remove(f"{_ARRIVING}/{number}-{self._name}")

    def arriving(self) -> list[tuple[str, str]]:
        """Numbers of jobs whose files are arriving, and which service takes them."""
        parts = [name.partition("-") for name in self.folder.names(_ARRIVING)]
        return [(number, service) for number, _, service in parts]

    def abandon(self, number: str, service: str) -> None:
        """Give back the place that a service held which is no more; what it did not queue is removed."""
        if (
            number not in self.open() and self.ended(number) is None
        ):  # in this order: a job is over before it is unlisted
            self.folder.remove_folder(f"{_JOBS}/{number}")
        self.folder.remove(f"{_ARRIVING}/{number}-{service}")

    def submit(self, job: Job) -> None:
        """Queue a job, whose files are copied into the folder."""
        order = Order.of(job, f"{time.time_ns():020d}-{job.id}")
        for file in order.given.values():
            self.folder.put(job.uploads / file, f"{_JOBS}/{job.id}/{file}")
        self.folder.write(f"{_JOBS}/{job.id}/order.json", order.model_dump_json().encode())
        self.folder.write(f"{_OPEN}/{order.marker}", b"")
        self.leave(job.id)

    def open(self) -> list[str]:
        """Numbers of the jobs that are not over, the oldest first."""
        return [name.partition("-")[2] for name in self.folder.names(_OPEN)]

    def order(self, number: str) -> Order | None:
        """What is to be done; None if there is no such job, or no longer."""
        if not _NUMBER.fullmatch(number):
            return None
        content = self.folder.read(f"{_JOBS}/{number}/order.json")
        return None if content is None else Order.model_validate_json(content)

    def claims(self) -> dict[str, int]:
        """Numbers of the jobs that somebody does or did -> the last attempt, from 0 on."""
        found: dict[str, int] = {}
        for name in self.folder.names(_CLAIMS):
            number, _, attempt = name.partition(".")
            found[number] = max(found.get(number, -1), int(attempt))
        return found

    def claimant(self, number: str, attempt: int) -> str | None:
        """Who made an attempt; None if it was taken back."""
        content = self.folder.read(f"{_CLAIMS}/{number}.{attempt}")
        return None if content is None else content.decode()

    def claim(self, number: str, attempt: int) -> bool:
        """Take a job; False if somebody else did."""
        return self.folder.create(f"{_CLAIMS}/{number}.{attempt}", self._name.encode())

    def unclaim(self, number: str, attempt: int) -> None:
        """Give a job back."""
        self.folder.remove(f"{_CLAIMS}/{number}.{attempt}")

    def fetch(self, number: str, order: Order, workspace: Workspace) -> Job | None:
        """A job with its uploads on this machine; None if they are gone, so that it is over."""
        workspace.remove_upload(number)
        folder = workspace.new_upload(number)
        for file in order.given.values():
            if not self.folder.get(f"{_JOBS}/{number}/{file}", folder / file):
                workspace.remove_upload(number)
                return None
        return order.job(number, workspace, folder)

    def report(self, number: str, progress: Progress) -> None:
        """Tell how far a job is."""
        self.folder.write(f"{_JOBS}/{number}/progress.json", progress.model_dump_json().encode())

    def progress(self, number: str) -> Progress:
        """How far a job is."""
        content = self.folder.read(f"{_JOBS}/{number}/progress.json")
        return Progress() if content is None else Progress.model_validate_json(content)

    def end(self, number: str, order: Order, end: End) -> bool:
        """Let a job end; False if it has ended already."""
        was_first = self.folder.create(f"{_JOBS}/{number}/end.json", end.model_dump_json().encode())
        self.tidy(number, order)
        return was_first

    def ended(self, number: str) -> End | None:
        """How a job ended; None if it has not, or if there is none."""
        if not _NUMBER.fullmatch(number):
            return None
        content = self.folder.read(f"{_JOBS}/{number}/end.json")
        return None if content is None else End.model_validate_json(content)

    def tidy(self, number: str, order: Order) -> None:
        """Remove what a job that ended no longer needs; its last steps again, should somebody have died over them."""
        end = self.ended(number)
        if end is not None:
            self.folder.write(f"{_OVER}/{end.at:017.6f}-{number}", b"")
        for file in [*order.given.values(), "progress.json"]:
            self.folder.remove(f"{_JOBS}/{number}/{file}")
        self.folder.remove(f"{_OPEN}/{order.marker}")
        for attempt in range(self.claims().get(number, -1) + 1):
            self.unclaim(number, attempt)

    def unlist(self, number: str) -> None:
        """Take a job from the list of those that are not over: it was forgotten, and somebody died over that."""
        for name in self.folder.names(_OPEN):
            if name.endswith(f"-{number}"):
                self.folder.remove(f"{_OPEN}/{name}")

    def over(self) -> list[tuple[float, str]]:
        """When jobs ended, and their numbers, the oldest first."""
        parts = [name.partition("-") for name in self.folder.names(_OVER)]
        return [(float(at), number) for at, _, number in parts]

    def forget(self, number: str, end: End) -> None:
        """Remove all that there is of a job that ended."""
        for name in end.files:
            self.folder.remove(f"{_RESULTS}/{name}")
        self.folder.remove_folder(f"{_JOBS}/{number}")
        self.folder.remove(f"{_OVER}/{end.at:017.6f}-{number}")


def result_place(name: str) -> str:
    """Where in the folder a result is."""
    return f"{_RESULTS}/{name}"


def number_of(name: str) -> str | None:
    """The number of the job that made a result; None if no result has such a name."""
    found = _RESULT.fullmatch(name)
    return None if found is None else found[1]
