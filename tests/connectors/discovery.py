"""Whether a request is one that a Google API knows, by the API's own discovery document; strict in everything."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from requests import PreparedRequest

RECORDED = Path(__file__).parents[2].parent / "shared" / "recordings" / "google-discovery"

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "array": list,
    "object": dict,
}
_TOKEN = re.compile(r"[\w.*/]+|[(),]")


class Discovery:
    """The methods of one API."""

    def __init__(self, file: str) -> None:
        self._document = json.loads((RECORDED / file).read_text())
        self._methods = list(_methods(self._document))

    def faults(self, request: PreparedRequest) -> list[str]:
        """Return what is wrong with `request`; nothing when the API takes it."""
        parts = urlsplit(request.url or "")
        path = parts.path.lstrip("/")
        for method in self._methods:
            if method["httpMethod"] == request.method and (places := _template(method).fullmatch(path)):
                query = parse_qsl(parts.query, keep_blank_values=True)
                return list(self._of_method(method, query, request.body, places.groupdict()))
        return [f"there is no {request.method} /{path}"]

    def _of_method(
        self, method: Mapping[str, Any], query: list[tuple[str, str]], body: Any, places: Mapping[str, str]
    ) -> Iterator[str]:
        known = {name: one for name, one in method.get("parameters", {}).items() if one["location"] == "query"}
        common = self._document["parameters"]
        names = [name for name, _ in query]
        for name, value in query:
            if (parameter := known.get(name) or common.get(name)) is None:
                yield f"there is no parameter {name}"
            elif "enum" in parameter and value not in parameter["enum"]:
                yield f"{name} cannot be {value}"
            elif names.count(name) > 1 and not parameter.get("repeated"):
                yield f"{name} may be there once only"
        yield from (f"{name} is missing" for name, one in known.items() if one.get("required") and name not in names)
        yield from (f"{place} is empty" for place, value in places.items() if not unquote(value))
        if mask := dict(query).get("fields"):
            yield from self._of_mask(_parsed_mask(mask), method["response"]["$ref"], "fields")
        if "request" in method:
            yield from self._of_value(json.loads(body or b"{}"), {"$ref": method["request"]["$ref"]}, "body")
        elif body:
            yield "a body where none is taken"

    def _of_mask(self, mask: Mapping[str, Any], schema: str, where: str) -> Iterator[str]:
        properties = self._document["schemas"][schema]["properties"]
        for name, inner in mask.items():
            found = properties.get(name)
            if found is None:
                yield f"{where} names {name}, which {schema} does not have"
            elif inner:
                yield from self._of_mask(inner, (found.get("items") or found)["$ref"], f"{where}.{name}")

    def _of_value(self, value: Any, schema: Mapping[str, Any], where: str) -> Iterator[str]:
        if "$ref" in schema:
            schema = self._document["schemas"][schema["$ref"]]
        number_as_text = schema.get("format") == "int64" and isinstance(value, int) and not isinstance(value, bool)
        if not isinstance(value, _TYPES[schema["type"]]) and not number_as_text:
            yield f"{where} is a {type(value).__name__}, not a {schema['type']}"
        elif "enum" in schema and value not in schema["enum"]:
            yield f"{where} cannot be {value}"
        elif isinstance(value, list):
            for number, each in enumerate(value):
                yield from self._of_value(each, schema["items"], f"{where}[{number}]")
        elif isinstance(value, dict):
            yield from self._of_object(value, schema, where)

    def _of_object(self, value: Mapping[str, Any], schema: Mapping[str, Any], where: str) -> Iterator[str]:
        for name, inner in value.items():
            known = schema.get("properties", {}).get(name) or schema.get("additionalProperties")
            if known is None:
                yield f"{where} has no {name}"
            else:
                yield from self._of_value(inner, known, f"{where}.{name}")


def _methods(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from resource.get("methods", {}).values()
    for inner in resource.get("resources", {}).values():
        yield from _methods(inner)


def _template(method: Mapping[str, Any]) -> re.Pattern[str]:
    """Return what the path of a method looks like; what stands in a place holds no slash."""
    parts = re.split(r"\{\+?(\w+)\}", method.get("flatPath", method["path"]))
    literal = [re.escape(part) if number % 2 == 0 else f"(?P<{part}>[^/]+?)" for number, part in enumerate(parts)]
    return re.compile("".join(literal))


def _parsed_mask(mask: str) -> dict[str, Any]:
    """Return `a(b,c),d` as `{"a": {"b": {}, "c": {}}, "d": {}}`."""
    root: dict[str, Any] = {}
    stack, last = [root], ""
    for token in _TOKEN.findall(mask):
        if token == "(":
            stack.append(stack[-1][last])
        elif token == ")":
            stack.pop()
        elif token != ",":
            last = token
            stack[-1][last] = {}
    return root
