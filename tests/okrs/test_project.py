from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from okrsync.errors import GoalsError
from okrsync.okrs.cadence import Cadence
from okrsync.okrs.formulas import Formula
from okrsync.okrs.model import Checkpoint, Connection, Cycle, KeyResult, Kpi, Metric, Objective, Place, Team
from okrsync.okrs.project import load_project
from okrsync.vocabulary import Commitment, KeyResultType, Level, WhenEmpty
from tests.okrs.folders import GOALS, SETTINGS, findings, key_result, project, write_project


def test_a_sound_folder_becomes_plain_values(tmp_path):
    loaded = project(tmp_path)

    assert loaded.folder == tmp_path.resolve()
    assert loaded.cycles == {
        "2026-Q4": Cycle("2026-Q4", date(2026, 10, 1), date(2026, 12, 31), ZoneInfo("Europe/Berlin"))
    }
    assert loaded.teams == {"marketing": Team("marketing", "Marketing", Level.TEAM)}
    assert loaded.objectives == {
        "marketing/lead-quality": Objective(
            "marketing/lead-quality",
            "marketing",
            "2026-Q4",
            "Improve lead quality",
            "marketing@example.com",
            Commitment.COMMITTED,
        )
    }
    assert loaded.key_results == {
        "mql-to-sql": KeyResult(
            "mql-to-sql",
            "marketing/lead-quality",
            "MQL-to-SQL conversion",
            "marketing@example.com",
            KeyResultType.INCREASE,
            "percent",
            Decimal(18),
            Decimal(28),
            metric="mql_to_sql",
        )
    }
    assert loaded.metrics["mqls"] == Metric("mqls", "crm", {"stage": "mql"}, "cycle_to_date")
    assert loaded.metrics["sqls"].query["share"] == Decimal("0.10")
    assert loaded.metrics["mql_to_sql"] == Metric("mql_to_sql", None, {}, "", Formula.parse("percent(sqls, mqls)"))
    assert loaded.metrics["churn"] == Metric(
        "churn", "crm", {}, "now", scale=Decimal(100), when_empty=WhenEmpty.ZERO, minimum=Decimal(0)
    )
    assert loaded.connections == {"crm": Connection("crm", "http", {"token": "${CRM_TOKEN}"})}
    assert loaded.preset == "okrsync"
    assert loaded.database is None


def test_settings_say_where_the_database_is_and_how_values_are_judged(tmp_path):
    more = 'database: "postgresql://okr:${DB_PASSWORD}@db/okr"\nstatus: {preset: viva}\n'

    loaded = project(tmp_path, settings=SETTINGS + more)

    assert loaded.database == "postgresql://okr:${DB_PASSWORD}@db/okr"
    assert loaded.preset == "viva"


@pytest.mark.parametrize(
    ("written", "kind", "figures"),
    [
        pytest.param("start: 18, target: 28.10", "increase", ("18", "28.10", None, None), id="rising, inferred"),
        pytest.param("start: 8, target: 3", "decrease", ("8", "3", None, None), id="falling, inferred"),
        pytest.param("type: stay_above, target: 40", "stay_above", (None, None, "40", None), id="kept above a target"),
        pytest.param("low: 40", "stay_above", (None, None, "40", None), id="kept above, inferred"),
        pytest.param("type: stay_below, target: 3", "stay_below", (None, None, None, "3"), id="kept below a target"),
        pytest.param("high: 3", "stay_below", (None, None, None, "3"), id="kept below, inferred"),
        pytest.param("low: -1, high: 1", "in_range", (None, None, "-1", "1"), id="kept within, inferred"),
        pytest.param("type: milestone, target: 4", "milestone", ("0", "4", None, None), id="milestones from 0"),
        pytest.param("type: binary", "binary", ("0", "1", None, None), id="done or not"),
    ],
)
def test_a_key_result_type_follows_from_its_figures(tmp_path, written, kind, figures):
    loaded = project(tmp_path, goals=key_result(f"{{id: nps, title: NPS, unit: points, {written}}}"))

    nps = loaded.key_results["nps"]
    assert nps.type == kind
    assert [nps.start_value, nps.target_value, nps.low, nps.high] == [f and Decimal(f) for f in figures]


def test_milestones_and_yes_or_no_need_no_unit(tmp_path):
    done = project(tmp_path, goals=key_result("{id: soc2, title: SOC 2 certificate, type: binary}"))

    assert done.key_results["soc2"].unit == "done"


