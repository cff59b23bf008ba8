"""Motion templates that are built to keep a reader busy for ever, or to fill its memory."""

from safetensors.torch import load, save

from src.motion import template_safetensors

from . import media

# A tuple of 2^20 numbers, in sixty bytes. With 2^40 it would keep a careless reader busy for ever, this test too.
_DOUBLED = b"\x80\x04K\x01" + b"2\x86" * 20 + b"q\x000"
_LONG_NAME = b"X" + (400_000).to_bytes(4, "little") + b"m" * 400_000


def template_with_rate(fps: str) -> bytes:
    """A template that says how many frames a second it has."""
    whole = media.template()
    metadata = template_safetensors.read_header(whole) | {"fps": fps}
    return save(load(whole), metadata=metadata)


PICKLES = {
    "key without end": _DOUBLED + b"}h\x00K\x01s.",
    "set without end": _DOUBLED + b"\x8f(h\x00\x90.",
    "type without end": _DOUBLED + b"\x8c\x16numpy._core.multiarray\x8c\x06scalar\x93\x8c\x05numpy\x8c\x05dtype\x93"
    b"h\x00\x85RC\x00\x86R.",
    "many sets": b"\x80\x04(" + b"\x8f" * 600_000 + b"l.",
    "many lists": b"\x80\x04(" + b"]" * 600_000 + b"l.",
    "long names": b"\x80\x04" + _LONG_NAME * 2 + b"\x93.",
}
