"""What Prefect says about runs, asked of its API. It learns of task runs and log lines a moment later."""
# ruff: noqa: PLC0415 - prefect is imported where there is an API for it, and not at all with -m "not prefect"

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


def eventually(ask: Callable[[], T], holds: Callable[[T], bool], seconds: float = 30) -> T:
    """Ask until the answer holds, for so long; return the last answer either way."""
    started = time.monotonic()
    while not holds(answer := ask()) and time.monotonic() - started < seconds:
        time.sleep(0.1)
    return answer


@dataclass(frozen=True)
class FlowRunRecord:
    """A flow run as Prefect keeps it; `scheduled` if no person and no program asked for it."""

    name: str
    scheduled: bool
    state: str
    message: str | None
    ended: bool
    parameters: dict[str, object]


def flow_runs() -> list[FlowRunRecord]:
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs()
    return [
        FlowRunRecord(
            run.name, run.auto_scheduled, run.state.name, run.state.message, run.state.is_final(), run.parameters
        )
        for run in runs
        if run.state
    ]


def pause(deployment: str) -> None:
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        client.pause_deployment(client.read_deployment_by_name(deployment).id)


def task_states(flow_run_id) -> dict[str, tuple[str, str]]:
    """Return type of state and message of every finished task run, by name."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId

    which = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run_id]))
    with get_client(sync_client=True) as client:
        runs = client.read_task_runs(flow_run_filter=which)
    return {run.name: (run.state_type.name, run.state.message) for run in runs if run.state and run.state.is_final()}


def tables(flow_run_id) -> list[tuple[str, str]]:
    """Return key and data of the artifacts of a flow run."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId

    which = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[flow_run_id]))
    with get_client(sync_client=True) as client:
        return [(artifact.key, artifact.data) for artifact in client.read_artifacts(artifact_filter=which)]


def log_lines(flow_run_id) -> list[str]:
    """Return what a flow run logged, its tasks included, oldest first."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
    from prefect.client.schemas.sorting import LogSort

    which = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[flow_run_id]))
    with get_client(sync_client=True) as client:
        return [log.message for log in client.read_logs(which, sort=LogSort.TIMESTAMP_ASC)]
