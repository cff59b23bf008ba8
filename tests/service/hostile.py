"""Requests that mean no good, or come from a program that is wrong: name -> what is sent, and what may be answered."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import media
from .hostile_templates import PICKLES, template_with_rate

UNFIT, TOO_MUCH, WRONG, BROKEN = {415}, {413}, {422}, {400}
EDGE = "----edge"
FORM = {"Content-Type": f"multipart/form-data; boundary={EDGE}"}


@dataclass
class Bad:
    """A request that must be refused.

    Attributes:
        statuses: that may be answered.
        path: with query.
        method: of HTTP.
        source: content; None = a good portrait; "" = left out.
        driving: likewise.
        fields: of the form.
        content: the whole body, made by hand.
        headers: likewise.
        says: what the reason must mention.
    """

    statuses: set[int]
    path: str = "/animate"
    method: str = "POST"
    source: Callable[[], bytes] | str | None = None
    driving: Callable[[], bytes] | str | None = None
    fields: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    says: str = ""


def part(name: str, value: bytes, more: str = "") -> bytes:
    head = f'--{EDGE}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + value + b"\r\n"


def form(*parts: bytes, end: bool = True) -> bytes:
    return b"".join(parts) + (f"--{EDGE}--\r\n".encode() if end else b"")


def by_hand(statuses: set[int], content: bytes, says: str = "") -> Bad:
    return Bad(statuses, content=content, headers=FORM, says=says)


def _as_source(data: bytes) -> Callable[[], bytes]:
    return lambda: data


NOT_MEDIA = {
    "empty": b"",
    "one byte": b"\x00",
    "zeros": bytes(5000),
    "text": b"just some words\n" * 50,
    "web page": b"<!DOCTYPE html><html><script>alert(1)</script></html>",
    "drawing with a script": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "JSON": b'{"source": "/etc/passwd"}',
    "PDF": b"%PDF-1.7\n%...",
    "ZIP": b"PK\x03\x04" + bytes(200),
    "gzip": b"\x1f\x8b\x08" + bytes(200),
    "program": b"\x7fELF\x02\x01\x01" + bytes(200),
    "script": b"#!/bin/sh\ntouch marker\n",
    "HEIC": b"\x00\x00\x00\x18ftypheic" + bytes(100),
    "pointer": b"version https://git-lfs.github.com/spec/v1\n",
    "playlist": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    "list of files": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "stream description in disguise": b"abc\nG".ljust(196, b"x")
    + b"G\nv=0\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    "JPEG without an end": b"\xff\xd8\xff\xe0" + bytes(30),
    "BMP of huge size": b"BM" + bytes(4) + bytes(4) + b"\x36\0\0\0\x28\0\0\0" + b"\xff\xff\xff\x7f" * 2 + bytes(28),
    "TIFF of noise": b"II*\x00" + b"\xff" * 300,
    "WebP of noise": b"RIFF\x00\x01\x00\x00WEBPVP8 " + b"\x11" * 300,
    "AVIF of noise": b"\x00\x00\x00\x1cftypavif" + b"\x22" * 300,
    "GIF of noise": b"GIF89a" + b"\x33" * 300,
    "MP4 of noise": b"\x00\x00\x00\x18ftypmp42" + b"\x44" * 3000,
    "Matroska of noise": b"\x1aE\xdf\xa3" + b"\x55" * 3000,
    "AVI of noise": b"RIFF\x00\x10\x00\x00AVI " + b"\x66" * 3000,
    "Ogg of noise": b"OggS" + b"\x77" * 3000,
    "FLV of noise": b"FLV\x01" + b"\x12" * 3000,
    "transport stream of noise": b"G" + b"\x88" * 187 + b"G" + b"\x88" * 3000,
}

FILES = {
    **{f"template: {name}": Bad(UNFIT, driving=_as_source(data), says="the pickle ") for name, data in PICKLES.items()},
    "template of endless rate": Bad(UNFIT, driving=lambda: template_with_rate("1e999999"), says="no fraction"),
    "half a PNG": Bad(UNFIT, source=lambda: media.picture((300, 300), "PNG")[:200]),
    "half a JPEG": Bad(UNFIT, source=lambda: media.portrait()[:3000]),
    "pixel bomb": Bad(TOO_MUCH, source=lambda: media.png_that_claims(60000, 60000), says="pixels"),
    "pixel bomb, smaller": Bad(TOO_MUCH, source=lambda: media.png_that_claims(9000, 9000), says="9000 x 9000"),
    "more pixels than allowed": Bad(TOO_MUCH, source=lambda: media.picture((2000, 2000)), says="2000 x 2000"),
    "PNG without pixels": Bad(UNFIT, source=lambda: media.png_that_claims(0, 0)),
    "PNG with too few bytes": Bad(UNFIT, source=lambda: media.png_that_claims(1000, 1000)),
    "text bomb": Bad(UNFIT | WRONG, source=media.png_with_a_text_bomb),
    "one pixel": Bad(WRONG, source=lambda: media.picture((1, 1))),
    "a sliver": Bad(WRONG, source=lambda: media.picture((3000, 1))),
    "nobody": Bad(WRONG, source=lambda: media.picture((300, 300)), says="no face"),
    "nobody drives": Bad(WRONG, driving=lambda: media.clip(media.blank(3)), says="no face"),
    "half a video": Bad(UNFIT, driving=lambda: media.driver()[:2000]),
    "sound alone": Bad(UNFIT, driving=media.sound, says="no picture track"),
    "long video": Bad(TOO_MUCH, driving=lambda: media.clip(media.blank(150)), says="seconds long"),
    "fast video": Bad(TOO_MUCH, driving=lambda: media.clip(media.blank(300), rate=1000), says="frames long"),
    "leap in time": Bad(TOO_MUCH, driving=lambda: media.clip(media.blank(2), stamps=[0, 10**6]), says="seconds long"),
    "leap in time, Matroska": Bad(
        TOO_MUCH, driving=lambda: media.clip(media.blank(2), kind="matroska", stamps=[0, 10**6]), says="seconds long"
    ),
    "vast frames": Bad(
        TOO_MUCH,
        driving=lambda: media.clip(media.blank(1, (4224, 4096)), codec="mpeg4", kind="avi"),
        says="4224 x 4096",
    ),
    "long source": Bad(TOO_MUCH, source=lambda: media.clip(media.blank(150)), says="the source"),
    "pickle with a command": Bad(UNFIT, driving=media.evil_pickle, says="not opened"),
    "pickle with a command, protocol 2": Bad(UNFIT, driving=lambda: media.evil_pickle(2), says="not opened"),
    "pickle as source": Bad(UNFIT, source=media.evil_pickle),
    "pickle that wants memory": Bad(UNFIT, driving=lambda: b"\x80\x04Nr\xff\xff\xff\x7f."),
    "half a pickle": Bad(UNFIT, driving=lambda: media.template(suffix=".pkl")[:500]),
    "half a template": Bad(UNFIT, driving=lambda: media.template()[:-100]),
    "template without tensors": Bad(UNFIT, driving=lambda: media.safetensors(b"{}".ljust(64))),
    "template with a long header": Bad(UNFIT, driving=lambda: media.safetensors(b"{}", 2**31)),
    "template that is no JSON": Bad(UNFIT, driving=lambda: media.safetensors(b"{" * 100)),
    "template of another model": Bad(WRONG, driving=lambda: media.template(model="base"), says="base"),
    "long template": Bad(TOO_MUCH, driving=lambda: media.long_template(500), says="the driving"),
    "slow template": Bad(TOO_MUCH, driving=lambda: media.template(fps=media.Fraction(1, 10)), says="seconds long"),
    "template as source": Bad(UNFIT, source=lambda: media.template(), says="belongs to driving"),
    "template of a template": Bad(UNFIT, "/templates", source="", driving=lambda: media.template()),
    "animal in a video": Bad(WRONG, source=lambda: media.driver(), fields={"kind": "animal"}, says="picture"),
    "picture drives an animal": Bad(WRONG, driving=lambda: media.portrait(), fields={"kind": "animal"}),
    "too large": Bad(TOO_MUCH, source=lambda: bytes(5 << 20), says="4 MiB"),
}

FIELDS = {
    "no source": Bad(WRONG, source="", says="source is missing"),
    "no driving": Bad(WRONG, driving="", says="driving is missing"),
    "output": Bad(WRONG, fields={"output": "/tmp/stolen.mp4"}, says="no field 'output'"),
    "output folder": Bad(WRONG, fields={"output_dir": "../.."}),
    "template path": Bad(WRONG, fields={"save_motion_template": "marker.safetensors"}),
    "report": Bad(WRONG, fields={"report": "marker.json"}),
    "weights": Bad(WRONG, fields={"weights_dir": "/"}),
    "device": Bad(WRONG, fields={"device": "cuda:7"}),
    "model": Bad(WRONG, fields={"model": "base"}),
    "detector": Bad(WRONG, fields={"detector": "insightface"}),
    "from Python alone": Bad(WRONG, fields={"paste_unstitched": "true"}),
    "unknown": Bad(WRONG, fields={"colour": "red"}),
    "crf too large": Bad(WRONG, fields={"crf": "52"}, says="crf"),
    "crf no number": Bad(WRONG, fields={"crf": "good"}),
    "crf twice the digits": Bad(WRONG, fields={"crf": "9" * 4000}),
    "no number": Bad(WRONG, fields={"scale": "nan"}),
    "endless": Bad(WRONG, fields={"driving_multiplier": "inf"}),
    "tiny scale": Bad(WRONG, fields={"scale": "1e-300"}),
    "odd size": Bad(WRONG, fields={"output_size": "333"}),
    "giant size": Bad(WRONG, fields={"output_size": "100000"}),
    "source without limit": Bad(WRONG, fields={"source_max_dim": "0"}),
    "no choice": Bad(WRONG, fields={"animation_region": "nose"}),
    "neither yes nor no": Bad(WRONG, fields={"audio": "perhaps"}),
    "kind": Bad(WRONG, fields={"kind": "dragon"}),
    "ninth face": Bad(WRONG, fields={"faces": "9"}),
    "faces of words": Bad(WRONG, fields={"faces": "the left one"}),
    "points of a person": Bad(WRONG, fields={"source_points": "1,2 3,4 5,6 7,8"}, says="kind=animal"),
    "points of nothing": Bad(WRONG, fields={"kind": "animal", "source_points": "x"}),
    "video wanted": Bad(WRONG, fields={"v2v": "true"}, says="v2v"),
    "wait": Bad(WRONG, "/animate?wait=perhaps", says="wait"),
    "portrait for a template": Bad(WRONG, "/templates", says="source"),
    "long field": Bad(TOO_MUCH, fields={"faces": "1," * 4000}),
}

SHAPES = {
    "no body": Bad(UNFIT, content=b""),
    "JSON": Bad(UNFIT, content=json.dumps({"source": "x"}).encode(), headers={"Content-Type": "application/json"}),
    "URL-encoded": Bad(
        UNFIT, content=b"source=a&driving=b", headers={"Content-Type": "application/x-www-form-urlencoded"}
    ),
    "no boundary": Bad(BROKEN, content=form(), headers={"Content-Type": "multipart/form-data"}),
    "long boundary": Bad(
        BROKEN, content=form(), headers={"Content-Type": f"multipart/form-data; boundary={'b' * 999}"}
    ),
    "other boundary": Bad(BROKEN, content=form(), headers={"Content-Type": "multipart/form-data; boundary=other"}),
    "empty form": by_hand(WRONG | BROKEN, form()),
    "cut off": by_hand(BROKEN, form(part("source", b"x"), end=False)),
    "cut in a header": by_hand(BROKEN, form(part("source", b"x"))[:30]),
    "noise": by_hand(BROKEN, bytes(range(256)) * 20),
    "no name": by_hand(BROKEN, form(f"--{EDGE}\r\nX: y\r\n\r\nz\r\n".encode())),
    "empty name": by_hand(BROKEN, form(part("", b"x"))),
    "long header": by_hand(BROKEN, form(part("a" * 5000, b"x"))),
    "many headers": by_hand(BROKEN, form(f"--{EDGE}\r\n{'A: b' + chr(13) + chr(10)}".encode() * 1 + b"A: b\r\n" * 99)),
    "many parts": by_hand(TOO_MUCH, form(*(part(f"f{n}", b"x") for n in range(500))), says="parts"),
    "source twice": by_hand(WRONG, form(part("source", b"x"), part("source", b"x")), says="twice"),
    "field twice": by_hand(WRONG, form(part("crf", b"1"), part("crf", b"2")), says="twice"),
    "not UTF-8": by_hand(BROKEN, form(part("faces", b"\xff\xfe"))),
    "third file": by_hand(WRONG, form(part("mask", b"x", '; filename="m.png"')), says="mask"),
    "field with a path for a name": by_hand(
        WRONG, form(part("../../marker", b"x", '; filename="x"')), says="no file of this form"
    ),
    "path for a file name": by_hand(
        UNFIT,
        form(part("source", b"words", '; filename="../../../marker"'), part("driving", b"w", '; filename="/etc/x"')),
    ),
    "NUL in a file name": by_hand(
        UNFIT, form(part("source", b"words", '; filename="a\0b.jpg"'), part("driving", b"words"))
    ),
    "liar about the kind": by_hand(
        UNFIT,
        form(
            part("source", b"<html></html>", '; filename="a.jpg"\r\nContent-Type: image/jpeg'),
            part("driving", b"words", '; filename="a.mp4"\r\nContent-Type: video/mp4'),
        ),
    ),
}

PLACES = {
    "no such place": Bad({404}, "/nowhere", "GET"),
    "path tricks": Bad({404}, "/results/..%2f..%2f..%2fetc%2fpasswd", "GET"),
    "path tricks with dots": Bad({404}, "/results/....//....//etc/passwd", "GET"),
    "backslashes": Bad({404}, "/results/..%5c..%5cmarker", "GET"),
    "NUL": Bad({404}, "/results/%00", "GET"),
    "no UTF-8": Bad({404}, "/results/%ff%fe", "GET"),
    "unknown result": Bad({404}, f"/results/{'0' * 32}.mp4", "GET"),
    "uploads": Bad({404}, "/results/..%2fuploads", "GET"),
    "unknown job": Bad({404}, "/jobs/none", "GET"),
    "unknown job to cancel": Bad({404}, "/jobs/none", "DELETE"),
    "long name": Bad({404}, f"/results/{'n' * 5000}", "GET"),
    "wrong method": Bad({405}, "/animate", "GET"),
    "wrong method, PUT": Bad({405}, "/animate", "PUT", content=b"x"),
    "odd method": Bad({405}, "/health", "BREW"),
    "health by POST": Bad({405}, "/health", "POST", content=b""),
}

HOSTILE: dict[str, Bad] = {
    **{f"source: {name}": Bad(UNFIT, source=_as_source(data)) for name, data in NOT_MEDIA.items()},
    **{
        f"driving: {name}": Bad(UNFIT, driving=_as_source(NOT_MEDIA[name]))
        for name in ("empty", "text", "ZIP", "playlist", "list of files", "stream description in disguise")
    },
    **{f"file: {name}": bad for name, bad in FILES.items()},
    **{f"field: {name}": bad for name, bad in FIELDS.items()},
    **{f"shape: {name}": bad for name, bad in SHAPES.items()},
    **{f"place: {name}": bad for name, bad in PLACES.items()},
}


def request_of(bad: Bad, good: dict[str, bytes]) -> dict[str, Any]:
    """Arguments of `httpx.Client.request`."""
    request: dict[str, Any] = {"method": bad.method, "url": bad.path, "headers": bad.headers}
    if bad.content is not None or bad.method != "POST":
        return request | {"content": bad.content}
    files = {}
    for name, given in (("source", bad.source), ("driving", bad.driving)):
        if given != "":
            files[name] = (f"{name}.mp4", given() if callable(given) else good[name], "video/mp4")
    return request | {"files": files, "data": bad.fields}
