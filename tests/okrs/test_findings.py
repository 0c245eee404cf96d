"""Every mistake that people make in their files, and the exact words they get for it."""

import pytest

from tests.okrs.folders import GOALS, SETTINGS, findings, key_result

HERE = "goals/marketing.yaml"
FORMULA = '"percent(sqls, mqls)"'


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param(
            "start: 28, target: 28",
            (
                "7:61: target is the same as start, 28: there is no way to go (where the value is to be kept, say "
                "type: stay_above, stay_below or in_range)"
            ),
            id="H4 target is start",
        ),
        pytest.param(
            "type: increase, start: 85, target: 60",
            "7:77: type is increase, but target 60 is below start 85 (say type: decrease, or swap start and target)",
            id="H5 increase that falls",
        ),
        pytest.param(
            "type: decrease, start: 3, target: 8",
            "7:76: type is decrease, but target 8 is above start 3 (say type: increase, or swap start and target)",
            id="H5 decrease that rises",
        ),
        pytest.param(
            "type: decrease, start: 3, target: 3",
            (
                "7:76: target is the same as start, 3: there is no way to go (where the value is to be kept, say "
                "type: stay_above, stay_below or in_range)"
            ),
            id="H4 with a type",
        ),
        pytest.param(
            "target: 60",
            "7:9: start is missing (or, where the value is to be kept, say type: stay_above or type: stay_below)",
            id="no start",
        ),
        pytest.param(
            "start: 60",
            "7:9: target is missing",
            id="no target",
        ),
        pytest.param(
            "weight: 1",
            "7:9: start and target are missing (or low and high, for a value that is to be kept)",
            id="no figures",
        ),
        pytest.param(
            "type: in_range, low: 1",
            "7:9: high is missing, which in_range needs",
            id="half a range",
        ),
        pytest.param(
            "low: 5, high: 3",
            "7:47: nothing lies between low 5 and high 3 (swap them?)",
            id="range upside down",
        ),
        pytest.param(
            "type: stay_above, high: 3",
            (
                "7:9: low is missing, which stay_above needs|7:66: high has no meaning for stay_above (leave it out, "
                "or say another type)"
            ),
            id="wrong bound",
        ),
        pytest.param(
            "type: stay_above, low: 3, target: 4",
            "7:76: target and low say the same for stay_above (leave one of them out)",
            id="bound twice",
        ),
        pytest.param(
            "low: 3, start: 4",
            "7:9: target is missing",
            id="bound and start",
        ),
        pytest.param(
            "type: milestone, target: 2.5",
            "7:67: target 2.5 of start 0: milestones are counted whole (use whole numbers)",
            id="half a milestone",
        ),
        pytest.param(
            "type: binary, target: 100",
            "7:64: target is 100, but binary goes from 0 to 1 (leave it out, or say another type)",
            id="binary to 100",
        ),
        pytest.param(
            "type: incraese, start: 1, target: 2",
            (
                "7:48: type must be one of increase, decrease, stay_above, stay_below, in_range, milestone, binary, "
                "got text 'incraese' (did you mean 'increase'?)"
            ),
            id="type misspelt",
        ),
        pytest.param(
            "start: 1, target: '28 %'",
            "7:60: target must be a number, got text '28 %' (leave the quotation marks and the unit out)",
            id="number with a unit",
        ),
        pytest.param(
            "start: true, target: 2",
            "7:49: start must be a number, got true",
            id="true is no 1",
        ),
        pytest.param(
            "start: 1, target: .nan",
            "7:60: .nan is no finite number",
            id="not a number",
        ),
        pytest.param(
            "start: 1, target: 2, weight: 0",
            "7:71: weight must be more than 0, got 0",
            id="no weight",
        ),
        pytest.param(
            "start: 1, target: 2, cadence: wekly",
            (
                "7:72: cadence cannot be read: 'wekly' is no cadence; one of hourly, daily, weekly, monthly, N "
                "minutes, N hours, daily at 06:00, weekly on monday at 06:00, monthly on 1 at 06:00"
            ),
            id="cadence",
        ),
        pytest.param(
            "start: 1, target: 2, preset: upraised",
            (
                "7:71: preset must be one of okrsync, engagedly, upraise, oboard, mooncamp, servicenow, viva, got "
                "text 'upraised' (did you mean 'upraise'?)"
            ),
            id="preset",
        ),
        pytest.param(
            "start: 1, target: 2, metric: mlqs",
            "7:71: there is no metric 'mlqs' (did you mean 'mqls'?)",
            id="H2 unknown metric",
        ),
        pytest.param(
            "start: 1, target: 2, was: a",
            "7:68: 'a' is still there (was names an id that is no more)",
            id="was itself",
        ),
        pytest.param(
            "start: 1, target: 2, checkpoints: [{date: 2027-01-01, value: 1}]",
            "7:84: checkpoint 2027-01-01 lies outside the cycle, 2026-10-01 to 2026-12-31",
            id="checkpoint outside",
        ),
        pytest.param(
            "start: 1, target: 2, checkpoints: [{date: 2026-12-01, value: 1}, {date: 2026-12-01, value: 2}]",
            "7:114: there is a checkpoint of 2026-12-01 already",
            id="checkpoint twice",
        ),
        pytest.param(
            "low: 1, checkpoints: [{date: 2026-12-01, value: 1}]",
            "7:63: checkpoints have no meaning for stay_above (leave them out)",
            id="checkpoints of a bound",
        ),
        pytest.param(
            "start: 1, target: 2, titel: x",
            "7:63: unknown key 'titel' (did you mean 'title'?)",
            id="H2 unknown key",
        ),
        pytest.param(
            "start: 1, target: 2, owner: 5",
            "7:70: owner must be text, got number 5 (put it in quotation marks)",
            id="number for a text",
        ),
        pytest.param(
            "start: 1, target: 2, owner: '${ME}'",
            (
                "7:70: a variable stands here, and is not filled in (variables are filled in below connections and "
                "in database only)"
            ),
            id="variable",
        ),
    ],
)
def test_a_wrong_key_result(tmp_path, fields, expected):
    found = findings(tmp_path, goals=key_result(f"{{id: a, title: A, unit: percent, {fields}}}"))

    assert found == [f"{HERE}:{line}" for line in expected.split("|")]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(
            "end: 2026-12-31",
            "end: 2026-09-30",
            "1:48: end 2026-09-30 is before start 2026-10-01 (swap them?)",
            id="cycle upside down",
        ),
        pytest.param(
            "Europe/Berlin",
            "Europe/Berln",
            "1:70: timezone must be a time zone, got text 'Europe/Berln' (did you mean 'Europe/Berlin'?)",
            id="zone",
        ),
        pytest.param(
            "start: 2026-10-01",
            "start: 1.10.2026",
            "1:31: start must be a date, got text '1.10.2026' (a date is written 2026-12-31)",
            id="date",
        ),
        pytest.param(
            "mqls: {connection: crm",
            "mqls: {connection: crn",
            "5:22: there is no connection 'crn' (did you mean 'crm'?)",
            id="H2 unknown connection",
        ),
        pytest.param(
            "mqls: {connection: crm",
            "mqls: {conection: crm",
            (
                "5:3: connection is missing (or a formula over other metrics)|5:10: unknown key 'conection' (did you "
                "mean 'connection'?)"
            ),
            id="H2 unknown key",
        ),
        pytest.param(
            "window: cycle_to_date",
            "window: trailing(28 day",
            (
                "5:56: window cannot be read: 'trailing(28 day' is no window; one of cycle_to_date, cycle, "
                "month_to_date, quarter_to_date, lifetime, now, trailing(N days), previous(week), previous(month) "
                "(did you mean 'trailing(N days)'?)"
            ),
            id="window",
        ),
        pytest.param(
            "scale: 100",
            "scale: 0",
            "8:35: scale must not be 0: every value would be 0",
            id="scale",
        ),
        pytest.param(
            "minimum: 0",
            "minimum: 5, maximum: 1",
            "8:67: nothing lies between minimum 5 and maximum 1 (swap them?)",
            id="bounds",
        ),
        pytest.param(
            "when_empty: zero",
            "when_empty: nil",
            "8:52: when_empty must be one of problem, zero, keep, got text 'nil'",
            id="when empty",
        ),
        pytest.param(
            FORMULA,
            "percent(sqls, mqls)",
            (
                "7:37: formula cannot be read: expected ')', the formula ends|7:39: unknown key 'mqls)' (a text with "
                "a comma, such as a formula, needs quotation marks inside { })"
            ),
            id="a formula's comma",
        ),
        pytest.param(
            FORMULA,
            '"percnt(sqls, mqls)"',
            "7:25: formula cannot be read: there is no function 'percnt' (did you mean 'percent'?)",
            id="function",
        ),
        pytest.param(
            FORMULA,
            '"percent(sqls, mql)"',
            "7:40: there is no metric 'mql' (did you mean 'mqls'?)",
            id="metric of a formula",
        ),
        pytest.param(
            FORMULA,
            "sqls - ) / 2",
            "7:32: formula cannot be read: expected a metric, a number or '(', got ')'",
            id="formula's syntax",
        ),
        pytest.param(
            FORMULA,
            "mql_to_sql + 1",
            "7:25: these formulas go in a circle: mql_to_sql → mql_to_sql (take one formula out)",
            id="a formula of itself",
        ),
        pytest.param(
            "{formula: ",
            "{window: now, formula: ",
            "7:24: window does not go with a formula (it is said at the metrics that the formula uses)",
            id="formula's window",
        ),
        pytest.param(
            "{formula: ",
            "{connection: crm, formula: ",
            "7:28: connection does not go with a formula (say one of them)",
            id="formula's connection",
        ),
        pytest.param(
            "crm: {connector: http, ",
            "crm: {",
            "3:8: connector is missing",
            id="no connector",
        ),
        pytest.param(
            'crm: {connector: http, token: "${CRM_TOKEN}"}',
            "crm: s3cret-token",
            "3:8: crm must be a mapping, got text",
            id="a secret is not repeated",
        ),
        pytest.param(
            "${CRM_TOKEN}",
            "${CRM TOKEN}",
            "3:33: a variable is not well written (${NAME} or ${NAME:-text instead})",
            id="variable misspelt",
        ),
        pytest.param(
            "cycle: {",
            "cycles: []\ncycle: {",
            "1:9: cycle and cycles are both there (list all of them below cycles)",
            id="cycle and cycles",
        ),
        pytest.param(
            "metrics:\n",
            "metrics:\n  Won Deals: {connection: crm}\n",
            (
                "5:3: a name here must be an id of a-z, 0-9, - and _, 64 at most, got text 'Won Deals' (for example "
                "'won-deals')"
            ),
            id="metric's name",
        ),
        pytest.param(
            "metrics:\n",
            "metrics:\n  mqls: {connection: crm}\n",
            "6:3: the key 'mqls' is here a second time (it is in line 5 already)",
            id="H1 duplicate key",
        ),
        pytest.param(
            "metrics:\n",
            "metrics:\n\tx: 1\n",
            "5:1: a tab indents this line (indent with spaces)",
            id="H1 tab",
        ),
    ],
)
def test_wrong_settings(tmp_path, before, after, expected):
    assert before in SETTINGS

    found = [line for line in findings(tmp_path, settings=SETTINGS.replace(before, after, 1)) if "okrsync" in line]

    assert found == [f"okrsync.yaml:{line}" for line in expected.split("|")]


