"""`Site`: what the parts of `SharedJobs` have in common, made once a service."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ...config.service_options import ServiceOptions
from ...storage.shared_folder import SharedFolder
from ..animator import Animator
from ..job import new_number
from ..problem import Problem
from ..schemas import JobStatus
from ..workspace import Workspace
from .ledger import Ledger
from .records import End
from .replicas import Replicas

_LOOK_SECONDS, _LOOK_SECONDS_AT_A_STORE = 0.1, 1.0


@dataclass(eq=False)
class Site:
    """A service among those that share a folder.

    Attributes:
        animator: the model.
        workspace: where files of this machine are.
        options: of the service.
        folder: which is shared.
        clock: seconds since 1970.
        name: of this service; no other has it.
        ledger: what stands in the folder about jobs.
        replicas: which services are alive.
    """

    animator: Animator
    workspace: Workspace
    options: ServiceOptions
    folder: SharedFolder
    clock: Callable[[], float]
    name: str = field(default_factory=new_number)
    ledger: Ledger = field(init=False)
    replicas: Replicas = field(init=False)

    def __post_init__(self) -> None:
        """Make the parts that need no more."""
        self.ledger = Ledger(self.folder, self.name)
        self.replicas = Replicas(self.folder, self.name)

    @property
    def look_seconds(self) -> float:
        """Time between two looks at the folder: those at a store cost money."""
        return _LOOK_SECONDS if self.folder.path("") is not None else _LOOK_SECONDS_AT_A_STORE

    def end(self, status: JobStatus, files: Iterable[str] = (), problem: Problem | None = None) -> End:
        """The end, now, of a job; as `End.of`."""
        return End.of(status, files, problem, self.clock(), self.options.keep_minutes * 60, self.name)
