"""What the docstrings of a connector tell people: what it is, and the paragraphs on credentials, limits and gaps."""

from __future__ import annotations

import inspect
import re
import sys
from dataclasses import dataclass

from okrsync.connect.registry import Kind

_PARTS = ("Credentials", "Limits", "Cannot")
_PART = re.compile(rf"^({'|'.join(_PARTS)}):\s*", re.MULTILINE)
_STEP = re.compile(r"^\d+\. ", re.MULTILINE)
_ADDRESS = re.compile(r"https://\S+")


class Untold(ValueError):
    """The docstring of a connector leaves out what its page has to say."""


@dataclass(frozen=True)
class Told:
    """The docstrings of a connector, taken apart. `credentials` begins with numbered steps."""

    about: tuple[str, ...]
    addresses: tuple[str, ...]
    credentials: str
    limits: str
    cannot: str


def told_of(kind: Kind) -> Told:
    """Return what module and class say; raises `Untold`."""
    module = inspect.cleandoc(sys.modules[kind.__module__].__doc__ or "").split("\n\n")
    links = [part for part in module if _ADDRESS.match(part)]
    about, *rest = _PART.split(inspect.cleandoc(kind.__doc__ or ""))
    parts = dict(zip(rest[::2], map(str.strip, rest[1::2]), strict=True))
    if missing := [part for part in _PARTS if not parts.get(part)]:
        raise Untold(f"the docstring of {kind.name} has no paragraph that begins with `{missing[0]}:`")
    if not _STEP.match(parts["Credentials"]):
        raise Untold(f"the docstring of {kind.name} does not say step by step how to get credentials: `1. …`")
    return Told(
        about=(*(part for part in module if part not in links), *about.strip().split("\n\n")[1:]),
        addresses=tuple(_ADDRESS.findall(" ".join(links))),
        credentials=parts["Credentials"],
        limits=parts["Limits"],
        cannot=parts["Cannot"],
    )
