from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("prefect")]


@pytest.fixture
def client(served):
    from prefect.client.orchestration import get_client  # noqa: PLC0415

    with get_client(sync_client=True) as client:
        yield client


def test_runs_that_nobody_will_end_are_closed_and_the_others_left_alone(client, sync):
    from prefect.states import Completed, Running, Scheduled  # noqa: PLC0415

    from flows.leftovers import clear_away  # noqa: PLC0415

    now = datetime.now(UTC)
    deployment = client.create_deployment(client.create_flow(sync.sync_key_results), "served by nobody")
    states = {
        "killed": Running(),
        "late": Scheduled(scheduled_time=now - timedelta(hours=3)),
        "to come": Scheduled(scheduled_time=now + timedelta(hours=1)),
        "done": Completed(),
    }
    runs = {
        name: client.create_flow_run_from_deployment(deployment, state=state, name=name).id
        for name, state in states.items()
    }

    asyncio.run(clear_away(deployment))

    assert {name: client.read_flow_run(run).state.name for name, run in runs.items()} == {
        "killed": "Crashed",
        "late": "Cancelled",
        "to come": "Scheduled",
        "done": "Completed",
    }
