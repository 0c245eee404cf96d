"""Formulas over named metrics, in exact decimals."""

from __future__ import annotations

import decimal
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce

from okrsync.errors import Problem, Reason
from okrsync.nearest import did_you_mean

METRIC_NAME = re.compile(r"[a-z_][a-z0-9_]*")
"""What a metric must be named to be used in a formula, where a hyphen is a minus."""

_MAX_LENGTH = 1000
_MAX_DEPTH = 50
_TOKEN = re.compile(r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<sign>[-+*/(),]))", re.ASCII)
_CONTEXT = decimal.Context(prec=40, traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow])


class FormulaError(ValueError):
    """A formula that cannot be read. `column` counts from 1 within the formula."""

    def __init__(self, message: str, column: int, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.column = column
        self.hint = hint


@dataclass(frozen=True)
class _Number:
    text: str
    value: Decimal

    def evaluate(self, _: Mapping[str, Decimal]) -> Decimal:
        return self.value


@dataclass(frozen=True)
class _Metric:
    text: str

    def evaluate(self, values: Mapping[str, Decimal]) -> Decimal:
        if self.text not in values:
            raise Problem(Reason.NO_DATA, f"the metric {self.text} of the formula has no value")
        return values[self.text]


@dataclass(frozen=True)
class _Call:
    text: str
    function: str
    arguments: tuple[_Node, ...]

    def evaluate(self, values: Mapping[str, Decimal]) -> Decimal:
        numbers = [argument.evaluate(values) for argument in self.arguments]
        if self.function in _DIVIDING and numbers[1] == 0:
            denominator = self.arguments[1].text
            raise Problem(
                Reason.NO_DATA,
                f"{self.text} has no value: {denominator} is 0",
                f"see whether {denominator} should be 0 in this window",
            )
        return _FUNCTIONS[self.function].apply(numbers)


_Node = _Number | _Metric | _Call


@dataclass(frozen=True)
class _Function:
    """`least` to `most` arguments; a `most` of None is no bound."""

    apply: Callable[[list[Decimal]], Decimal]
    least: int
    most: int | None


def _add(numbers: list[Decimal]) -> Decimal:
    return reduce(lambda a, b: a + b, numbers)


_FUNCTIONS = {
    "+": _Function(_add, 2, 2),
    "-": _Function(lambda n: n[0] - n[1], 2, 2),
    "*": _Function(lambda n: n[0] * n[1], 2, 2),
    "/": _Function(lambda n: n[0] / n[1], 2, 2),
    "negative": _Function(lambda n: -n[0], 1, 1),
    "percent": _Function(lambda n: 100 * n[0] / n[1], 2, 2),
    "ratio": _Function(lambda n: n[0] / n[1], 2, 2),
    "difference": _Function(lambda n: n[0] - n[1], 2, 2),
    "sum": _Function(_add, 1, None),
    "avg": _Function(lambda n: _add(n) / len(n), 1, None),
    "min": _Function(min, 1, None),
    "max": _Function(max, 1, None),
    "abs": _Function(lambda n: abs(n[0]), 1, 1),
}
_DIVIDING = frozenset({"/", "percent", "ratio"})
FUNCTIONS = ("percent", "ratio", "difference", "sum", "avg", "min", "max", "abs")


@dataclass(frozen=True)
class Formula:
    """A formula such as `percent(sqls, mqls)`: `+ - * / ( )`, numbers, metric names and `FUNCTIONS`.

    `percent(a, b)` is 100 * a / b. `names` are the metrics used, each once, in the order of their first use.
    """

    text: str
    names: tuple[str, ...]
    _tree: _Node

    @classmethod
    def parse(cls, text: str) -> Formula:
        """Read a formula; raises `FormulaError`."""
        tree = _Parser(text).tree()
        return cls(text.strip(), tuple(dict.fromkeys(_metrics(tree))), tree)

    def evaluate(self, values: Mapping[str, Decimal]) -> Decimal:
        """Return the formula's value for the metrics' `values`.

        Raises `Problem`: no data where a denominator is 0 or a metric has no value, a bad value where the
        result is beyond all measure.

        >>> Formula.parse("percent(sqls, mqls)").evaluate({"sqls": Decimal(3), "mqls": Decimal(12)})
        Decimal('25')
        """
        with decimal.localcontext(_CONTEXT):
            try:
                return self._tree.evaluate(values)
            except decimal.DecimalException:
                raise Problem(Reason.BAD_VALUE, f"{self.text} gives no finite number") from None

    def __str__(self) -> str:
        return self.text


def _metrics(node: _Node) -> Iterator[str]:
    if isinstance(node, _Metric):
        yield node.text
    elif isinstance(node, _Call):
        for argument in node.arguments:
            yield from _metrics(argument)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


class _Parser:
    """Recursive descent: sum → product → sign → number, name, call or bracket."""

    def __init__(self, text: str) -> None:
        if len(text) > _MAX_LENGTH:
            raise FormulaError(f"the formula is longer than {_MAX_LENGTH} characters", 1)
        self._text = text
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0

    def tree(self) -> _Node:
        tree = self._sum()
        if self._next.kind != "end":
            raise self._unexpected("an operator")
        return tree

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, *texts: str) -> _Token | None:
        token = self._next
        if token.text not in texts:
            return None
        self._at += 1
        return token

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise self._unexpected(repr(text))

    def _unexpected(self, wanted: str) -> FormulaError:
        token = self._next
        got = f"got {token.text!r}" if token.text else "the formula ends"
        return FormulaError(f"expected {wanted}, {got}", token.start + 1)

    def _call(self, function: str, arguments: list[_Node], start: int) -> _Call:
        return _Call(self._text[start : self._tokens[self._at - 1].end], function, tuple(arguments))

    def _sum(self) -> _Node:
        return self._chain(("+", "-"), self._product)

    def _product(self) -> _Node:
        return self._chain(("*", "/"), self._signed)

    def _chain(self, operators: tuple[str, ...], part: Callable[[], _Node]) -> _Node:
        start = self._next.start
        left = part()
        while operator := self._take(*operators):
            left = self._call(operator.text, [left, part()], start)
        return left

    def _signed(self) -> _Node:
        start = self._next.start
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise FormulaError("the formula is nested too deeply", start + 1)
        node = self._call("negative", [self._signed()], start) if self._take("-") else self._operand()
        self._depth -= 1
        return node

    def _operand(self) -> _Node:
        token = self._next
        self._at += 1
        if token.kind == "number":
            return _Number(token.text, Decimal(token.text))
        if token.kind == "name":
            return self._function(token) if self._take("(") else _metric(token)
        if token.text == "(":
            inside = self._sum()
            self._expect(")")
            return inside
        self._at -= 1
        raise self._unexpected("a metric, a number or '('")

    def _function(self, name: _Token) -> _Call:
        if name.text not in FUNCTIONS:
            hint = did_you_mean(name.text, FUNCTIONS)
            raise FormulaError(f"there is no function {name.text!r}", name.start + 1, hint)
        arguments = [self._sum()]
        while self._take(","):
            arguments.append(self._sum())
        self._expect(")")
        _check_count(name, len(arguments))
        return self._call(name.text, arguments, name.start)


def _check_count(name: _Token, given: int) -> None:
    function = _FUNCTIONS[name.text]
    if given < function.least or (function.most is not None and given > function.most):
        wanted = f"{function.least} argument{'s' if function.least > 1 else ''}"
        raise FormulaError(f"{name.text}(…) takes {wanted}, got {given}", name.start + 1)


def _metric(token: _Token) -> _Metric:
    if METRIC_NAME.fullmatch(token.text):
        return _Metric(token.text)
    raise FormulaError(
        f"{token.text!r} is no metric name",
        token.start + 1,
        "a metric that a formula uses is named with a-z, 0-9 and _",
    )


def _tokens(text: str) -> Iterator[_Token]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if not found or not found.lastgroup:
            at += len(text[at:]) - len(text[at:].lstrip())
            raise FormulaError(f"{text[at]!r} means nothing in a formula", at + 1)
        yield _Token(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup), found.end())
        at = found.end()
    yield _Token("end", "", end, end)