def test_everything_a_key_result_may_say_arrives(tmp_path):
    loaded = project(
        tmp_path,
        goals=key_result(
            "{id: a, title: A, metric: mqls, unit: count, start: 0, target: 9, weight: 2.5, owner: o@example.com,"
            " cadence: weekly on friday, preset: viva, was: b,"
            " checkpoints: [{date: 2026-12-01, value: 8}, {date: 2026-11-01, value: 5}]}"
        ),
    )

    found = loaded.key_results["a"]
    assert (found.weight, found.owner, found.preset, found.was) == (Decimal("2.5"), "o@example.com", "viva", "b")
    assert found.cadence == Cadence.parse("weekly on friday at 06:00")
    assert found.checkpoints == (
        Checkpoint(date(2026, 11, 1), Decimal(5)),
        Checkpoint(date(2026, 12, 1), Decimal(8)),
    )


def test_a_metric_written_out_at_a_key_result_is_named_after_it(tmp_path):
    written = "{id: nps, title: NPS, metric: {connection: crm, query: {q: nps}}, unit: points, start: 1, target: 2}"

    loaded = project(tmp_path, goals=key_result(written))

    assert loaded.key_results["nps"].metric == "nps"
    assert loaded.metrics["nps"] == Metric("nps", "crm", {"q": "nps"}, "now")


def test_without_a_metric_people_check_in_by_hand(tmp_path):
    loaded = project(tmp_path, goals=key_result("{id: nps, title: NPS, unit: points, start: 1, target: 2}"))

    assert loaded.key_results["nps"].metric is None


def test_a_kpi_has_a_healthy_range(tmp_path):
    more = "kpis: [{id: churn, title: Churn, metric: churn, unit: percent, healthy: {above: 0, below: 3}, was: old}]\n"

    loaded = project(tmp_path, goals=GOALS + more)

    assert loaded.kpis == {
        "churn": Kpi(
            "churn",
            "marketing",
            "Churn",
            "marketing@example.com",
            "percent",
            "churn",
            Decimal(0),
            Decimal(3),
            was="old",
        )
    }


def test_teams_belong_to_the_company_unless_they_say_otherwise(tmp_path):
    teams = (
        "company: Acme\nteams:\n  marketing: {title: Growth}\n  seo: {parent: marketing}\n  ann: {level: individual}\n"
    )
    company = "team: company\nowner: ceo@example.com\n"

    loaded = project(tmp_path, settings=SETTINGS + teams, company=company, mine="team: ann\nowner: ann@example.com\n")

    assert loaded.teams == {
        "company": Team("company", "Acme", Level.COMPANY),
        "marketing": Team("marketing", "Growth", Level.TEAM, "company"),
        "seo": Team("seo", "Seo", Level.TEAM, "marketing"),
        "ann": Team("ann", "Ann", Level.INDIVIDUAL, "company"),
    }


def test_a_goals_file_may_describe_its_team(tmp_path):
    described = GOALS.replace("team: marketing", "team: {key: mkt, title: Marketing and PR, level: team}")

    loaded = project(tmp_path, goals=described)

    assert loaded.teams == {"mkt": Team("mkt", "Marketing and PR", Level.TEAM)}
    assert set(loaded.objectives) == {"mkt/lead-quality"}


def test_with_several_cycles_each_goals_file_names_its_own(tmp_path):
    settings = SETTINGS.replace("cycle: {", "cycles:\n  - {").replace(
        "Berlin}\n", "Berlin}\n  - {name: 2027-Q1, start: 2027-01-01, end: 2027-03-31}\n"
    )

    loaded = project(tmp_path, settings=settings, goals=GOALS + "cycle: 2027-Q1\n")

    assert list(loaded.cycles) == ["2026-Q4", "2027-Q1"]
    assert loaded.cycles["2027-Q1"].zone == ZoneInfo("UTC")
    assert loaded.objectives["marketing/lead-quality"].cycle == "2027-Q1"


def test_goals_files_are_found_in_sub_folders_with_both_endings_but_not_hidden(tmp_path):
    write_project(tmp_path, {"goals/.draft.yaml": "{", "goals/notes.txt": "{", "goals/emea/sales.yml": "team: sales\n"})

    assert set(load_project(tmp_path).teams) == {"marketing", "sales"}


