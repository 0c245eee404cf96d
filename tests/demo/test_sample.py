import re
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import chain
from zoneinfo import ZoneInfo

import openpyxl
import pytest
import yaml

from okrsync.demo import courses
from okrsync.demo.marker import is_demo
from okrsync.demo.quarters import Quarter
from okrsync.demo.sample import write_demo
from okrsync.errors import SettingsError
from okrsync.judge.goal import Goal, Point
from okrsync.judge.presets import PRESETS
from okrsync.judge.status import judge, kpi_verdict
from okrsync.vocabulary import KeyResultType, Status
from tests.demo.conftest import NOW, TODAY
from tests.demo.truth import Truth

MOMENTS = [
    pytest.param(datetime(2026, 10, 1, 0, 0, 1, tzinfo=UTC), id="first second of a quarter"),
    pytest.param(datetime(2027, 1, 1, 12, tzinfo=UTC), id="first day of a year, a holiday"),
    pytest.param(datetime(2028, 2, 29, 8, 30, tzinfo=UTC), id="leap day"),
    pytest.param(datetime(2026, 11, 21, 10, 15, tzinfo=UTC), id="a Saturday in the middle"),
    pytest.param(datetime(2027, 6, 30, 23, 59, 59, tzinfo=UTC), id="last second of a quarter"),
]


def written_at(folder, now):
    return write_demo(folder / "demo", now.date(), now)


@pytest.fixture(scope="module", params=MOMENTS)
def dated(request, tmp_path_factory):
    """A demo and the moment it was written at."""
    return written_at(tmp_path_factory.mktemp("dated"), request.param), request.param


def key_results(folder):
    """Return the key results as they are written, by id."""
    files = [yaml.safe_load(path.read_text()) for path in sorted((folder / "goals").glob("*.yaml"))]
    objectives = chain.from_iterable(file["objectives"] for file in files)
    return {each["id"]: each for objective in objectives for each in objective["key_results"]}


def metrics_of_goals(folder):
    return [each["metric"] for each in key_results(folder).values()]


def verdicts(demo, truth, at):
    """Return the verdicts on the key results whose values `truth` knows at `at`."""
    known = truth.at(at)
    goals = {key: each for key, each in key_results(demo.folder).items() if each["metric"] in known}
    return {key: verdict(goal_of(each, demo), known[each["metric"]], at) for key, each in goals.items()}


def verdict(goal, value, at):
    point = Point(at, Decimal(value.numerator) / Decimal(value.denominator))
    return judge(goal, [point], at, PRESETS["okrsync"]).status


def goal_of(written, demo):
    start, target = (written.get(field, 0) for field in ("start", "target"))
    kind = KeyResultType(written.get("type", "increase" if target > start else "decrease"))
    way = {"high": exact(target)} if kind.maintains else {"start_value": exact(start), "target_value": exact(target)}
    curve = tuple(
        (midnight(each["date"] + timedelta(days=1)), exact(each["value"])) for each in written.get("checkpoints", [])
    )
    cycle = {"starts_at": midnight(demo.start), "ends_at": midnight(demo.end + timedelta(days=1))}
    return Goal(type=kind, checkpoints=curve, **cycle, **way)


def midnight(day):
    return datetime.combine(day, time(), UTC)


def exact(number):
    return Decimal(str(number))


def everything_dated(folder):
    """Yield every moment that any of the sources mentions; a day in the workbook is its midnight."""
    for file in (folder / "crm").glob("*.json"):
        yield from (datetime.fromisoformat(text) for text in re.findall(r'_at": "([^"]+)"', file.read_text()))
    with closing(sqlite3.connect(folder / "product.db")) as database:
        for table, columns in (("signups", (1, 4)), ("tickets", (1, 2, 3)), ("subscriptions", (1, 2))):
            for row in database.execute(f"SELECT * FROM {table}"):
                yield from (datetime.fromisoformat(row[each]).replace(tzinfo=UTC) for each in columns if row[each])
    with closing(openpyxl.load_workbook(folder / "plan.xlsx")) as book:
        cells = chain.from_iterable(sheet.iter_rows(values_only=True) for sheet in book.worksheets)
        yield from (cell.replace(tzinfo=UTC) for cell in chain.from_iterable(cells) if isinstance(cell, datetime))