def test_without_a_cycle_the_way_to_write_one_is_shown(tmp_path):
    found = findings(tmp_path, settings=SETTINGS.partition("\n")[2])

    assert found == ["okrsync.yaml:1:1: cycle is missing (cycle: {name: 2026-Q4, start: 2026-10-01, end: 2026-12-31})"]


def test_formulas_that_go_in_a_circle_are_named_all_the_way(tmp_path):
    circle = '  a: {formula: b + 1}\n  b: {formula: "min(c, a)"}\n  c: {formula: 2 * mqls}\n'

    found = findings(tmp_path, settings=SETTINGS + circle)

    assert found == ["okrsync.yaml:9:16: these formulas go in a circle: a → b → a (take one formula out)"]


def test_a_hyphen_in_a_formula_is_a_minus_and_said_to_be(tmp_path):
    settings = SETTINGS + "  won-deals: {connection: crm}\n  share: {formula: won-deals / mqls}\n"

    found = findings(tmp_path, settings=settings)

    hint = "(in a formula - is minus: rename the metric 'won-deals' to 'won_deals')"
    assert found == [
        f"okrsync.yaml:10:20: there is no metric 'won' {hint}",
        f"okrsync.yaml:10:24: there is no metric 'deals' {hint}",
    ]


def test_equal_ids_name_both_places(tmp_path):
    other = GOALS.replace("marketing", "sales").replace(
        "team: sales", "kpis:\n  - {id: mql-to-sql, title: C, metric: churn, unit: percent}\nteam: sales"
    )

    found = findings(tmp_path, sales=other, twice=GOALS)

    again = "is taken (by goals/marketing.yaml:{line}; every one needs its own)"
    assert found == [
        f"goals/sales.yaml:2:10: the id 'mql-to-sql' {again.format(line=7)}",
        f"goals/sales.yaml:9:14: the id 'mql-to-sql' {again.format(line=7)}",
        f"goals/twice.yaml:4:9: the objective 'marketing/lead-quality' {again.format(line=4)}",
        f"goals/twice.yaml:7:14: the id 'mql-to-sql' {again.format(line=7)}",
    ]


