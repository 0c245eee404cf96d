"""Recurring revenue and takings from Stripe.

https://docs.stripe.com/api/subscriptions/list and https://docs.stripe.com/api/balance_transactions/list
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any, Literal, Self, TypeVar

from pydantic import Field, HttpUrl, SecretStr, field_validator, model_validator

from okrsync import (
    Answer,
    Ask,
    Bearer,
    Choice,
    Config,
    Connector,
    History,
    Limits,
    Problem,
    Query,
    Reading,
    Reason,
)
from okrsync.connect.answers.paging import Page, Paginate, Request, pages
from okrsync.connect.transport.http import HttpClient
from okrsync.connect.vendors.stripe import (
    VERSION,
    Item,
    Price,
    Subscription,
    Transaction,
    in_major_units,
    listed,
    read,
    trouble,
)
from okrsync.connect.vendors.stripe_worth import monthly

_PAGE = 100
_PAGES = Paginate(cursor="data[-1].id", into="params.starting_after", more="has_more", max_pages=1000)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TAKEN = frozenset({"charge", "partial_capture_reversal", "charge_failure"})
_GIVEN_BACK = frozenset({"refund", "refund_failure", "dispute", "dispute_reversal"})
"""Categories of https://docs.stripe.com/reports/reporting-categories; what is given back has a minus there already."""
_COUNTED = {"gross_revenue": _TAKEN, "revenue": _TAKEN | _GIVEN_BACK, "net_revenue": _TAKEN | _GIVEN_BACK}
# An expansion goes four levels deep at most.
_WITH_DISCOUNTS = ["data.discounts.coupon.applies_to", "data.items.data.discounts"]
_RIGHTS = {"subscriptions": "/v1/subscriptions", "balance transactions": "/v1/balance_transactions"}
K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
_ZERO_IF_NOTHING = "if nothing means zero here, give the metric `when_empty: zero`"


class StripeConfig(Config):
    """One Stripe account."""

    api_key: SecretStr = Field(
        description="Restricted API key with read rights only.", examples=["${STRIPE_KEY}"], min_length=1
    )
    base_url: HttpUrl = Field(HttpUrl("https://api.stripe.com"), description="Where the API is.")


class StripeQuery(Query):
    """An amount of money, in the currency's main unit (dollars, not cents).

    `mrr` is that of now: the monthly worth of all active subscriptions, without taxes, trials and metered items, less
    the discounts that last for ever. The others add up what moved in the metric's window, and the past can be asked
    for.
    """

    metric: Literal["mrr", "gross_revenue", "revenue", "net_revenue"] = Field(
        description="Monthly recurring revenue; payments; payments less refunds and disputes; or these less Stripe's "
        "fees on them.",
        examples=["mrr"],
    )
    currency: str | None = Field(
        None,
        pattern=r"^[a-z]{3}$",
        description="Only amounts in this currency: for `mrr` that of the subscription, else that of the account's "
        "balance. Amounts in several currencies are never added up, so it can be left out where there is only one.",
        examples=["eur"],
    )
    past_due: bool = Field(
        False,
        description="Whether `mrr` counts subscriptions whose last payment failed too, as Stripe's own figure does.",
    )

    @field_validator("currency", mode="before")
    @classmethod
    def _in_small_letters(cls, code: Any) -> Any:
        return code.lower() if isinstance(code, str) else code

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.past_due and self.metric != "mrr":
            raise ValueError("`past_due` says which subscriptions count, and only `metric: mrr` is about subscriptions")
        return self


