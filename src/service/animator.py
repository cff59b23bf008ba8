"""What the service asks of a model, and the real one behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from threading import Lock
from typing import Any, Literal, Protocol

from ..config.service_options import ServiceOptions
from ..live_portrait_wrapper import LivePortraitWrapper, LivePortraitWrapperAnimal
from ..pipeline.progress import Progress
from ..pipeline.result import AnimationResult

Kind = Literal["human", "animal"]


class Animator(Protocol):
    """A model that animates; called by one thread at a time."""

    def animate(self, kind: Kind, options: Mapping[str, Any], progress: Progress) -> AnimationResult:
        """Do what `LivePortraitWrapper.execute` does with such options.

        Raises:
            LivePortraitError: anything about the inputs that the caller can mend; what `progress` raises.
        """
        ...

    def running(self) -> list[str]:
        """Names of the models in use, that of people first."""
        ...


class WrapperAnimator:
    """The project's own wrappers: that of people from the start, that of animals when the first one comes.

    Args:
        options: model, folder of weights, device, engine and precision.

    Raises:
        LivePortraitError: a device or model that is not there, or weights that are missing.
    """

    def __init__(self, options: ServiceOptions) -> None:
        self._options = options
        self._making = Lock()
        self._wrappers: dict[Kind, LivePortraitWrapper] = {"human": self._make(LivePortraitWrapper)}

    def animate(self, kind: Kind, options: Mapping[str, Any], progress: Progress) -> AnimationResult:
        """Animate; the wrapper of animals is made here, once."""
        return self._wrapper(kind).execute(progress=progress, **options)

    def running(self) -> list[str]:
        """Names of the models in use, that of people first."""
        return [wrapper.engine.name for wrapper in list(self._wrappers.values())]

    def _wrapper(self, kind: Kind) -> LivePortraitWrapper:
        with self._making:
            if kind not in self._wrappers:
                self._wrappers[kind] = self._make(LivePortraitWrapperAnimal)
            return self._wrappers[kind]

    def _make(self, wrapper: type[LivePortraitWrapper]) -> LivePortraitWrapper:
        options = self._options
        config = replace(wrapper.default_config(), engine=options.engine, precision=options.precision)
        model = wrapper.official_model if options.model == "base" else options.model
        return wrapper(config, model=model, weights_dir=options.weights_dir, device=options.device)
