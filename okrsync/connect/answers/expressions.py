"""JMESPath expressions over replies whose numbers are exact decimals."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions, signature
from jmespath.parser import Parser
from jmespath.visitor import TreeInterpreter

from okrsync.errors import Problem, Reason
from okrsync.redaction import redact


class Expression:
    """A compiled expression. What it cannot do with a reply is a `Problem`, never an exception of the library.

    Its own fractions are decimals, so that an amount of 0.1 equals the `0.1` written in it. `tree` is what it is made
    of, as the library takes it apart.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            self.tree = _with_decimals(Parser().parse(text).parsed)
        except JMESPathError as error:
            mistake = str(error).splitlines()[0].rstrip(": ")
            raise Problem(
                Reason.QUERY, f"{text!r} is no JMESPath expression: {mistake}", hint="see jmespath.org"
            ) from None

    def search(self, answer: Any) -> Any:
        """Return what the expression finds in `answer`; None where there is nothing. Raises `Problem`."""
        try:
            return visited(self.tree, answer)
        except (JMESPathError, ArithmeticError, TypeError, ValueError) as error:
            mistake = redact(str(error).partition("\n")[0])[:120]
            raise Problem(Reason.QUERY, f"{self.text!r} does not fit the reply: {mistake}") from None


def _with_decimals(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {name: _with_decimals(part) for name, part in tree.items()}
    if isinstance(tree, list):
        return [_with_decimals(part) for part in tree]
    return Decimal(repr(tree)) if isinstance(tree, float) else tree


@lru_cache(maxsize=1024)
def compiled(text: str) -> Expression:
    """Return `text` as an expression, compiled once; raises `Problem` when it is none."""
    return Expression(text)


class _ExactFunctions(Functions):
    """JMESPath's own functions, which know int and float, taught to take and to give Decimal."""

    def _get_allowed_pytypes(self, types: Any) -> tuple[list[str], list[tuple[str, ...]]]:
        allowed, within = super()._get_allowed_pytypes(types)  # type: ignore[misc]
        return [*_with_decimal(allowed)], [_with_decimal(names) for names in within]

    def _convert_to_jmespath_type(self, name: str) -> Any:
        return "number" if name == "Decimal" else super()._convert_to_jmespath_type(name)  # type: ignore[misc]

    @signature({"types": ["array-number"]})
    def _func_avg(self, numbers: list[Any]) -> Decimal | None:
        return Decimal(sum(numbers)) / len(numbers) if numbers else None

    @signature({"types": []})
    def _func_to_number(self, value: Any) -> Any:
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return value
        try:
            return Decimal(value.strip()) if isinstance(value, str) and value.isascii() and "_" not in value else None
        except ArithmeticError:
            return None

    @signature({"types": []})
    def _func_type(self, value: Any) -> Any:
        return "number" if isinstance(value, Decimal) else super()._func_type(value)  # type: ignore[misc]

    @signature({"types": []})
    def _func_to_string(self, value: Any) -> Any:
        return str(value) if isinstance(value, Decimal) else super()._func_to_string(value)  # type: ignore[misc]


def _with_decimal(names: Any) -> tuple[str, ...]:
    return (*names, "Decimal") if "float" in names else tuple(names)


_OPTIONS = jmespath.Options(custom_functions=_ExactFunctions())


def visited(tree: Any, answer: Any) -> Any:
    """Return what a tree, or a part of one, finds in `answer`; raises what the library raises."""
    return TreeInterpreter(_OPTIONS).visit(tree, answer)