class Stripe(Connector[StripeConfig, StripeQuery]):
    """Stripe, subscriptions and payments.

    Credentials:

    1. In Stripe's dashboard under Developers, API keys, create a restricted key. One of test mode gives test figures.
    2. Give it the right Read on Subscriptions (with Prices and Coupons, for tiers, other currencies and discounts) for
       `mrr`, on Balance transaction sources for the revenues, and nothing else. Which of these rights belongs to which
       call is unverified; where one is missing, the problem names it in Stripe's words.
    3. Copy it into `api_key`.

    Limits: Stripe allows 100 reads a second in live mode and 25 in test mode; okrsync asks for 20. A page holds 100
    subscriptions or movements, at most 1000 pages are read, and questions about the same ones share them. Each price
    in tiers or in several currencies costs one more call.

    Cannot: say what `mrr` was in the past; convert currencies; count usage-based prices. A subscription whose
    collection is paused counts (whether it does in Stripe's own figure is unverified). Fees that are billed apart
    from payments are not in `net_revenue`.
    """

    name, history, max_batch = "stripe", "snapshot", 100
    auth = Bearer("api_key")
    scopes = ("Subscriptions: Read", "Prices: Read", "Coupons: Read", "Balance transaction sources: Read")
    limits = Limits(per_second=20, at_once=2)

    def __init__(self, connection: str, config: StripeConfig, http: HttpClient) -> None:
        super().__init__(connection, config, http)
        http.classify = trouble

    def history_of(self, query: StripeQuery) -> History:
        """Movements carry dates, subscriptions are as they are now."""
        return History.SNAPSHOT if query.metric == "mrr" else History.WINDOW

    def together(self, ask: Ask[StripeQuery]) -> str:
        """Questions about the same subscriptions, or the same movements."""
        return "mrr" if ask.query.metric == "mrr" else repr(_movements(ask))

    def check(self) -> str:
        """Ask which of the two lists may be read, and whose they are."""
        refusals = {what: self._refusal(path) for what, path in _RIGHTS.items()}
        readable = [what for what, refused in refusals.items() if refused is None]
        for refused in refusals.values():
            if refused and not readable:
                raise refused
        missing = "".join(f", not {what}" for what in refusals if what not in readable)
        mode = "test" if "_test_" in self.config.api_key.get_secret_value() else "live"
        return f"connected as {self._account()} in {mode} mode; may read {' and '.join(readable)}{missing}"

    def _refusal(self, path: str) -> Problem | None:
        try:
            listed(self._get(path, {"limit": 1}))
        except Problem as problem:
            if problem.reason is not Reason.AUTH:
                raise
            return problem
        return None

    def _account(self) -> str:
        try:
            account = self._get("/v1/account", {})
        except Problem as problem:
            if problem.reason is not Reason.AUTH:
                raise
            return "an account that the key may not name"
        if not isinstance(account, Mapping) or not isinstance(account.get("id"), str):
            raise Problem(Reason.BAD_RESPONSE, "Stripe does not say which account this is", "check `base_url`")
        profile = account.get("business_profile")
        name = profile.get("name") if isinstance(profile, Mapping) else None
        return f"{name} ({account['id']})" if name else str(account["id"])

    def discover(self, like: str = "") -> Iterator[Choice]:
        """Yield the currencies of the balance; needs the right Read on Balance."""
        balance = self._get("/v1/balance", {})
        funds = balance.get("available") if isinstance(balance, Mapping) else None
        if not isinstance(funds, list) or not all(isinstance(fund, Mapping) and fund.get("currency") for fund in funds):
            raise Problem(Reason.BAD_RESPONSE, "Stripe's reply holds no balance as documented", "check `base_url`")
        codes = sorted({str(fund["currency"]) for fund in funds})
        yield from (Choice("currency", code, f"balance in {code.upper()}") for code in codes if like.lower() in code)

    def read_many(self, asks: Sequence[Ask[StripeQuery]]) -> Iterable[Answer]:
        """Read each list that the questions are about once, and answer each question from it."""
        subscriptions, movements, price = _once(self._subscriptions), _once(self._transactions), _once(self._price)

        def answered(ask: Ask[StripeQuery]) -> Reading:
            if ask.query.metric != "mrr":
                return _takings(ask, movements(_movements(ask)))
            statuses = ("active", "past_due") if ask.query.past_due else ("active",)
            counted = _in_one_currency([one for status in statuses for one in subscriptions(status)], ask)
            total = sum((monthly(one, self._items(one), price) for one in counted), Fraction())
            return _reading(ask, total, counted[0].currency, len(counted))

        for ask in asks:
            try:
                _refuse_unused_window(ask)
                yield answered(ask)
            except Problem as problem:
                if problem.reason.of_the_connection:
                    raise
                yield problem

    def _subscriptions(self, status: str) -> list[Subscription]:
        wanted = {"status": status, "limit": _PAGE, "expand[]": _WITH_DISCOUNTS}
        return [read(Subscription, one) for one in self._all("/v1/subscriptions", wanted)]

    def _items(self, subscription: Subscription) -> Sequence[Item]:
        """Return all items of a subscription; the one that is listed holds the first of them only."""
        if not subscription.items.has_more:
            return subscription.items.data
        wanted = {"subscription": subscription.id, "limit": _PAGE, "expand[]": ["data.discounts"]}
        return [read(Item, one) for one in self._all("/v1/subscription_items", wanted)]

    def _price(self, identity: str) -> Price:
        return read(Price, self._get(f"/v1/prices/{identity}", {"expand[]": ["tiers", "currency_options"]}))

    def _transactions(self, wanted: tuple[tuple[str, Any], ...]) -> list[Transaction]:
        found = self._all("/v1/balance_transactions", {**dict(wanted), "limit": _PAGE})
        return [read(Transaction, one) for one in found]

    def _all(self, path: str, params: Mapping[str, Any]) -> Iterator[Any]:
        def fetch(request: Request) -> Page:
            return Page(self._get(request.path, request.params))

        for page in pages(fetch, Request("GET", path, params), _PAGES, listed):
            yield from page

    def _get(self, path: str, params: Mapping[str, Any]) -> Any:
        return self.http.get(path, params=params, headers={"Stripe-Version": VERSION})


