"""What a subscription of Stripe's is worth a month.

What counts follows https://docs.stripe.com/billing/subscriptions/analytics/glossary and
https://support.stripe.com/questions/billing-analytics
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from okrsync.connect.vendors.stripe import Coupon, Item, Price, Subscription, Tier, Transform
from okrsync.errors import Problem, Reason

Prices = Callable[[str], Price]
"""Returns the price of that id with its tiers and all its currencies."""

_PER_MONTH = {"day": Fraction(365, 12), "week": Fraction(365, 7 * 12), "month": Fraction(1), "year": Fraction(1, 12)}
"""Billing intervals in a month; that Stripe's own figure counts days and weeks in this way is unverified."""


def monthly(subscription: Subscription, items: Sequence[Item], prices: Prices) -> Fraction:
    """Return what a subscription is worth a month, in minor units.

    Metered items count nothing and only discounts that last for ever count, as in Stripe's own figure; taxes are in
    neither. `prices` is asked for what the items' own prices leave out. Raises `Problem`.
    """
    licensed = [item for item in items if item.price.recurring.usage_type == "licensed"]
    worths = [_worth(item, subscription.currency, prices) for item in licensed]
    for place, item in enumerate(licensed):
        for discount in item.discounts:
            worths = _less(discount.coupon, worths, licensed, [place], subscription)
    for discount in subscription.discounts:
        worths = _less(discount.coupon, worths, licensed, _places(discount.coupon, licensed), subscription)
    return sum(worths, Fraction())


def _worth(item: Item, currency: str, prices: Prices) -> Fraction:
    """Return what an item is worth a month before discounts."""
    price = item.price if item.price.whole(currency) else prices(item.price.id)
    if item.quantity is None:
        raise _undocumented(f"the item {item.id} says no quantity")
    return _amount(price, item.quantity, currency) * _intervals(price)


def _intervals(price: Price) -> Fraction:
    return _PER_MONTH[price.recurring.interval] / price.recurring.interval_count


def _amount(price: Price, quantity: int, currency: str) -> Fraction:
    """Return what `quantity` costs per billing interval."""
    if price.billing_scheme == "tiered":
        if price.currency != currency or price.tiers is None:
            raise _unknown(f"the price {price.id} is in tiers, and they are not told in {currency.upper()}")
        return _in_tiers(price, quantity)
    if price.currency == currency:
        unit = price.unit_amount_decimal
    else:
        option = price.currency_options.get(currency)
        unit = option.unit_amount_decimal if option else None
    if unit is None:
        raise _unknown(f"the price {price.id} says no amount in {currency.upper()}")
    return Fraction(unit) * _packages(price.transform_quantity, quantity)


def _packages(transform: Transform | None, quantity: int) -> int:
    if transform is None:
        return quantity
    return -(-quantity // transform.divide_by) if transform.round == "up" else quantity // transform.divide_by


def _in_tiers(price: Price, quantity: int) -> Fraction:
    """Return what `quantity` costs in tiers: all of it at one tier's price (volume), or each part at its own."""
    total, below = Fraction(), 0
    for tier in price.tiers or ():
        inside = quantity - below if tier.up_to is None else min(quantity, tier.up_to) - below
        last = tier.up_to is None or quantity <= tier.up_to
        if price.tiers_mode == "volume":
            if last:
                return _tier(tier, quantity)
        elif inside > 0 or below == 0:
            total += _tier(tier, inside)
        if last:
            return total
        below = tier.up_to or 0
    raise _undocumented(f"the price {price.id} has no tier for {quantity}")


def _tier(tier: Tier, quantity: int) -> Fraction:
    if tier.unit_amount_decimal is None and tier.flat_amount_decimal is None:
        raise _undocumented("a tier says neither what a unit nor what the tier costs")
    return Fraction(tier.unit_amount_decimal or 0) * quantity + Fraction(tier.flat_amount_decimal or 0)


def _places(coupon: Coupon, items: Sequence[Item]) -> list[int]:
    """Return which of the items a coupon of the whole subscription is for."""
    products = coupon.applies_to.products if coupon.applies_to else ()
    return [place for place, item in enumerate(items) if not products or item.price.product in products]


def _less(
    coupon: Coupon, worths: list[Fraction], items: Sequence[Item], places: list[int], subscription: Subscription
) -> list[Fraction]:
    """Return what the items are worth with a coupon for those at `places`."""
    before = sum((worths[place] for place in places), Fraction())
    if coupon.duration != "forever" or before == 0:
        return worths
    if coupon.percent_off is not None:
        left = 1 - Fraction(coupon.percent_off) / 100
    else:
        left = max(Fraction(), before - _off(coupon, [items[place] for place in places], subscription)) / before
    return [worth * left if place in places else worth for place, worth in enumerate(worths)]


def _off(coupon: Coupon, items: Sequence[Item], subscription: Subscription) -> Fraction:
    """Return what a coupon with a fixed amount, which is off each invoice, takes off a month."""
    if coupon.amount_off is None:
        raise _undocumented("a coupon takes off neither a share nor an amount")
    intervals = {_intervals(item.price) for item in items}
    if coupon.currency != subscription.currency or len(intervals) > 1:
        raise _unknown(
            f"the subscription {subscription.id} has a discount in another currency, or on items that are billed at "
            "different intervals"
        )
    return coupon.amount_off * intervals.pop()


def _undocumented(what: str) -> Problem:
    return Problem(Reason.BAD_RESPONSE, f"Stripe's reply is not as documented: {what}")


def _unknown(what: str) -> Problem:
    return Problem(
        Reason.UNSUPPORTED, f"what it is worth a month cannot be told: {what}", "take the figure from Stripe's reports"
    )
