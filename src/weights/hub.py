"""The model hub: is it allowed, is it there, and one file with resume.

The hub library's ``hf_hub_download`` is not used as it stands, for two measured reasons (huggingface_hub 2.4):
it downloads to a file with a random name and removes it on any error, so a cut or interrupted download of 200 MB
starts again at zero the next time; and with nobody at the other end it retries for about 25 seconds before it says so.
Its building blocks do what is needed: one HEAD without retries, and ``http_get`` into a file that we keep.
"""

import logging
import os
import threading
from dataclasses import dataclass
from pathlib import Path

from ..errors import WeightsError

logger = logging.getLogger(__name__)

_OFFLINE_VARIABLES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
_TRUE = {"1", "ON", "YES", "TRUE"}
_DOWNLOAD_ATTEMPTS = 5


@dataclass(frozen=True)
class RemoteFile:
    """What the hub says about a file: address, size in bytes and entity tag (the SHA-256 of a large file)."""

    url: str
    size: int | None
    etag: str | None


def hub_endpoint() -> str:
    """Return the hub's address: ``HF_ENDPOINT``, else the library's default."""
    from huggingface_hub import constants  # here and below: the import costs time that an offline run need not pay

    return (os.environ.get("HF_ENDPOINT") or constants.ENDPOINT).rstrip("/")


def hub_is_offline() -> bool:
    """Tell whether the hub's offline variables forbid any request."""
    return any(os.environ.get(name, "").upper() in _TRUE for name in _OFFLINE_VARIABLES)


def look_up(repo: str, path: str, timeout: float) -> RemoteFile:
    """Ask the hub about one file, once.

    Args:
        repo: Hub repository, for example ``KwaiVGI/LivePortrait``.
        path: Name of the file in the repository.
        timeout: Seconds for the whole question, name resolution included.

    Raises:
        WeightsError: The hub did not answer in time, or has no such file.
    """
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    endpoint = hub_endpoint()
    url = hf_hub_url(repo, path, endpoint=endpoint)
    answer: list[RemoteFile] = []
    failure: list[Exception] = []

    def ask() -> None:
        try:
            metadata = get_hf_file_metadata(url, timeout=timeout)
            answer.append(RemoteFile(url, metadata.size, metadata.etag))
        except Exception as error:  # the transport's errors depend on the library's version: the caller sees ours
            failure.append(error)

    # In a thread of its own, because no timeout of the transport bounds a name server that does not answer.
    thread = threading.Thread(target=ask, daemon=True, name="hub-look-up")
    thread.start()
    thread.join(timeout)
    if answer:
        return answer[0]
    if not failure:
        raise WeightsError(f"the hub at {endpoint} did not answer within {timeout:g} s")
    raise WeightsError(_explain(failure[0], endpoint, f"{repo}/{path}")) from failure[0]


def download(remote: RemoteFile, part: Path, title: str) -> None:
    """Download a file, going on where an earlier attempt stopped, with a progress bar on stderr.

    Args:
        remote: What ``look_up`` returned.
        part: File to write; what it already holds is kept and asked for no more.
        title: Name at the progress bar.

    Raises:
        WeightsError: The transfer failed and more attempts brought no more bytes; ``part`` is kept.
    """
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers

    if remote.size is not None and _size(part) > remote.size:
        part.unlink()  # not the beginning of this file
    for attempt in range(1, _DOWNLOAD_ATTEMPTS + 1):
        before = _size(part)
        # Resuming counts in bytes of the file, so the transfer must not be compressed.
        headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
        try:
            with part.open("ab") as out:
                http_get(
                    remote.url,
                    out,
                    resume_size=before,
                    headers=headers,
                    expected_size=remote.size,
                    displayed_filename=title,
                )
            return
        except Exception as error:  # as above: whatever the transport raises
            if attempt == _DOWNLOAD_ATTEMPTS or _size(part) <= before:
                raise WeightsError(_explain(error, hub_endpoint(), title)) from error
            logger.warning("download of '%s' was cut at %d bytes, going on from there", title, _size(part))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _explain(error: Exception, endpoint: str, what: str) -> str:
    """Return one clause on what went wrong, without the library's pages of advice."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status == 404:
        return f"'{what}' is not on the hub at {endpoint} (404)"
    if status is not None:
        return f"the hub at {endpoint} answered {status} for '{what}'"
    text = str(error).strip().splitlines()
    return f"the hub at {endpoint} cannot be used: {type(error).__name__}{': ' + text[0] if text else ''}"