def _once(fetch: Callable[[K], T]) -> Callable[[K], T]:
    """Return `fetch`, which asks for each thing once, also when the answer is a problem."""
    known: dict[K, T | Problem] = {}

    def fetched(what: K) -> T:
        if what not in known:
            try:
                known[what] = fetch(what)
            except Problem as problem:
                known[what] = problem
        found = known[what]
        if isinstance(found, Problem):
            raise found
        return found

    return fetched


def _movements(ask: Ask[StripeQuery]) -> tuple[tuple[str, Any], ...]:
    """Return what says which movements are asked for. Theirs are whole seconds, so a part of one is rounded up."""
    edges = {"created[gte]": ask.window.start, "created[lt]": ask.window.end}
    seconds = {name: -((_EPOCH - edge) // timedelta(seconds=1)) for name, edge in edges.items() if edge is not None}
    return (*seconds.items(), *((("currency", ask.query.currency),) if ask.query.currency else ()))


def _refuse_unused_window(ask: Ask[StripeQuery]) -> None:
    if ask.query.metric == "mrr" and ask.window.start is not None:
        what = "the metric has a window, and `mrr` is a figure of the moment"
        raise Problem(Reason.QUERY, what, "ask it with `window: now`")


def _in_one_currency(found: Sequence[Any], ask: Ask[StripeQuery]) -> Sequence[Any]:
    """Return those in the currency asked for; raises `Problem` where there are none, or several currencies."""
    wanted, there = ask.query.currency, sorted({one.currency.upper() for one in found})
    chosen = [one for one in found if wanted in (None, one.currency)]
    if not chosen:
        what = "active subscriptions" if ask.query.metric == "mrr" else "payments"
        where = f" in {wanted.upper()}, only in {', '.join(there)}" if wanted and there else ""
        raise Problem(Reason.NO_DATA, f"there are no {what}{where}", _ZERO_IF_NOTHING)
    if wanted is None and len(there) > 1:
        hint = "say which `currency`; a formula can add up metrics of several"
        raise Problem(Reason.QUERY, f"there are amounts in {', '.join(there)}, which cannot be added up", hint)
    return chosen


def _takings(ask: Ask[StripeQuery], movements: Sequence[Transaction]) -> Reading:
    counted = [one for one in movements if one.reporting_category in _COUNTED[ask.query.metric]]
    chosen: Sequence[Transaction] = _in_one_currency(counted, ask)
    total = sum(one.net if ask.query.metric == "net_revenue" else one.amount for one in chosen)
    return _reading(ask, Fraction(total), chosen[0].currency, len(chosen), max(one.created for one in chosen))


def _reading(ask: Ask[StripeQuery], total: Fraction, currency: str, rows: int, newest: int | None = None) -> Reading:
    return Reading(
        in_major_units(total, currency),
        ask.as_of,
        unit=currency.upper(),
        complete=ask.query.metric == "mrr" or ask.window.end <= ask.as_of,
        rows=rows,
        watermark=None if newest is None else _EPOCH + timedelta(seconds=newest),
    )
