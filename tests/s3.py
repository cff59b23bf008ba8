"""A store of S3's kind on this machine, and a bucket in it that another machine writes to as well."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest

BUCKET = "bucket"


class Bucket:
    """A bucket as another machine sees it: nothing of what it knows is shared with the code under test.

    Args:
        server: that holds it.
        url: of the server.
        monkeypatch: undoes what is done to the server.
    """

    def __init__(self, server: Any, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        import boto3

        self._server, self.url, self._monkeypatch = server, url, monkeypatch
        self._client = boto3.client("s3")
        self._client.create_bucket(Bucket=BUCKET)

    def put(self, key: str, content: bytes) -> None:
        self._client.put_object(Bucket=BUCKET, Key=key, Body=content)

    def get(self, key: str) -> bytes:
        return self._client.get_object(Bucket=BUCKET, Key=key)["Body"].read()

    def remove(self, key: str) -> None:
        self._client.delete_object(Bucket=BUCKET, Key=key)

    def keys(self, prefix: str = "") -> list[str]:
        return [one["Key"] for one in self._client.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])]

    def buckets(self) -> list[str]:
        return [one["Name"] for one in self._client.list_buckets()["Buckets"]]

    def lock(self) -> None:
        """Know nobody's credentials from now on."""
        from moto import settings
        from moto.core.responses import ActionAuthenticatorMixin

        self._monkeypatch.setattr(settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0.0)
        self._monkeypatch.setattr(ActionAuthenticatorMixin, "request_count", 0)

    def stop(self) -> None:
        """Take the server off the line."""
        self._server.stop()

    def resume(self) -> None:
        """Answer again, at the same address, with what was there."""
        from moto.server import ThreadedMotoServer

        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=int(self.url.rpartition(":")[2]), verbose=False)
        self._server.start()


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """An empty bucket of a server of this test's own, whose address and credentials are in the environment."""
    s3fs, moto = pytest.importorskip("s3fs"), pytest.importorskip("moto.server")
    import requests

    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    requests.post(f"{url}/moto-api/reset", timeout=10).raise_for_status()  # what it holds is kept in this process
    for name, value in {
        "ENDPOINT_URL": url,
        "ACCESS_KEY_ID": "someone",
        "SECRET_ACCESS_KEY": "secret",
        "DEFAULT_REGION": "us-east-1",
        "MAX_ATTEMPTS": "1",  # of one request: a server that was stopped does not come back
        "CONFIG_FILE": os.devnull,
        "SHARED_CREDENTIALS_FILE": os.devnull,
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    s3fs.S3FileSystem.clear_instance_cache()
    one = Bucket(server, url, monkeypatch)
    yield one
    one.stop()
    s3fs.S3FileSystem.clear_instance_cache()
