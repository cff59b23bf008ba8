"""Command lines whose --help lists the options in groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import tyro


def parse_groups(default: Any, description: str, argv: Sequence[str] | None) -> dict[str, Any]:
    """Read a command line; wrong options end the program with tyro's message and exit code 2.

    Args:
        default: a dataclass of groups, which are dataclasses of options, with the values to begin with.
        description: what --help says first.
        argv: the words after the program's name; None = those of this process.

    Returns:
        Option -> value.
    """
    groups: Any = tyro.cli(
        type(default),
        config=(tyro.conf.OmitArgPrefixes,),
        default=default,
        description=description,
        args=argv,
        use_underscores=True,
    )
    flat: dict[str, Any] = {}
    for group in fields(groups):
        flat |= vars(getattr(groups, group.name))
    return flat
