"""`build()`: the HTTP service as an application of Ray Serve (docs/scale.md).

    serve run docs/serve.yaml

Every replica is a whole service with a model of its own; what they share is the folder of jobs and results.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import cv2
import torch
from fastapi import FastAPI
from pydantic import TypeAdapter, ValidationError
from ray import serve
from ray.serve import Application

from ..config.service_options import ServiceOptions
from ..errors import InputError
from ..service.animator import Animator, WrapperAnimator
from ..service.app import create_app
from ..storage.places import is_remote
from ..storage.shared_folder import check_shared, open_shared

DEPLOYMENT = "LivePortrait"

MakeAnimator = Callable[[ServiceOptions], Animator]


def build(args: Mapping[str, Any]) -> Application:
    """The application; called by `serve run` with the `args` of the configuration.

    Args:
        args: options of `serve.py` by their names; `shared_folder` is needed.

    Raises:
        InputError: an option that is none, or has a value that makes no sense, or a folder that cannot be used.
    """
    options = options_of(args)
    assert options.shared_folder is not None, "checked"
    check_shared(
        open_shared(options.shared_folder)
    )  # here, for a mistake to be told once, and before models are loaded
    return application(options)


def application(options: ServiceOptions, make: MakeAnimator = WrapperAnimator, num_replicas: int = 1) -> Application:
    """The same for options.

    Args:
        options: of the service; they must name a shared folder.
        make: the model of a replica.
        num_replicas: as long as no configuration says otherwise.
    """

    def app() -> FastAPI:
        _keep_to_own_cores()
        return create_app(options, make(options))

    replica: type = serve.ingress(app)()
    replica.__name__ = DEPLOYMENT
    return serve.deployment(replica, name=DEPLOYMENT, num_replicas=num_replicas, max_ongoing_requests=64).bind()  # type: ignore[attr-defined]


def options_of(args: Mapping[str, Any]) -> ServiceOptions:
    """Options of the service as a configuration gives them.

    Raises:
        InputError: an option that is none, or has a value that makes no sense.
    """
    known = [field.name for field in fields(ServiceOptions)]
    for name, value in args.items():
        if name not in known:
            raise InputError(f"args: there is no option '{name}'; there are {', '.join(known)}")
        if isinstance(value, bool):
            raise InputError(f"args: {name} is {value!r}, which none of the options can be")
    try:
        options = TypeAdapter(ServiceOptions).validate_python(dict(args))
    except ValidationError as error:
        first = error.errors()[0]
        option = str(first["loc"][0])
        raise InputError(f"args: {option} is {args[option]!r}: {first['msg']}") from error
    if options.shared_folder is None:
        raise InputError("args: shared_folder is needed, a path or URL that all replicas reach")
    if options.folder is not None:
        raise InputError("args: folder cannot be given: each replica needs one of its own, and makes it")
    for option in ("shared_folder", "weights_dir"):
        place = getattr(options, option)
        if place is not None and not is_remote(str(place)) and not Path(place).expanduser().is_absolute():
            raise InputError(f"args: {option} is '{place}': replicas run anywhere, so a whole path is needed")
    options.check()
    return options


def _keep_to_own_cores() -> None:
    """A replica takes as many threads as cores are set aside for it: by default each library takes all."""
    threads = max(1, int(os.environ.get("OMP_NUM_THREADS", "1")))  # set by Ray
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
