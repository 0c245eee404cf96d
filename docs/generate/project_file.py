"""The page of everything that may be written in a project folder."""

from __future__ import annotations

from docs.generate import markdown
from docs.generate.models import Model, fields_table, parts_of
from okrsync.judge.figures import plain
from okrsync.judge.presets import PRESETS, ByPace, Preset
from okrsync.okrs import schema
from okrsync.okrs.cadence import CADENCE_FORMS
from okrsync.okrs.windows import WINDOW_FORMS
from okrsync.vocabulary import KeyResultType

_INTRODUCTION = """# The project folder

A project is a folder with a file `okrsync.yaml` and a folder `goals/`, in which there are any number of YAML files
(also in folders below it). `okrsync lint` checks all of it, without a network, and names file, line and column of
everything that is wrong. `okrsync apply` brings it into the database; until then nothing changes.

```text
my-okrs/
  okrsync.yaml        cycle, connections, metrics
  goals/*.yaml        objectives, key results and KPIs; a team per file
  connectors/*.py     connectors of your own, if there are any
  secrets/            a file per secret, if you do not use the environment
  okrsync.db          the database, unless you name another one
```

A key with nothing behind it counts as not written. Numbers are exact decimals. Unknown keys, keys that come twice, and
YAML's anchors, aliases and tags are refused."""

_NAMES: dict[Model, str] = {
    schema.CyclePart: "a [cycle](#cycle)",
    schema.ConnectionPart: "a [connection](#connection)",
    schema.MetricPart: "a [metric](#metric)",
    schema.TeamPart: "a [team](#team)",
    schema.NamedTeamPart: "a [named team](#named-team)",
    schema.StatusPart: "a [status](#status)",
    schema.ObjectivePart: "an [objective](#objective)",
    schema.KeyResultPart: "a [key result](#key-result)",
    schema.CheckpointPart: "a [checkpoint](#checkpoint)",
    schema.KpiPart: "a [KPI](#kpi)",
    schema.HealthyPart: "a [healthy range](#healthy-range)",
}
_TITLES: dict[Model, str] = {
    schema.ProjectFile: "okrsync.yaml",
    schema.GoalsFile: "A file below goals/",
    schema.KpiPart: "KPI",
}

_AFTER: dict[Model, str] = {
    schema.ConnectionPart: """The other settings are those of the connector: [spreadsheet](connectors/spreadsheet.md),
[sql](connectors/sql.md), [http](connectors/http.md). A setting may hold `${NAME}`: the environment variable of that
name, else the file `secrets/NAME`. `${NAME:-text}` falls back to `text`. A secret that stands here in plain text is
refused. `allow_private`, `ca_file`, `per_second` and `at_once` mean the same wherever a connector has them.""",
}

_TYPES = {
    KeyResultType.INCREASE: ("`start`, `target`", "The value is to rise from start to target."),
    KeyResultType.DECREASE: ("`start`, `target`", "The value is to fall from start to target."),
    KeyResultType.STAY_ABOVE: ("`low`, or `target`", "The value is to stay at or above the bound."),
    KeyResultType.STAY_BELOW: ("`high`, or `target`", "The value is to stay at or below the bound."),
    KeyResultType.IN_RANGE: ("`low`, `high`", "The value is to stay within both bounds."),
    KeyResultType.MILESTONE: ("`target`", "Whole steps; `target` says how many there are."),
    KeyResultType.BINARY: ("nothing", "Done (1) or not done (0)."),
}

_WINDOWS = {
    "cycle_to_date": "from the begin of the key result's cycle until now",
    "cycle": "the whole cycle",
    "month_to_date": "from the first of this month until now",
    "quarter_to_date": "from the first day of this calendar quarter until now",
    "lifetime": "from the beginning until now",
    "now": "a state, not a span: what is true at this moment",
    "trailing(N days)": "the last N whole days, without today",
    "previous(week)": "the last whole week, Monday to Sunday",
    "previous(month)": "the last whole month",
}


_ABOUT_TYPES = """## Types of key results

The type follows from `start`, `target`, `low` and `high`, so that it mostly need not be said."""

_ABOUT_STAYING = """Types that stay somewhere have no way to go: they are judged by the share of their check-ins so far
whose value was within bounds, and are never on track while the current value is outside."""

_ABOUT_WINDOWS = """## Windows

The span of time that a question is about. It begins with its first moment and ends just before its last one, in the
time zone of the cycle, or of the source where that has one of its own."""

_ABOUT_CADENCES = """Without a time of day it is 06:00, without a weekday Monday, without a day of the month the first;
the clock is that of the cycle's time zone. `N` divides an hour, or a day. Each time that a cadence names is a slot: a
key result gets at most one automatic check-in per slot. The begin of the cycle and its end are slots, too."""

_ABOUT_PRESETS = """## Presets

How a status follows from progress and expected progress. A preset other than `okrsync` gives the verdict that the
product of that name would give; `okrsync status --preset NAME` shows it without changing anything."""

_ABOUT_THE_WORST = """Anything worse is off track. With `okrsync`, nothing is called worse than on track in the first
10 % of the cycle, nor while it is less than 5 points behind."""


def page() -> str:
    """Return the page."""
    parts = [part for file in (schema.ProjectFile, schema.GoalsFile) for part in parts_of(file)]
    return markdown.page(_INTRODUCTION, *(_section(part) for part in dict.fromkeys(parts)), *_value_sections())


def _section(part: Model) -> str:
    title = _TITLES.get(part) or _NAMES[part].partition("[")[2].partition("]")[0].capitalize()
    told = " ".join((part.__doc__ or "").split())
    return markdown.page(f"## {title}", told, fields_table(part, _NAMES), _AFTER.get(part, ""))


def _value_sections() -> list[str]:
    return [
        _ABOUT_TYPES,
        markdown.table(("type", "needs", "meaning"), [(f"`{kind}`", *_TYPES[kind]) for kind in KeyResultType]),
        _ABOUT_STAYING,
        _ABOUT_WINDOWS,
        markdown.table(("window", "meaning"), [(f"`{form}`", _WINDOWS[form]) for form in WINDOW_FORMS]),
        "## Cadences",
        f"How often a check-in is expected: {', '.join(f'`{form}`' for form in CADENCE_FORMS)}.",
        _ABOUT_CADENCES,
        _ABOUT_PRESETS,
        markdown.table(
            ("preset", "on track", "at risk", "the product's own words"), map(_preset_row, PRESETS.values())
        ),
        _ABOUT_THE_WORST,
    ]


def _preset_row(preset: Preset) -> tuple[str, str, str, str]:
    on_track, at_risk = preset.rule.on_track, preset.rule.at_risk
    by_pace = isinstance(preset.rule, ByPace)
    limits = [
        f"at least {plain(limit * 100)} % of what is expected"
        if by_pace
        else f"at most {plain(limit * 100)} points behind"
        for limit in (on_track, at_risk)
    ]
    return f"`{preset.name}`", limits[0], limits[1], ", ".join(preset.labels.values())
