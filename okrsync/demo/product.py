"""The sample company's product database: sign-ups, support tickets and subscriptions, in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from okrsync.demo.courses import ACTIVATION, FIRST_REPLY, MONTHLY_CHURN, SIGNUPS, Noise, Whole
from okrsync.demo.moments import if_past, moments_of, sql_text
from okrsync.demo.quarters import Quarter

_SCHEMA = """
CREATE TABLE signups (
    id INTEGER PRIMARY KEY,
    signed_up_at TEXT NOT NULL,
    channel TEXT NOT NULL,
    country TEXT NOT NULL,
    activated_at TEXT
);
CREATE INDEX signups_by_time ON signups (signed_up_at);
CREATE TABLE tickets (
    id INTEGER PRIMARY KEY,
    opened_at TEXT NOT NULL,
    first_reply_at TEXT,
    resolved_at TEXT
);
CREATE INDEX tickets_by_reply ON tickets (first_reply_at);
CREATE TABLE subscriptions (
    id INTEGER PRIMARY KEY,
    started_at TEXT NOT NULL,
    cancelled_at TEXT
);
"""
_CHANNELS = ("search", "search", "referral", "event", "partner")
_COUNTRIES = ("DE", "DE", "FR", "NL", "AT", "IT")
_TICKETS_A_DAY = 20
_SLOW_TICKETS = 0.04
"""The share of tickets that takes weeks instead of days."""
_CUSTOMERS_AT_FIRST = 900
_NEW_CUSTOMERS_A_DAY = 2
_ACTIVATION_LEAD = 15
_REPLY_LEAD = 8
"""Days; half of the spans that the sample's metrics average over."""


def write_product_database(path: Path, quarter: Quarter, now: datetime, seed: int) -> None:
    """Write the database anew, with everything that happened until `now` and nothing after it."""
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(_SCHEMA)
        connection.executemany("INSERT INTO signups VALUES (?, ?, ?, ?, ?)", _signups(quarter, now, seed))
        connection.executemany("INSERT INTO tickets VALUES (?, ?, ?, ?)", _tickets(quarter, now, seed))
        connection.executemany("INSERT INTO subscriptions VALUES (?, ?, ?)", _subscriptions(quarter, now, seed))


Row = tuple[int | str | None, ...]


def _signups(quarter: Quarter, now: datetime, seed: int) -> Iterator[Row]:
    rng = Random(f"{seed} signups")  # noqa: S311
    whole, noise, activated = Whole(), Noise(rng, 0.2), Whole()
    number = 0
    for day in quarter.days():
        share = ACTIVATION.level(quarter, day, _ACTIVATION_LEAD) / 100
        for moment in moments_of(day, whole.of(SIGNUPS.gain(quarter, day) * noise.factor()), rng):
            number += 1
            after = timedelta(minutes=rng.randint(2, 90))
            active = moment + after if activated.of(share) else None
            channel, country = rng.choice(_CHANNELS), rng.choice(_COUNTRIES)
            if moment <= now:
                yield number, sql_text(moment), channel, country, sql_text(if_past(active, now))


def _tickets(quarter: Quarter, now: datetime, seed: int) -> Iterator[Row]:
    rng = Random(f"{seed} tickets")  # noqa: S311
    noise, whole, slow = Noise(rng, 0.5), Whole(), Whole()
    number = 0
    for day in quarter.days():
        hours = FIRST_REPLY.level(quarter, day, _REPLY_LEAD)
        for opened in moments_of(day, whole.of(_TICKETS_A_DAY * rng.uniform(0.8, 1.2)), rng):
            number += 1
            replied = opened + timedelta(hours=hours * noise.factor())
            days_open = rng.uniform(9, 35) if slow.of(_SLOW_TICKETS) else rng.uniform(0.1, 5)
            if opened <= now:
                resolved = if_past(replied + timedelta(days=days_open), now)
                yield number, sql_text(opened), sql_text(if_past(replied, now)), sql_text(resolved)


def _subscriptions(quarter: Quarter, now: datetime, seed: int) -> list[Row]:
    rng = Random(f"{seed} subscriptions")  # noqa: S311
    leaving, joining = Whole(), Whole()
    first_day = next(quarter.days())
    before = moments_of(first_day, 1, rng)[0]
    started = [before - timedelta(days=rng.uniform(1, 900)) for _ in range(_CUSTOMERS_AT_FIRST)]
    cancelled: dict[int, datetime] = {}
    staying = list(range(_CUSTOMERS_AT_FIRST))
    for day in quarter.days():
        for moment in moments_of(day, leaving.of(len(staying) * MONTHLY_CHURN / 100 / 30), rng):
            cancelled[staying.pop(rng.randrange(len(staying)))] = moment
        for moment in moments_of(day, joining.of(_NEW_CUSTOMERS_A_DAY * rng.uniform(0.5, 1.5)), rng):
            staying.append(len(started))
            started.append(moment)
    return [
        (number + 1, sql_text(moment), sql_text(if_past(cancelled.get(number), now)))
        for number, moment in enumerate(started)
        if moment <= now
    ]
