"""What a killed scheduler leaves behind in Prefect's records, and how that is put right."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterNextScheduledStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import State, StateType
from prefect.states import Cancelled, Crashed

UNDER_WAY = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]


async def clear_away(deployment: UUID) -> None:
    """Close the runs of `deployment` that nobody will ever end: killed ones, and late ones.

    Call it only when nobody else can be at work on the deployment. Late runs are not made up for one by one:
    a sync reads what is true now, so that one does for all of them.
    """
    killed = FlowRunFilter(deployment_id=_of(deployment), state=_in(UNDER_WAY))
    late = FlowRunFilter(
        deployment_id=_of(deployment),
        state=_in([StateType.SCHEDULED]),
        next_scheduled_start_time=FlowRunFilterNextScheduledStartTime(before_=datetime.now(UTC)),
    )
    async with get_client() as client:
        await _close(client, killed, Crashed(message="okrsync was ended while this ran; the next sync makes up for it"))
        await _close(client, late, Cancelled(message="okrsync was not running; one sync makes up for all late ones"))


async def _close(client: PrefectClient, which: FlowRunFilter, state: State[None]) -> None:
    for flow_run in await client.read_flow_runs(flow_run_filter=which):
        await client.set_flow_run_state(flow_run.id, state, force=True)


def _of(deployment: UUID) -> FlowRunFilterDeploymentId:
    return FlowRunFilterDeploymentId(any_=[deployment])


def _in(types: list[StateType]) -> FlowRunFilterState:
    return FlowRunFilterState(type=FlowRunFilterStateType(any_=types))