def test_a_history_has_one_heir(tmp_path):
    two = (
        GOALS.replace("{id: mql-to-sql", "{id: a, was: old").rstrip()
        + "\n      - {id: b, was: old, title: B, unit: x, start: 1, target: 2}\n"
    )

    found = findings(tmp_path, goals=two)

    assert found == [f"{HERE}:8:22: the history of 'old' is taken (by {HERE}:7; every one needs its own)"]


def test_an_objective_supports_one_that_exists(tmp_path):
    found = findings(tmp_path, goals=GOALS.replace("    title: I", "    supports: marketing/lead-qualty\n    title: I"))

    assert found == [
        f"{HERE}:5:15: there is no objective 'marketing/lead-qualty' (did you mean 'marketing/lead-quality'?)"
    ]


def test_objectives_do_not_support_each_other_in_a_circle(tmp_path):
    circle = """\
        team: sales
        owner: s@example.com
        objectives:
          - {id: a, title: A, supports: sales/b}
          - {id: b, title: B, supports: sales/a}
        """

    found = findings(tmp_path, sales=circle)

    assert found == [
        "goals/sales.yaml:4:33: these objectives go in a circle: sales/a → sales/b → sales/a (take one supports out)"
    ]


def test_a_name_that_may_stand_in_an_unreadable_file_is_not_called_unknown(tmp_path):
    goals = GOALS.replace("    title: I", "    supports: company/grow\n    title: I")

    found = findings(tmp_path, goals=goals, company="team: company\nobjectives: [")

    assert found == ["goals/company.yaml:2:14: a value is missing (a bracket may not be closed)"]


