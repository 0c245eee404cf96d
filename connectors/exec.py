"""Numbers from any program that prints JSON lines: a script, a Singer tap, an Airbyte connector."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from okrsync import Aggregate, Answer, Ask, Choice, Config, Connector, History, Limits, Problem, Query, Reading, Reason
from okrsync.connect.answers.placeholders import Slots, fill, reaches_the_past
from okrsync.connect.answers.placeholders import check as check_placeholders
from okrsync.connect.answers.rows import Expression
from okrsync.connect.commands import inquiries, program
from okrsync.connect.commands.counting import Count
from okrsync.connect.commands.output import Output
from okrsync.connect.commands.running import Bounds, Command, Running
from okrsync.connect.transport.http import HttpClient
from okrsync.redaction import learn, redacted
from okrsync.vocabulary import Aggregation

_COMPLAINTS_KEPT = 5
"""Lines of the standard error that a receipt holds."""


def _printable(text: str) -> str:
    if "\0" in text:
        raise ValueError("a program takes no null characters")
    return text


def _variable(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError(f"{name!r} cannot be the name of a variable: letters, digits and _ only")
    return name


Argument = Annotated[str, AfterValidator(_printable)]
Variable = Annotated[str, AfterValidator(_variable)]


class ExecConfig(Config):
    """One program, and what it may use. It runs in the project folder, and never by a shell."""

    command: list[Argument] = Field(
        min_length=1,
        description="The program and its arguments: a name on PATH, or a file below the project folder. Arguments can "
        "be seen by every user of the machine, so secrets go into `env`.",
        examples=[["tap-github", "--config", "tap.json"], ["./open_tickets.sh"], ["python3", "scripts/count.py"]],
    )
    env: dict[Variable, SecretStr] = Field(
        {},
        description="What the program finds in its environment, besides PATH, HOME and LANG. The values are hidden "
        "wherever they would be shown.",
        examples=[{"TAP_GITHUB_TOKEN": "${GITHUB_TOKEN}"}],
    )
    check: list[Argument] | None = Field(
        None,
        min_length=1,
        description="Arguments with which the command, instead of printing rows, says what or who it is.",
        examples=[["--version"], ["check", "--config", "config.json"]],
    )
    discover: list[Argument] | None = Field(
        None,
        min_length=1,
        description="Arguments with which the command lists its streams.",
        examples=[["--discover"], ["discover", "--config", "config.json"]],
    )
    timeout: float = Field(120, gt=0, le=3600, description="Seconds after which the program is stopped.")
    memory: int = Field(1024, ge=64, description="Megabytes that each process of it may use.")
    max_rows: int = Field(1_000_000, ge=1, description="Rows that it may print.")
    max_bytes: int = Field(250_000_000, ge=1, description="Bytes that it may print.")
    at_once: int = Field(1, ge=1, le=32, description="How many of it may run at the same time.")
    _folder: Path = PrivateAttr(default=Path())

    def model_post_init(self, context: Any, /) -> None:
        """Remember the project folder: the program runs there."""
        self._folder = Path((context or {}).get("folder") or "").resolve()

    @field_validator("command")
    @classmethod
    def _of_the_project(cls, command: list[str], info: ValidationInfo) -> list[str]:
        if not command[0].strip():
            raise ValueError("`command` begins with the name of a program")
        program.refuse_elsewhere(command[0], Path((info.context or {}).get("folder") or ""))
        return command

    @property
    def folder(self) -> Path:
        """The project folder."""
        return self._folder


class ExecQuery(Query):
    """One number of what the program prints: its rows reduced with `agg`, or a `value` of its only row."""

    stream: str | None = Field(
        None,
        min_length=1,
        description="Which rows, if the program prints those of several streams, as Singer taps do.",
        examples=["issues"],
    )
    args: list[Argument] = Field(
        [],
        description="Further arguments, with placeholders such as `{window.start:date}`; with the window's end in "
        "them, the past can be asked for, too. Questions with the same arguments share one run.",
        examples=[["--since", "{window.start:date}", "--before", "{window.end:date}"]],
    )
    value: Expression | None = Field(
        None, description="Where in the only row the number is, as JMESPath.", examples=["total"]
    )
    agg: Aggregation | None = Field(None, description="Or how many rows become one number.", examples=["count"])
    of: Expression | None = Field(
        None, description="Which value of each row, as JMESPath; not for `count`.", examples=["amount"]
    )
    where: Expression | None = Field(
        None, description="Which rows, as a JMESPath condition on each.", examples=["state == 'open'"]
    )
    by: Expression | None = Field(None, description="What `latest` and `first` go by.", examples=["closed_at"])
    p: Decimal | None = Field(None, ge=0, le=100, description="Which percentile, from 0 to 100.")

    @model_validator(mode="after")
    def _one_number(self) -> Self:
        given = [name for name, value in self._reducing.items() if value is not None]
        if (self.value is None) == (self.agg is None):
            raise ValueError("say either `agg`, for many rows, or `value`, for the only one")
        if self.value is not None and given:
            raise ValueError(f"`{given[0]}` goes with `agg`, not with `value`")
        if self.agg is not None:
            Aggregate.model_validate(self._reducing)
        check_placeholders(self.args)
        return self

    @property
    def _reducing(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in Aggregate.model_fields}

    @property
    def aggregate(self) -> Aggregate | None:
        """How many rows become one number; None where there is only one."""
        return Aggregate.model_validate(self._reducing) if self.agg else None


class Exec(Connector[ExecConfig, ExecQuery]):
    """Any program that prints JSON lines.

    Credentials:

    1. Have the program installed for the user that okrsync runs as, or put it into the project folder.
    2. Give it what it needs to log in through `env`; okrsync passes on nothing else of its own environment but PATH,
       HOME and LANG. Let these credentials only read.
    3. Name the arguments for `check`, if it has some with which it says who it is.

    Limits: `timeout` seconds, `memory` megabytes for each of its processes, `max_rows` and `max_bytes`; what breaks
    one is stopped, with all that it started. Equal commands run once per sync.

    Cannot: know whether the program only reads; keep the state of a Singer tap between two runs; read rows that are
    written to files (Singer BATCH); hold a process that leaves its process group; run on Windows.
    """

    name, history, max_batch, limits = "exec", "snapshot", 1000, Limits(at_once=1)
    scopes = ("those of the program's own credentials, for reading only",)

    def __init__(self, connection: str, config: ExecConfig, http: HttpClient) -> None:
        """Take the connection's name and settings; the program is not looked for before it is to run."""
        super().__init__(connection, config, http)
        self._under_way: set[Running] = set()
        for secret in config.env.values():
            for line in _lines_of(secret.get_secret_value()):
                learn(line)

    def history_of(self, query: ExecQuery) -> History:
        """Any past window can be asked for where the arguments say when the window ends."""
        return History.WINDOW if reaches_the_past(query.args) else History.SNAPSHOT

    def together(self, ask: Ask[ExecQuery]) -> tuple[str, ...]:
        """Questions that the same run answers."""
        return _arguments(ask)

    def check(self) -> str:
        """Run the command with the arguments that the settings name for it, or say which program would run."""
        if self.config.check is None:
            return f"{self._command(()).program} would run; `check` names arguments with which it says more"
        with self._running(self.config.check, inquiries.LONGEST_ANSWER) as running:
            return inquiries.greeting(self._shown, running)

    def discover(self, like: str = "") -> Iterator[Choice]:
        """Yield the streams whose names hold `like`, where the settings say how the program lists them."""
        if self.config.discover is None:
            return
        with self._running(self.config.discover, inquiries.LONGEST_ANSWER) as running:
            found = inquiries.streams(self._shown, running)
        yield from (Choice("stream", stream) for stream in found if like.casefold() in stream.casefold())

    def read_many(self, asks: Sequence[Ask[ExecQuery]]) -> Iterable[Answer]:
        """Run each distinct command once and answer every question that its rows answer."""
        groups: dict[tuple[str, ...], list[Ask[ExecQuery]]] = {}
        for ask in asks:
            groups.setdefault(_arguments(ask), []).append(ask)
        answers: dict[str, Answer] = {}
        for arguments, group in groups.items():
            answers.update(zip([ask.key for ask in group], self._answered(arguments, group), strict=True))
        return [answers[ask.key] for ask in asks]

    def close(self) -> None:
        """End what still runs."""
        for running in tuple(self._under_way):
            running.interrupt()

    def _answered(self, arguments: Sequence[str], asks: Sequence[Ask[ExecQuery]]) -> Sequence[Answer]:
        counts = [Count(ask.query.stream, ask.query.aggregate, ask.query.value) for ask in asks]
        output = Output(self._shown, self.config.max_rows)
        try:
            with self._running(arguments) as running:
                for row in output.rows(running):
                    for count in counts:
                        count.add(row)
                complaints = running.complaints[-_COMPLAINTS_KEPT:]
        except Problem as problem:
            if problem.reason is Reason.CONFIG:
                raise
            return [problem] * len(asks)
        account = {"program": self._shown, "arguments": list(arguments), "standard_error": complaints}
        return [_answer(ask, count, output, account) for ask, count in zip(asks, counts, strict=True)]

    @contextmanager
    def _running(self, arguments: Sequence[str], most_bytes: int | None = None) -> Iterator[Running]:
        with Running(self._command(arguments, most_bytes)) as running:
            self._under_way.add(running)
            try:
                yield running
            finally:
                self._under_way.discard(running)

    def _command(self, arguments: Sequence[str], most_bytes: int | None = None) -> Command:
        config = self.config
        environ = program.environment(
            os.environ, {name: value.get_secret_value() for name, value in config.env.items()}
        )
        return Command(
            name=self._shown,
            program=program.find(self._shown, config.folder, environ["PATH"]),
            arguments=[*config.command[1:], *arguments],
            folder=config.folder,
            environ=environ,
            bounds=Bounds(config.timeout, config.memory, most_bytes or config.max_bytes),
        )

    @property
    def _shown(self) -> str:
        """What the program is called in messages: its own arguments stay out of them."""
        return self.config.command[0]


def _arguments(ask: Ask[ExecQuery]) -> tuple[str, ...]:
    return tuple(map(str, fill(ask.query.args, Slots(ask.window, ask.as_of))))


def _answer(ask: Ask[ExecQuery], count: Count, output: Output, account: Mapping[str, Any]) -> Answer:
    try:
        found = count.result(output)
    except Problem as problem:
        return problem
    return Reading(
        found.value,
        as_of=ask.as_of,
        rows=found.rows,
        sample=redacted(found.sample),
        provenance={**account, "rows": found.rows, "matched": found.matched},
    )


def _lines_of(secret: str) -> list[str]:
    """Return the lines of a secret that has several: a program may print them one by one."""
    return secret.splitlines() if "\n" in secret else []
