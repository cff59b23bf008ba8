"""Which identities are held out of the training."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from ..data.index import Split

_STEPS = 2**64


def split_of(identity: str, held_out: Collection[str], share: float, seed: int) -> Split:
    """Where an identity belongs; depends on nothing but the arguments, so that other identities never move it.

    Args:
        identity: label of the person.
        held_out: identities that are held out in any case.
        share: of all others, 0 to 1.
        seed: another one holds others out.
    """
    if identity in held_out:
        return "held_out"
    digest = hashlib.sha256(f"{seed}:{identity}".encode(errors="surrogatepass")).digest()
    return "held_out" if int.from_bytes(digest[:8]) < share * _STEPS else "train"
