"""The service as an application of Ray Serve, on a cluster of this machine that is begun for it."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import httpx
import psutil
import ray
from ray import serve

from src.cluster.deployment import DEPLOYMENT, MakeAnimator, application
from src.config.service_options import ServiceOptions
from src.service.animator import WrapperAnimator
from src.service.workspace import Workspace
from tests.service.running import Running, eventually

CORES = 4  # that the cluster believes to have: replicas, and what Serve needs itself


@contextmanager
def cluster() -> Iterator[int]:
    """A cluster whose Serve listens on loopback; the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    ray.init(
        address="local",
        num_cpus=CORES,
        include_dashboard=False,
        object_store_memory=100 * 2**20,
        _node_ip_address="127.0.0.1",
        logging_level=logging.WARNING,
        log_to_driver=False,
    )
    try:
        serve.start(http_options={"host": "127.0.0.1", "port": port, "request_timeout_s": 300})
        yield port
    finally:
        serve.shutdown()
        ray.shutdown()


@contextmanager
def served(options: ServiceOptions, common: Path, port: int, make: MakeAnimator = WrapperAnimator) -> Iterator[Running]:
    """Two replicas of the service, as callers see them.

    Args:
        options: of all replicas.
        common: the folder that they share.
        port: where Serve listens.
        make: the model of a replica.
    """
    options.shared_folder = str(common)
    two = application(options, make, num_replicas=2)
    serve.run(two, name="liveportrait", route_prefix="/")
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
            service = SimpleNamespace(workspace=Workspace(common))
            eventually(lambda: len(replicas()) == 2)
            yield Running(client, port, service, None)  # type: ignore[arg-type]
    finally:
        serve.delete("liveportrait")


def replicas() -> list[psutil.Process]:
    """Processes of the replicas of the cluster at hand."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            line = process.cmdline()
        except psutil.Error:  # it has just ended
            continue
        if line and line[0].startswith("ray::ServeReplica") and DEPLOYMENT in line[0]:
            found.append(process)
    return found
