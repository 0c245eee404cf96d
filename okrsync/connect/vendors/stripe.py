"""Stripe's objects, as far as they are read, its money and its words for trouble.

https://docs.stripe.com/api and https://docs.stripe.com/currencies
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, ValidationError

from okrsync.connect.answers.numbers import to_decimal
from okrsync.connect.transport.reply import Reply
from okrsync.errors import Problem, Reason

VERSION = "2025-08-27.basil"
"""The API's version that replies are read in: from the next one on, a discount no longer holds its coupon."""

_WITHOUT_DECIMALS = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"}
)
"""Stripe lists ugx here as well, and says in its special cases that ugx, like isk, comes with two decimals."""
_WITH_THREE_DECIMALS = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})

_RIGHT = re.compile(r"'(rak_[a-z_]{1,60})' permission")


def _number(value: Any) -> Decimal:
    try:
        return to_decimal(value)
    except Problem as problem:
        raise ValueError(problem.message) from None


Exact = Annotated[Decimal, BeforeValidator(_number)]


class _Object(BaseModel):
    """What is read of an object of Stripe's; a reply that lacks it is none."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class Transaction(_Object):
    """A movement of the account's balance; amounts in minor units, `created` in seconds since 1970."""

    id: str
    created: StrictInt
    currency: str
    reporting_category: str
    amount: StrictInt
    net: StrictInt


class Tier(_Object):
    """What a unit costs up to so many, and what is added once; the last tier has no upper bound."""

    up_to: StrictInt | None
    unit_amount_decimal: Exact | None
    flat_amount_decimal: Exact | None


class Transform(_Object):
    """How many units make a package."""

    divide_by: StrictInt = Field(gt=0)
    round: Literal["up", "down"]


class _Recurring(_Object):
    interval: Literal["day", "week", "month", "year"]
    interval_count: StrictInt = Field(gt=0)
    usage_type: Literal["licensed", "metered"]


class _InCurrency(_Object):
    unit_amount_decimal: Exact | None


class Price(_Object):
    """What one unit costs, or, in tiers, what so many units cost; `tiers` and other currencies come when asked for."""

    id: str
    currency: str
    product: str
    billing_scheme: Literal["per_unit", "tiered"]
    unit_amount_decimal: Exact | None
    recurring: _Recurring
    transform_quantity: Transform | None
    tiers_mode: Literal["graduated", "volume"] | None
    tiers: tuple[Tier, ...] | None = None
    currency_options: Mapping[str, _InCurrency] = {}

    def whole(self, currency: str) -> bool:
        """Whether it holds all that a subscription in `currency` needs."""
        return self.currency == currency and (self.billing_scheme == "per_unit" or self.tiers is not None)


class _Scope(_Object):
    products: tuple[str, ...] = ()


class Coupon(_Object):
    """A share or a fixed amount that is taken off each invoice."""

    duration: Literal["forever", "once", "repeating"]
    percent_off: Exact | None
    amount_off: StrictInt | None
    currency: str | None
    applies_to: _Scope | None = None


class _Discount(_Object):
    coupon: Coupon


class Item(_Object):
    """A part of a subscription."""

    id: str
    price: Price
    quantity: StrictInt | None = None
    discounts: tuple[_Discount, ...]


class _Items(_Object):
    data: tuple[Item, ...]
    has_more: bool


class Subscription(_Object):
    """A customer's subscription."""

    id: str
    currency: str
    discounts: tuple[_Discount, ...]
    items: _Items


O = TypeVar("O", bound=_Object)  # noqa: E741 - an object of Stripe's


def read(kind: type[O], found: Any) -> O:
    """Return an object of a reply; raises `Problem` (`bad_response`) that says where it is not as documented."""
    try:
        return kind.model_validate(found)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"])
    raise Problem(
        Reason.BAD_RESPONSE,
        f"Stripe's reply holds no {kind.__name__.lower()} as documented (at {place or 'its top'})",
        "check `base_url`",
    )


def listed(body: Any) -> list[Any]:
    """Return what a page of a list holds; raises `Problem`, also for a page that is empty and not the last."""
    data = body.get("data") if isinstance(body, Mapping) else None
    more = body.get("has_more") if isinstance(body, Mapping) else None
    if not isinstance(data, list) or not isinstance(more, bool) or (more and not data):
        raise Problem(Reason.BAD_RESPONSE, "Stripe's reply holds no list as documented", "check `base_url`")
    return data


def in_major_units(amount: int | Fraction, currency: str) -> Decimal:
    """Return an amount in minor units as people write it, rounded to the minor unit (half to even).

    >>> in_major_units(1050, "usd"), in_major_units(1050, "jpy"), in_major_units(1050, "kwd")
    (Decimal('10.50'), Decimal('1050'), Decimal('1.050'))
    """
    places = 0 if currency in _WITHOUT_DECIMALS else 3 if currency in _WITH_THREE_DECIMALS else 2
    whole = Fraction(amount)
    with localcontext(prec=60, rounding=ROUND_HALF_EVEN):
        minor = (Decimal(whole.numerator) / whole.denominator).quantize(Decimal(1))
        return minor.scaleb(-places)


def trouble(reply: Reply) -> Problem | None:
    """Return what only Stripe's own words tell; the rest is said by the status."""
    if reply.status == 403 and (right := _RIGHT.search(reply.text)):
        hint = f"give the restricted key in `api_key` that right, then try `okrsync check {reply.connection}`"
        return reply.problem(f"does not let us read this (403, {right[1]} is missing)", hint, Reason.AUTH)
    if reply.status == 400 and (code := _code(reply)):
        return reply.problem(f"did not accept the question (400 {code})", "correct the metric's query", Reason.QUERY)
    return None


def _code(reply: Reply) -> str:
    """Return the code, else the type, of an error."""
    try:
        said = reply.json()
    except Problem:
        return ""
    error = said.get("error") if isinstance(said, Mapping) else None
    code = str(error.get("code") or error.get("type") or "") if isinstance(error, Mapping) else ""
    return code if code.replace("_", "").isalpha() else ""