def test_writes_a_project_of_the_running_quarter(written):
    settings = yaml.safe_load((written.folder / "okrsync.yaml").read_text())

    assert settings["cycle"] == {
        "name": "2026-Q4",
        "start": date(2026, 10, 1),
        "end": date(2026, 12, 31),
        "timezone": "UTC",
    }
    assert (written.cycle, written.start, written.end) == ("2026-Q4", date(2026, 10, 1), date(2026, 12, 31))
    assert settings["connections"]["crm"]["base_url"] == f"http://127.0.0.1:{written.port}"
    assert is_demo(written.folder)


def test_every_text_is_filled_in(written):
    texts = {
        path.name: path.read_text()
        for pattern in ("*.yaml", "*.md", "goals/*")
        for path in written.folder.glob(pattern)
    }

    assert {name for name, text in texts.items() if re.search(r"@[a-z_]+@", text)} == set()
    assert {"okrsync.yaml", "README.md", "company.yaml", "marketing.yaml", "sales.yaml", "product.yaml"} <= set(texts)


def test_every_key_result_and_kpi_has_a_metric_and_every_metric_is_used(written):
    settings = yaml.safe_load((written.folder / "okrsync.yaml").read_text())
    bound = [*metrics_of_goals(written.folder), "churn"]
    in_formulas = set(
        re.findall(r"[a-z_]+", " ".join(each.get("formula", "") for each in settings["metrics"].values()))
    )

    assert set(bound) <= set(settings["metrics"])
    assert set(settings["metrics"]) <= set(bound) | in_formulas
    assert len(bound) == len(set(bound))


def test_the_goals_ask_for_what_the_courses_lead_to(written):
    goals = key_results(written.folder)
    wanted = {each["metric"]: (each.get("start", 0), each["target"]) for each in goals.values()}

    assert {name: wanted[name] for name in COURSES} == {
        name: (course.start, course.target) for name, course in COURSES.items()
    }
    assert (wanted["partner_agreements"][1], wanted["releases"][1]) == (
        len(courses.PARTNERS_SIGNED_AT),
        courses.RELEASES,
    )
    assert [each["value"] for each in goals["signups"]["checkpoints"]] == [
        courses.SIGNUPS.target * way for _, way in courses.SIGNUPS.curve[1:-1]
    ]


COURSES = {
    "new_revenue": courses.NEW_REVENUE,
    "won_deals": courses.WON_DEALS,
    "recurring_revenue": courses.RECURRING_REVENUE,
    "gross_margin": courses.GROSS_MARGIN,
    "satisfaction": courses.SATISFACTION,
    "mqls_so_far": courses.MQLS,
    "mql_to_sql": courses.MQL_TO_SQL,
    "cost_per_mql": courses.COST_PER_MQL,
    "signups": courses.SIGNUPS,
    "sales_cycle": courses.SALES_CYCLE,
    "activation_rate": courses.ACTIVATION,
    "first_reply_hours": courses.FIRST_REPLY,
}


def test_nothing_is_dated_after_now_and_half_a_year_of_history_is_there(dated):
    demo, now = dated

    moments = list(everything_dated(demo.folder))

    assert max(moments) <= now
    assert sum(moment < midnight(demo.start) for moment in moments) > 10_000


def test_every_key_result_has_a_value_on_any_day(dated):
    demo, now = dated

    truth = Truth(demo.folder, demo.start)
    assert {"gross_margin", *truth.at(now)} == {*metrics_of_goals(demo.folder), "churn"}
    assert set(verdicts(demo, truth, midnight(demo.start) + timedelta(hours=1)).values()) == {Status.ON_TRACK}


@pytest.mark.parametrize("day", ["2026-11-21", "2027-02-01", "2028-05-01", "2029-08-01"])
def test_the_board_tells_its_story_from_the_eighth_week_to_the_eleventh(tmp_path, day):
    quarter = Quarter.of(date.fromisoformat(day))
    now = midnight(quarter.start) + timedelta(days=76, hours=9)
    demo = written_at(tmp_path, now)
    truth = Truth(demo.folder, demo.start)

    for earlier in range(0, 27, 2):
        found = verdicts(demo, truth, now - timedelta(days=earlier))

        assert {key: status for key, status in found.items() if status is not Status.ON_TRACK} == STORY


