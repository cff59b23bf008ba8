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
# over/<time>-<number>          a job that is over, by when it is to be forgotten
# results/<number>...           what jobs made
_ARRIVING, _OPEN, _CLAIMS, _JOBS, _OVER, _RESULTS = "arriving", "open", "claims", "jobs", "over", "results"
_NUMBER = re.compile(r"[0-9a-f]{32}")
_RESULT = re.compile(r"([0-9a-f]{32})[\w.]*")
_HELD = re.compile(r"([0-9a-f]{32})-([0-9a-f]+)")
_LISTED = re.compile(r"[0-9]+-([0-9a-f]{32})")
_CLAIM = re.compile(r"([0-9a-f]{32})\.([0-9]{1,6})")
_FORGET = re.compile(r"([0-9]+\.[0-9]+)-([0-9a-f]{32})")
_KEPT = ("order.json", "end.json")


class Ledger:
    """Jobs in a shared folder. All methods may raise `OSError`: the folder cannot be reached.

    Names that are none of ours are passed over: file systems and people leave files of their own.

    Args:
        folder: which is shared.
        name: of this service; no other has it.
    """

    def __init__(self, folder: SharedFolder, name: str) -> None:
        self.folder, self._name = folder, name
        self._held: set[str] = set()  # places that uploads at this service hold now

    def arrive(self, number: str) -> None:
        """Hold a place for a job whose files are arriving."""
        self._held.add(number)
        self.folder.write(f"{_ARRIVING}/{number}-{self._name}", b"")

    def leave(self, number: str) -> None:
        """Give the place back; what was not queued is removed."""
        self._held.discard(number)
        self.abandon(number, self._name)

    def arriving(self) -> list[tuple[str, str]]:
        """Numbers of jobs whose files are arriving, and which service takes them."""
        found = map(_HELD.fullmatch, self.folder.names(_ARRIVING))
        return [(name[1], name[2]) for name in found if name]

    def holds(self, number: str) -> bool:
        """Whether a place is held by an upload at this service."""
        return number in self._held

    def abandon(self, number: str, service: str) -> None:
        """Give back the place that a service held; what it did not queue is removed."""
        # In this order: a job is over before it is unlisted.
        if number not in self.open() and self.folder.read(_end(number)) is None:
            self.folder.remove_folder(f"{_JOBS}/{number}")
        self.folder.remove(f"{_ARRIVING}/{number}-{service}")

    def submit(self, job: Job) -> None:
        """Queue a job, whose files are copied into the folder."""
        order = Order.of(job)
        for file in order.given.values():
            self.folder.put(job.uploads / file, f"{_JOBS}/{job.id}/{file}")
        self.folder.write(_order(job.id), order.model_dump_json().encode())
        self.folder.write(f"{_OPEN}/{time.time_ns():020d}-{job.id}", b"")
        self._held.discard(job.id)
        self.folder.remove(f"{_ARRIVING}/{job.id}-{self._name}")

    def open(self) -> list[str]:
        """Numbers of the jobs that are not over, the oldest first."""
        return [name[1] for name in map(_LISTED.fullmatch, self.folder.names(_OPEN)) if name]

    def knows(self, number: str) -> bool:
        """Whether there is such a job, over or not."""
        return _NUMBER.fullmatch(number) is not None and self.folder.read(_order(number)) is not None

    def order(self, number: str) -> Order | None:
        """What is to be done; None if there is no such job, or no longer.

        Raises:
            ValueError: what stands there is damaged, or of another version.
        """
        content = self.folder.read(_order(number))
        return None if content is None else Order.model_validate_json(content)

    def claims(self) -> dict[str, int]:
        """Numbers of the jobs that somebody does or did -> the last attempt, from 0 on."""
        found: dict[str, int] = {}
        for name in filter(None, map(_CLAIM.fullmatch, self.folder.names(_CLAIMS))):
            found[name[1]] = max(found.get(name[1], -1), int(name[2]))
        return found

    def claimant(self, number: str, attempt: int) -> str | None:
        """Who made an attempt; None if it was taken back."""
        content = self.folder.read(f"{_CLAIMS}/{number}.{attempt}")
        return None if content is None else content.decode(errors="replace")

    def claim(self, number: str, attempt: int) -> bool:
        """Take a job; False if somebody else did."""
        return self.folder.create(f"{_CLAIMS}/{number}.{attempt}", self._name.encode())

    def unclaim(self, number: str, attempt: int) -> None:
        """Give a job back."""
        self.folder.remove(f"{_CLAIMS}/{number}.{attempt}")

    def fetch(self, number: str, order: Order, workspace: Workspace) -> Job | None:
        """A job with its uploads on this machine; None if they are gone."""
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
        return Progress.read(self.folder.read(f"{_JOBS}/{number}/progress.json"))

    def end(self, number: str, end: End) -> bool:
        """Let a job end; False if it has ended already, or was forgotten."""
        if not self.knows(number):
            return False
        was_first = self.folder.create(_end(number), end.model_dump_json().encode())
        if not self.knows(number):  # forgotten at this moment: nothing of it may come back
            self.forget(number)
            return False
        self.tidy(number)
        return was_first

    def ended(self, number: str) -> End | None:
        """How a job ended; None if it has not, or if there is none."""
        if not _NUMBER.fullmatch(number):
            return None
        content = self.folder.read(_end(number))
        return None if content is None else End.read(content, number)

    def tidy(self, number: str) -> None:
        """Remove what a job that ended no longer needs; its last steps again, should somebody have died over them."""
        end = self.ended(number)
        if end is not None:
            self.folder.write(f"{_OVER}/{end.until:017.6f}-{number}", b"")
        for file in self.folder.names(f"{_JOBS}/{number}"):
            if file not in _KEPT:
                self.folder.remove(f"{_JOBS}/{number}/{file}")
        self.unlist(number)

    def unlist(self, number: str) -> None:
        """Nobody is to do a job: it is over, or was forgotten."""
        for name in filter(None, map(_CLAIM.fullmatch, self.folder.names(_CLAIMS))):
            if name[1] == number:
                self.folder.remove(f"{_CLAIMS}/{name[0]}")
        self._remove_listed(_OPEN, number)

    def over(self) -> list[tuple[float, str]]:
        """Until when jobs that ended are kept, and their numbers, the oldest first."""
        found = map(_FORGET.fullmatch, self.folder.names(_OVER))
        return [(float(name[1]), name[2]) for name in found if name]

    def forget(self, number: str) -> None:
        """Remove all that there is of a job that ended; what comes first decides what others see of it."""
        self.folder.remove(_order(number))
        self.folder.remove(_end(number))
        for name in self.folder.names(_RESULTS):
            if name.startswith(number):
                self.folder.remove(f"{_RESULTS}/{name}")
        self.folder.remove_folder(f"{_JOBS}/{number}")
        self.unlist(number)
        self._remove_listed(_OVER, number)

    def _remove_listed(self, folder: str, number: str) -> None:
        for name in self.folder.names(folder):
            if name.endswith(f"-{number}"):
                self.folder.remove(f"{folder}/{name}")


def result_place(name: str) -> str:
    """Where in the folder a result is."""
    return f"{_RESULTS}/{name}"


def number_of(name: str) -> str | None:
    """The number of the job that made a result; None if no result has such a name."""
    found = _RESULT.fullmatch(name)
    return None if found is None else found[1]


def _order(number: str) -> str:
    return f"{_JOBS}/{number}/order.json"


def _end(number: str) -> str:
    return f"{_JOBS}/{number}/end.json"
