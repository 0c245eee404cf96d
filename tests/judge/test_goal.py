from datetime import timedelta
from decimal import Decimal

import pytest

from okrsync.judge.goal import Goal
from okrsync.vocabulary import KeyResultType
from tests.judge.goals import END, START, binary, on, rising

WAY = {"type": KeyResultType.INCREASE, "start_value": Decimal(0), "target_value": Decimal(10)}
TIME = {"starts_at": START, "ends_at": END}


@pytest.mark.parametrize(
    ("told", "why"),
    [
        pytest.param({**WAY, **TIME, "target_value": Decimal("0.0")}, "no way to go", id="target is start"),
        pytest.param({**WAY, **TIME, "start_value": None}, "needs a start value", id="no start value"),
        pytest.param({**WAY, "starts_at": END, "ends_at": START}, "ends after it starts", id="cycle backwards"),
        pytest.param({**WAY, **TIME, "starts_at": START.replace(tzinfo=None)}, "aware", id="naive time"),
        pytest.param(
            {**WAY, **TIME, "checkpoints": ((END + timedelta(1), Decimal(5)),)}, "within", id="late checkpoint"
        ),
        pytest.param({**WAY, **TIME, "checkpoints": ((START, Decimal(5)),)}, "within", id="checkpoint at the start"),
        pytest.param({**TIME, "type": KeyResultType.STAY_ABOVE, "high": Decimal(1)}, "bounds", id="above needs low"),
        pytest.param({**TIME, "type": KeyResultType.STAY_BELOW, "low": Decimal(1)}, "bounds", id="below needs high"),
        pytest.param({**TIME, "type": KeyResultType.IN_RANGE, "low": Decimal(1)}, "bounds", id="a range needs both"),
    ],
)
def test_refuses_what_cannot_be_judged(told, why):
    with pytest.raises(ValueError, match=why):
        Goal(**told)


def test_a_binary_goal_goes_from_0_to_1_unless_it_says_otherwise():
    assert binary().way == (0, 1)


def test_a_checkpoint_may_fall_on_the_end():
    assert rising(checkpoints=[(100, 100)]).checkpoints == ((on(100), Decimal(100)),)
