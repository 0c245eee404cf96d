"""What goes into the ledger and comes out of it, as plain frozen values.

Every moment is an aware UTC `datetime`, every number a `Decimal`; numbers come back in the canonical form
of `okrsync.store.types.exact`, at most 12 decimals, no trailing zeros.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from okrsync.errors import Reason
from okrsync.okrs.model import Checkpoint, Cycle
from okrsync.vocabulary import Commitment, DataState, KeyResultType, Origin, Status, Trigger

Slot = tuple[int, datetime]
"""A key result's id and a scheduled instant."""


@dataclass(frozen=True)
class State:
    """Where a key result stands now. The defaults are those of one that was never asked for.

    `value`, `as_of`, `slot` and `check_in_id` describe the last good number and stay when asking fails;
    `reason`, `message`, `hint`, `failing_since` and `retry_at` then say what is wrong. `progress` and
    `expected` are shares (1 is the target), `pace` is one divided by the other.
    """

    key_result_id: int
    check_in_id: int | None = None
    value: Decimal | None = None
    as_of: datetime | None = None
    slot: datetime | None = None
    data_state: DataState = DataState.LATE
    reason: Reason | None = None
    message: str = ""
    hint: str = ""
    failing_since: datetime | None = None
    retry_at: datetime | None = None
    last_asked_at: datetime | None = None
    status: Status = Status.UNKNOWN
    status_since: datetime | None = None
    progress: Decimal | None = None
    expected: Decimal | None = None
    pace: Decimal | None = None
    rule: str = ""
    evaluated_at: datetime | None = None


@dataclass(frozen=True)
class Tracked:
    """An active key result or KPI with everything a sync needs to know of it.

    A KPI has no objective, type, cycle and commitment; `low` and `high` are then its healthy range.
    `cadence` is the text of a cadence, `metric` is None where people check in by hand, `preset` is None
    where the project's own applies.
    """

    id: int
    key: str
    is_kpi: bool
    team: str
    team_title: str
    objective: str | None
    objective_title: str | None
    title: str
    owner: str
    type: KeyResultType | None
    unit: str
    start_value: Decimal | None
    target_value: Decimal | None
    low: Decimal | None
    high: Decimal | None
    checkpoints: tuple[Checkpoint, ...]
    weight: Decimal
    cadence: str
    metric: str | None
    preset: str | None
    cycle: Cycle | None
    commitment: Commitment | None
    state: State


@dataclass(frozen=True)
class NewRun:
    """The beginning of a sync run. `id` is a UUID as text."""

    id: str
    started_at: datetime
    trigger: Trigger
    version: str
    host: str
    key_results_due: int


@dataclass(frozen=True)
class RunEnd:
    """The end of a sync run: how many key results came to what, and how long it took in `seconds`."""

    run_id: str
    finished_at: datetime
    exit_code: int
    recorded: int
    unchanged: int
    failed: int
    requests: int
    seconds: Decimal
    message: str = ""


@dataclass(frozen=True)
class NewReading:
    """What one distinct question got for an answer in a run: a value, or the reason why there is none."""

    run_id: str
    connection: str
    metric: str
    question: str
    asked_at: datetime
    as_of: datetime | None = None
    value: Decimal | None = None
    unit: str | None = None
    complete: bool = True
    rows: int | None = None
    reason: Reason | None = None
    message: str = ""
    hint: str = ""
    retry_at: datetime | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class NewCheckIn:
    """A check-in to be recorded; its origin follows from the function that records it.

    `supersedes_id` is needed by a restatement, and by nothing else.
    """

    key_result_id: int
    slot: datetime
    value: Decimal
    as_of: datetime
    recorded_at: datetime
    author: str = "okrsync"
    note: str | None = None
    run_id: str | None = None
    complete: bool = True
    supersedes_id: int | None = None


@dataclass(frozen=True)
class CheckIn:
    """A check-in as it was recorded."""

    id: int
    key_result_id: int
    slot: datetime
    value: Decimal
    as_of: datetime
    recorded_at: datetime
    origin: Origin
    author: str
    note: str | None
    run_id: str | None
    complete: bool
    supersedes_id: int | None


@dataclass(frozen=True)
class PastValue:
    """One value of a key result's history that is in force."""

    slot: datetime
    as_of: datetime
    value: Decimal


@dataclass(frozen=True)
class NewEvaluation:
    """What the rules made of a key result. `gap` is expected minus actual progress, as a share."""

    key_result_id: int
    check_in_id: int | None
    run_id: str
    evaluated_at: datetime
    status: Status
    progress: Decimal | None
    expected: Decimal | None
    pace: Decimal | None
    gap: Decimal | None
    preset: str
    rule: str
    data_state: DataState


@dataclass(frozen=True)
class NewTransition:
    """A change of a key result's status, with the sentence that explains it."""

    key_result_id: int
    at: datetime
    before: Status
    after: Status
    check_in_id: int | None
    run_id: str
    rule: str
