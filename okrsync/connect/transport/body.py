"""Reading a reply's body: bounded, and whole or not at all."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from urllib3.exceptions import HTTPError, ProtocolError

_CHUNK = 64 * 1024
_GZIP, _ZLIB = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS


class BodyError(Exception):
    """A body that cannot be taken for an answer."""


class CutOff(BodyError):
    """The body ended before its end."""


class TooLarge(BodyError):
    """The body is larger, unpacked, than it may be."""


class Garbled(BodyError):
    """The body is not packed the way its headers say."""


def read_body(raw: Any, max_bytes: int) -> bytes:
    """Return the unpacked body of `raw`, a urllib3 response not yet read; at most `max_bytes` are held.

    Raises `CutOff`, `TooLarge` or `Garbled`, and what the line raises when it breaks. The unpacking is done
    here because the libraries take half a packed stream for a whole one.
    """
    chunks = _unpacked(_chunks(raw), str(raw.headers.get("Content-Encoding", "")).strip().lower(), max_bytes)
    parts, size = [], 0
    for chunk in chunks:
        size += len(chunk)
        if size > max_bytes:
            raise TooLarge
        parts.append(chunk)
    return b"".join(parts)


def _chunks(raw: Any) -> Iterator[bytes]:
    try:
        yield from raw.stream(_CHUNK, decode_content=False)
    except HTTPError as error:
        if _is_cut_off(error):
            raise CutOff from None
        raise


def _is_cut_off(error: HTTPError) -> bool:
    """Whether the line was closed in good order, but too early; a reset or a time limit is the line's own fault."""
    return isinstance(error, ProtocolError) and not any(isinstance(part, OSError) for part in error.args)


def _unpacked(chunks: Iterable[bytes], encoding: str, max_bytes: int) -> Iterator[bytes]:
    match encoding:
        case "" | "identity":
            yield from chunks
        case "gzip" | "x-gzip":
            yield from _inflated(chunks, _GZIP, max_bytes)
        case "deflate":
            yield from _inflated(chunks, _ZLIB, max_bytes)
        case _:
            raise Garbled


def _inflated(chunks: Iterable[bytes], form: int, max_bytes: int) -> Iterator[bytes]:
    """Unpack piece by piece, so that a small stream which unpacks to a huge one is noticed early."""
    stream, begun = zlib.decompressobj(form), False
    try:
        for chunk in chunks:
            packed = chunk
            while packed:
                if stream.eof:
                    stream = zlib.decompressobj(form)
                begun = True
                yield stream.decompress(packed, max_bytes + 1)
                packed = stream.unused_data if stream.eof else stream.unconsumed_tail
    except zlib.error:
        raise Garbled from None
    if begun and not stream.eof:
        raise CutOff