def test_a_key_with_nothing_behind_it_is_as_if_not_written(tmp_path):
    loaded = project(tmp_path, goals=GOALS + "kpis:\ncycle:\n")

    assert loaded.kpis == {}


@pytest.mark.parametrize(
    ("path", "place"),
    [
        pytest.param(("metrics", "mqls"), Place("okrsync.yaml", 5, 3), id="a metric"),
        pytest.param(("metrics", "mqls", "query", "stage"), Place("okrsync.yaml", 5, 42), id="a field of a query"),
        pytest.param(("metrics", "mqls", "query", "gone"), Place("okrsync.yaml", 5, 34), id="what is around"),
        pytest.param(("connections", "crm", "token"), Place("okrsync.yaml", 3, 33), id="a setting"),
        pytest.param(("key_results", "mql-to-sql"), Place("goals/marketing.yaml", 7, 9), id="a key result"),
        pytest.param(("key_results", "mql-to-sql", "target"), Place("goals/marketing.yaml", 7, 110), id="its field"),
        pytest.param(("objectives", "marketing/lead-quality"), Place("goals/marketing.yaml", 4, 5), id="an objective"),
        pytest.param(("cycles", "2026-Q4", "end"), Place("okrsync.yaml", 1, 48), id="a field of the cycle"),
        pytest.param(("nowhere",), Place("okrsync.yaml", 0, 0), id="nothing known"),
    ],
)
def test_a_project_knows_where_everything_is_written(tmp_path, path, place):
    assert project(tmp_path).place(*path) == place


def test_a_metric_written_out_is_found_by_its_name(tmp_path):
    written = "{id: nps, title: NPS, metric: {connection: crm, query: {q: nps}}, unit: points, start: 1, target: 2}"

    loaded = project(tmp_path, goals=key_result(written))

    assert loaded.place("metrics", "nps", "query", "q") == Place("goals/marketing.yaml", 7, 68)


def test_a_folder_that_is_no_project_says_how_to_make_one(tmp_path):
    with pytest.raises(GoalsError) as error:
        load_project(tmp_path)
    assert str(error.value) == (
        f"okrsync.yaml: is not in {tmp_path}, so this is no project folder"
        " (name another folder with --project, or make one: okrsync init DIR)"
    )

    with pytest.raises(GoalsError, match=r"there is no such folder \(okrsync init"):
        load_project(tmp_path / "gone")


def test_a_project_without_goals_says_how_to_get_some(tmp_path):
    (tmp_path / "okrsync.yaml").write_text(SETTINGS)

    with pytest.raises(GoalsError, match=r"^goals/: there are no goals: no \.yaml file is in it \(okrsync init DIR"):
        load_project(tmp_path)


def test_everything_wrong_in_all_files_is_told_at_once_in_the_order_of_places(tmp_path):
    settings = SETTINGS.replace("end: 2026-12-31", "end: 2026-09-31")

    found = findings(
        tmp_path,
        settings=settings.replace("connection: crm, scale: 100", "connection: cmr, scale: 0"),
        goals=key_result("{id: A, tilte: T, metric: mqsl, unit: percent, start: 18, target: x}"),
        broken="team: [sales\n",
        other="owner: x\nobjectives:\n  - {id: o, title: T, key_results: 5}\n",
    )

    assert found == [
        "goals/broken.yaml:2:1: a bracket is not closed, or a comma is missing (close it, or put a comma between)",
        "goals/marketing.yaml:7:9: title is missing",
        "goals/marketing.yaml:7:14: id must be an id of a-z, 0-9, - and _, 64 at most, got text 'A' (for example 'a')",
        "goals/marketing.yaml:7:17: unknown key 'tilte' (did you mean 'title'?)",
        "goals/marketing.yaml:7:35: there is no metric 'mqsl' (did you mean 'mqls'?)",
        "goals/marketing.yaml:7:75: target must be a number, got text 'x'",
        "goals/other.yaml:1:1: team is missing",
        "goals/other.yaml:3:36: key_results must be a list, got number 5",
        "okrsync.yaml:1:48: end must be a day that exists, got 2026-09-31",
        "okrsync.yaml:8:23: there is no connection 'cmr' (did you mean 'crm'?)",
        "okrsync.yaml:8:35: scale must not be 0: every value would be 0",
    ]
