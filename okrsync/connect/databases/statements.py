"""What a metric may ask of a database: one SELECT, with bind parameters that are known.

This is the first of several fences; the others stand in the database itself. In doubt it refuses.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from okrsync.nearest import did_you_mean

_TOKEN = re.compile(
    r"""
      (?P<quoted> '(?:[^']|'')*' | "(?:[^"]|"")*" | `[^`]*` | \$(?P<tag>(?:[A-Za-z_]\w*)?)\$.*?\$(?P=tag)\$ )
    | (?P<comment> --[^\n]* | /\*.*?\*/ )
    | (?P<bind> (?<![:\w\\]) : (?P<name>[A-Za-z_]\w*) (?: (?P<cast> (?=::) ) | (?!:) ) )
    | (?P<end> ; )
    | (?P<colon> (?<!:) : (?!:) )
    """,
    re.VERBOSE | re.DOTALL,
)
_READS = re.compile(r"[\s(]*(select|with)\b", re.IGNORECASE)
_INTO = re.compile(r"\binto\b", re.IGNORECASE)
_LOOSE = re.compile(r"['\"`]|/\*|\*/")


@dataclass(frozen=True)
class Statement:
    """A statement that passed: `text` with `:name` for parameters and every other colon escaped; `binds` are used."""

    text: str
    binds: frozenset[str]


def read_statement(sql: str, known: Collection[str]) -> Statement:
    """Return `sql` if it is one SELECT with no parameters but `known`; raises ValueError with what it is instead."""
    tokens = list(_TOKEN.finditer(sql))
    _refuse_ambiguous(sql, tokens)
    end = next((token.start() for token in tokens if token["end"]), len(sql))
    if _code(sql, tokens)[end:].replace(";", " ").strip():
        raise ValueError("`sql` holds more than one statement; a metric asks one")
    if not _READS.match(_code(sql, tokens)):
        raise ValueError("`sql` must be a SELECT: a connection only reads")
    if _INTO.search(_code(sql, tokens)):
        # MySQL writes INTO OUTFILE even where it was told to read only.
        raise ValueError("`sql` says INTO, which writes: a connection only reads")
    binds = frozenset(token["name"] for token in tokens if token["bind"])
    if unknown := sorted(binds.difference(known)):
        raise ValueError(f"`sql` has no parameter :{unknown[0]}; {did_you_mean(unknown[0], known)}")
    return Statement(_TOKEN.sub(_escaped, sql[:end]).strip(), binds)


def _code(sql: str, tokens: list[re.Match[str]]) -> str:
    """Return `sql` with comments and what stands in quotes blanked, everything else in its place."""
    code = list(sql)
    for token in tokens:
        if token["comment"]:
            code[token.start() : token.end()] = " " * len(token[0])
        elif token["quoted"]:
            code[token.start() : token.end()] = "x" * len(token[0])
    return "".join(code)


def _refuse_ambiguous(sql: str, tokens: list[re.Match[str]]) -> None:
    if "\0" in sql:
        raise ValueError("`sql` holds a character that no statement has")
    if any(token["comment"] and token[0].startswith(("/*!", "/*+", "/*M!")) for token in tokens):
        raise ValueError("`sql` holds a comment that some databases execute")
    if any(token["quoted"] and "\\'" in token[0] for token in tokens):
        raise ValueError("`sql` has a backslash before a quote, which databases read differently; double the quote")
    if _LOOSE.search(_code(sql, tokens)):
        raise ValueError("`sql` has a quote or a comment that does not end")


def _escaped(token: re.Match[str]) -> str:
    if token["cast"] is not None:
        return f"({token[0]})"  # SQLAlchemy takes `:start::date` for no parameter, `(:start)::date` for one
    return token[0] if token["bind"] or token["end"] else token[0].replace(":", "\\:")