def test_where_teams_are_listed_goals_name_one_of_them(tmp_path):
    teams = "teams:\n  marketing-emea: {title: M}\n  sales: {parent: salse}\n"

    found = findings(tmp_path, settings=SETTINGS + teams)

    assert found == [
        f"{HERE}:1:7: there is no team 'marketing' (did you mean 'marketing-emea'?)",
        "okrsync.yaml:11:19: there is no team 'salse' (did you mean 'sales'?)",
    ]


def test_a_team_may_be_described_in_a_file_that_cannot_be_read(tmp_path):
    found = findings(tmp_path, settings=SETTINGS + "teams: {sales: {parent: emea}}\n", broken="team: {key: marketing")

    assert found == [
        "goals/broken.yaml:1:22: a bracket is not closed, or a comma is missing (close it, or put a comma between)"
    ]


def test_teams_are_not_parents_of_each_other(tmp_path):
    teams = "teams:\n  marketing: {parent: sales}\n  sales: {parent: marketing}\n"

    found = findings(tmp_path, settings=SETTINGS + teams)

    assert found == [
        "okrsync.yaml:10:23: these teams go in a circle: marketing → sales → marketing (take one parent out)"
    ]


def test_the_company_has_one_name(tmp_path):
    found = findings(
        tmp_path, settings=SETTINGS + "company: Acme\nteams: {company: {title: Acme Inc}, marketing: {}}\n"
    )

    assert found == ["okrsync.yaml:10:26: the company's name is given twice (here and as company: leave one out)"]


