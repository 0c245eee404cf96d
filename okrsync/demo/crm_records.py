"""What the sample company's CRM holds: deals and contacts, as JSON files that the CRM service reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from okrsync.demo.courses import MQL_TO_SQL, MQLS, NEW_REVENUE, SALES_CYCLE, WON_DEALS, Noise, Whole
from okrsync.demo.moments import if_past, iso, moments_of
from okrsync.demo.quarters import Quarter

Record = dict[str, Any]

_FIRST = ("Ada", "Ben", "Chiara", "Dirk", "Elif", "Femke", "Goran", "Hanna", "Ines", "Jonas", "Karim", "Lena")
_LAST = ("Adler", "Bakker", "Conti", "Dubois", "Ek", "Fischer", "Garcia", "Horvat", "Ivanova", "Jansen", "Kaya")
_COMPANIES = ("Alder Works", "Brook & Sons", "Copper Lane", "Dune Logistics", "Elm Foods", "Fjord Labs", "Gable Homes")
_SELLERS = ("mira@example.com", "tom@example.com", "yusuf@example.com")
_AVERAGE_LEAD = 15
"""Days; half of the 28 that the sample's ratios look back on."""
_ROUND_TO = 50
"""Amounts end on it, in EUR."""


def write_records(folder: Path, quarter: Quarter, now: datetime, seed: int) -> None:
    """Write `deals.json` and `contacts.json` into `folder`, with everything that happened until `now`."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "deals.json", _deals(quarter, now, seed))
    _write(folder / "contacts.json", _contacts(quarter, now, seed))


def _write(path: Path, records: list[Record]) -> None:
    lines = ",\n".join("  " + json.dumps(record, ensure_ascii=False) for record in records)
    path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def _deals(quarter: Quarter, now: datetime, seed: int) -> list[Record]:
    rng = Random(f"{seed} deals")  # noqa: S311
    closed = sorted([*_won(quarter, rng), *_lost(quarter, rng)], key=lambda deal: (deal["created"], deal["closed"]))
    return [
        _deal(number, deal, if_past(deal["closed"], now), rng)
        for number, deal in enumerate(closed, start=1)
        if deal["created"] <= now
    ]


def _won(quarter: Quarter, rng: Random) -> Iterator[Record]:
    """Yield won deals whose amounts keep up with the revenue that the story wants."""
    whole, day_noise, swing, length = Whole(), Noise(rng, 0.3), Noise(rng, 0.4), Noise(rng, 0.15)
    mean = NEW_REVENUE.target * NEW_REVENUE.pace / (WON_DEALS.target * WON_DEALS.pace)
    for day in quarter.days():
        days_to_close = SALES_CYCLE.level(quarter, day, _AVERAGE_LEAD)
        for closed in moments_of(day, whole.of(WON_DEALS.gain(quarter, day) * day_noise.factor()), rng):
            amount = round(mean * swing.factor() / _ROUND_TO) * _ROUND_TO
            days = round(days_to_close * length.factor())
            yield {"stage": "won", "amount": amount, "created": closed - timedelta(days=days), "closed": closed}


def _lost(quarter: Quarter, rng: Random) -> Iterator[Record]:
    whole = Whole()
    for day in quarter.days():
        for closed in moments_of(day, whole.of(WON_DEALS.gain(quarter, day) * 0.8), rng):
            amount = rng.randrange(2_000, 15_000, _ROUND_TO)
            yield {
                "stage": "lost",
                "amount": amount,
                "created": closed - timedelta(days=rng.randint(20, 90)),
                "closed": closed,
            }


def _deal(number: int, deal: Record, closed: datetime | None, rng: Random) -> Record:
    return {
        "id": f"deal-{number:05d}",
        "name": f"{rng.choice(_COMPANIES)} #{number}",
        "stage": deal["stage"] if closed else "open",
        "amount": deal["amount"],
        "currency": "EUR",
        "owner": rng.choice(_SELLERS),
        "created_at": iso(deal["created"]),
        "closed_at": iso(closed),
        "days_to_close": (closed - deal["created"]).days if closed else None,
    }


def _contacts(quarter: Quarter, now: datetime, seed: int) -> list[Record]:
    rng = Random(f"{seed} contacts")  # noqa: S311
    journeys = sorted(_journeys(quarter, rng), key=lambda journey: journey["lead"])
    return [
        _contact(number, {stage: if_past(moment, now) for stage, moment in journey.items()}, rng)
        for number, journey in enumerate(journeys, start=1)
        if journey["lead"] <= now
    ]


def _journeys(quarter: Quarter, rng: Random) -> list[dict[str, datetime]]:
    """Return when each contact became a lead, a marketing-qualified and a sales-qualified lead."""
    journeys: list[dict[str, datetime]] = []
    mqls, sqls, leads, noise = Whole(), Whole(), Whole(), Noise(rng, 0.12)
    waiting: list[dict[str, datetime]] = []
    for day in quarter.days():
        wanted = mqls.of(MQLS.gain(quarter, day) * noise.factor())
        share = MQL_TO_SQL.level(quarter, day, _AVERAGE_LEAD) / 100
        for moment in moments_of(day, min(sqls.of(wanted * share), len(waiting)), rng):
            waiting.pop(rng.randrange(len(waiting)))["sql"] = moment
        fresh = [
            {"lead": moment - timedelta(hours=rng.randint(1, 90)), "mql": moment}
            for moment in moments_of(day, wanted, rng)
        ]
        waiting = [*waiting, *fresh][-40:]
        journeys += fresh
        journeys += [{"lead": moment} for moment in moments_of(day, leads.of(wanted * 0.3), rng)]
    return journeys


def _contact(number: int, journey: dict[str, datetime | None], rng: Random) -> Record:
    first, last = rng.choice(_FIRST), rng.choice(_LAST)
    return {
        "id": f"contact-{number:05d}",
        "name": f"{first} {last}",
        "email": f"{first}.{last}.{number}@example.com".lower(),
        "company": rng.choice(_COMPANIES),
        "stage": next(stage for stage in ("sql", "mql", "lead") if journey.get(stage)),
        "lead_at": iso(journey["lead"]),
        "mql_at": iso(journey.get("mql")),
        "sql_at": iso(journey.get("sql")),
    }
