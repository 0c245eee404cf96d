from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from okrsync.connect.answers.placeholders import Slots, check, fill, reaches_the_past, uses_window
from okrsync.okrs.windows import Window

NEW_YORK = ZoneInfo("America/New_York")
WINDOW = Window(datetime(2026, 10, 1, 4, tzinfo=UTC), datetime(2026, 11, 1, 4, tzinfo=UTC), NEW_YORK)
SLOTS = Slots(
    WINDOW,
    as_of=datetime(2026, 11, 1, 3, 30, tzinfo=UTC),
    query={"stage": "won", "limit": 5, "nested": {"a": 1}},
    config={"account": "acme", "token": SecretStr("s3cret-token")},
)


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        pytest.param("{window.start}", "2026-10-01T04:00:00Z", id="an ISO moment without being told"),
        pytest.param("{window.end:iso}", "2026-11-01T04:00:00Z", id="an ISO moment"),
        pytest.param("{window.start:ms}", 1790827200000, id="milliseconds, still a number"),
        pytest.param("{window.start:s}", 1790827200, id="seconds, still a number"),
        pytest.param("since:{window.start:s}", "since:1790827200", id="part of a text"),
        pytest.param("{window.start:date}", "2026-10-01", id="a day of the window's zone"),
        pytest.param("{window.end:date}", "2026-11-01", id="the first day after"),
        pytest.param("{window.last_day}", "2026-10-31", id="the last day"),
        pytest.param("{as_of:date}", "2026-10-31", id="the day in the window's zone"),
        pytest.param("{query.limit}", 5, id="keeps its type"),
        pytest.param("{query.nested.a}", 1, id="a field of a field"),
        pytest.param("/{config.account}/{query.stage}", "/acme/won", id="several in one text"),
        pytest.param({"a": [{"b": "{query.limit}"}], "c": 1}, {"a": [{"b": 5}], "c": 1}, id="anywhere in a structure"),
        pytest.param("{ deals { id } }", "{ deals { id } }", id="braces of another language"),
        pytest.param("{id} {stage:won} {}", "{id} {stage:won} {}", id="braces that look like one"),
    ],
)
def test_placeholders_are_filled_in(template, filled):
    assert fill(template, SLOTS) == filled


def test_a_window_in_the_middle_of_a_day_ends_before_the_next_one():
    window = Window(WINDOW.start, datetime(2026, 10, 15, 18, tzinfo=UTC), NEW_YORK)

    assert fill("{window.last_day} < {window.end:date}", Slots(window, SLOTS.as_of)) == "2026-10-15 < 2026-10-16"


def test_a_window_without_a_start_begins_in_1970():
    assert fill("{window.start:ms}", Slots(Window(None, WINDOW.end, NEW_YORK), SLOTS.as_of)) == 0


@pytest.mark.parametrize(
    ("template", "said"),
    [
        pytest.param("{window.strat}", "did you mean 'window.start'", id="a typo behind the point"),
        pytest.param("{windw.start}", "did you mean 'window.start'", id="a typo before it"),
        pytest.param("{query.stge}", "did you mean 'query.stage'", id="a field there is not"),
        pytest.param("{window.start:mss}", "did you mean 'ms'", id="a format there is not"),
        pytest.param("{query.stage:ms}", "take a format", id="a format for what is no moment"),
        pytest.param(["ok", {"deep": "{secrets.x}"}], "stands for nothing", id="deep inside"),
    ],
)
def test_what_stands_for_nothing_is_refused_with_the_nearest_name(template, said):
    with pytest.raises(ValueError, match=said):
        check(template, query=["stage", "limit"])


def test_a_secret_cannot_be_put_anywhere():
    with pytest.raises(ValueError, match="is a secret") as caught:
        fill("{config.token}", SLOTS)

    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("template", "window", "past"),
    [
        pytest.param({"from": "{window.start}", "to": ["{window.end:ms}"]}, True, True, id="from and to"),
        pytest.param("{window.last_day}", True, True, id="to"),
        pytest.param("{as_of}", True, True, id="at a moment"),
        pytest.param("{window.start}", True, False, id="from there on: up to today, whenever it is asked for"),
        pytest.param("{query.stage} {id}", False, False, id="nothing of time"),
    ],
)
def test_only_what_says_where_to_stop_can_be_asked_of_the_past(template, window, past):
    assert uses_window(template) is window
    assert reaches_the_past(template) is past