STORY = {
    "mql-to-sql": Status.AT_RISK,
    "sales-cycle": Status.OFF_TRACK,
    "first-reply": Status.OFF_TRACK,
    "partner-agreements": Status.ACHIEVED,
}


@pytest.mark.parametrize("now", [NOW, NOW + timedelta(days=25)])
def test_what_only_knows_the_present_and_what_has_no_cycle_belong_to_the_story(tmp_path, now):
    demo = written_at(tmp_path, now)

    truth = Truth(demo.folder, demo.start)
    margin, churn = goal_of(key_results(demo.folder)["gross-margin"], demo), truth.at(now)["churn"]
    assert verdict(margin, truth.gross_margin(), now) is Status.AT_RISK
    assert kpi_verdict(None, Decimal(3), Decimal(float(churn))).status is Status.ON_TRACK


def test_the_same_day_gives_the_same_numbers(tmp_path, written):
    again = write_demo(tmp_path / "again", TODAY, NOW)

    assert Truth(again.folder, again.start).at(NOW) == Truth(written.folder, written.start).at(NOW)
    for name in ("contacts.json", "deals.json"):
        assert (again.folder / "crm" / name).read_bytes() == (written.folder / "crm" / name).read_bytes()


def test_another_seed_gives_other_numbers(tmp_path, written):
    other = write_demo(tmp_path / "other", TODAY, NOW, seed=1)

    assert (
        Truth(other.folder, other.start).at(NOW)["new_revenue"]
        != Truth(written.folder, written.start).at(NOW)["new_revenue"]
    )


def test_a_later_day_adds_to_the_history_and_rewrites_none_of_it(tmp_path, written):
    later = write_demo(tmp_path / "later", TODAY + timedelta(days=20), NOW + timedelta(days=20))

    assert Truth(later.folder, later.start).at(NOW) == Truth(written.folder, written.start).at(NOW)


def test_written_again_it_keeps_its_port_token_and_database(demo):
    token = (demo.folder / "secrets" / "DEMO_CRM_TOKEN").read_text()
    (demo.folder / "okrsync.db").write_text("what was recorded")
    (demo.folder / "crm" / "deals.json").write_text("[]")

    again = write_demo(demo.folder, TODAY, NOW)

    assert again == demo
    assert (demo.folder / "secrets" / "DEMO_CRM_TOKEN").read_text() == token
    assert (demo.folder / "okrsync.db").read_text() == "what was recorded"
    assert Truth(demo.folder, demo.start).deals


@pytest.mark.parametrize("taken", ["notes.txt", "okrsync.yaml"])
def test_a_folder_of_somebody_elses_is_refused_and_left_alone(tmp_path, taken):
    (tmp_path / taken).write_text("mine")

    with pytest.raises(SettingsError, match="is not empty, and not a demo"):
        write_demo(tmp_path, TODAY, NOW)

    assert [path.name for path in tmp_path.iterdir()] == [taken]


def test_a_file_is_no_folder(tmp_path):
    file = tmp_path / "demo"
    file.write_text("mine")

    with pytest.raises(SettingsError):
        write_demo(file, TODAY, NOW)


def test_the_token_is_for_its_owner_alone_and_in_no_other_file(demo):
    file = demo.folder / "secrets" / "DEMO_CRM_TOKEN"
    others = [path for path in demo.folder.rglob("*") if path.is_file() and path != file]

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert not [path.name for path in others if file.read_text().strip().encode() in path.read_bytes()]
    assert "secrets/" in (demo.folder / ".gitignore").read_text()


def test_the_clock_of_another_zone_gives_the_same_demo(tmp_path, written):
    elsewhere = NOW.astimezone(ZoneInfo("Asia/Tokyo"))

    demo = write_demo(tmp_path / "demo", TODAY, elsewhere)

    assert Truth(demo.folder, demo.start).at(NOW) == Truth(written.folder, written.start).at(NOW)