def test_of_several_cycles_one_is_to_be_named(tmp_path):
    settings = SETTINGS.replace("cycle: {", "cycles:\n  - {").replace(
        "Berlin}\n", "Berlin}\n  - {name: 2027-Q1, start: 2027-01-01, end: 2027-03-31}\n"
    )

    found = findings(tmp_path, settings=settings, sales="team: sales\ncycle: 2027-q1\n")

    assert found == [
        f"{HERE}:1:1: cycle is missing (there are several: 2026-Q4, 2027-Q1)",
        "goals/sales.yaml:2:8: there is no cycle '2027-q1' (did you mean '2027-Q1'?)",
    ]


def test_everything_needs_an_owner(tmp_path):
    kpi = "kpis: [{id: churn, title: Churn, metric: churn, unit: percent}]\n"

    found = findings(tmp_path, goals=GOALS.replace("owner: marketing@example.com\n", "") + kpi)

    hint = "(owner: somebody@example.com, here or for the whole file)"
    assert found == [f"{HERE}:3:5: owner is missing {hint}", f"{HERE}:7:8: owner is missing {hint}"]


@pytest.mark.parametrize(
    ("kpi", "expected"),
    [
        pytest.param(
            "metric: mqls",
            (
                "8:51: the window cycle_to_date of metric 'mqls' needs a cycle (a KPI has no cycle: a window such as "
                "trailing(28 days), month_to_date or now does)"
            ),
            id="window of a cycle",
        ),
        pytest.param(
            "metric: mql_to_sql",
            (
                "8:51: the window cycle_to_date of metric 'mqls' needs a cycle (a KPI has no cycle: a window such as "
                "trailing(28 days), month_to_date or now does)|8:51: the window cycle_to_date of metric 'sqls' needs "
                "a cycle (a KPI has no cycle: a window such as trailing(28 days), month_to_date or now does)"
            ),
            id="window behind a formula",
        ),
        pytest.param(
            "metric: churn, healthy: {}",
            "8:67: healthy needs above, below or both",
            id="no range",
        ),
        pytest.param(
            "metric: churn, healthy: {above: 3, below: 1}",
            "8:75: nothing lies between above 3 and below 1 (swap them?)",
            id="range upside down",
        ),
        pytest.param(
            "owner: x",
            "8:8: metric is missing",
            id="no metric",
        ),
    ],
)
def test_a_wrong_kpi(tmp_path, kpi, expected):
    found = findings(tmp_path, goals=GOALS + f"kpis: [{{id: churn, title: C, unit: count, {kpi}}}]\n")

    assert found == [f"{HERE}:{line}" for line in expected.split("|")]


def test_a_metric_written_out_does_not_hide_one_of_the_same_name(tmp_path):
    written = "{id: churn, title: C, unit: percent, metric: {connection: crm}, start: 3, target: 2}"

    found = findings(tmp_path, goals=key_result(written))

    assert found == [
        (
            f"{HERE}:7:54: there is a metric 'churn' already (the metrics have one, in okrsync.yaml:8:"
            " name it with metric: churn, or give one another name)"
        )
    ]


def test_a_file_that_is_empty_or_not_text_says_so(tmp_path):
    (tmp_path / "goals").mkdir()
    (tmp_path / "goals/latin.yaml").write_bytes(b"team: sales\nowner: J\xfcrgen\n")

    found = findings(tmp_path, empty="# later\n")

    assert found == [
        "goals/empty.yaml:1:1: the file is empty",
        "goals/latin.yaml:2:1: is not UTF-8 text here (save the file as UTF-8)",
    ]


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    found = findings(tmp_path, large="# " + "x" * 1024 * 1024)

    assert found == ["goals/large.yaml: is larger than 1 MiB (goals may be spread over any number of files)"]


@pytest.mark.parametrize("text", ["5", "[1, 2]", "just words", "settings: 1", "cycle: 5\nmetrics: [1]\nteams: x\n"])
def test_nonsense_is_told_and_never_breaks(tmp_path, text):
    assert findings(tmp_path, settings=text, nonsense=text)
