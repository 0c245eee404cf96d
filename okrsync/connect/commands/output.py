"""All that a program prints, line by line: its rows, the streams that it knows, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.connect.commands.messages import Message, Row, understood
from okrsync.connect.commands.running import Running
from okrsync.errors import Problem, Reason
from okrsync.nearest import did_you_mean

_ONE_ROW_PER_LINE = "have it print one JSON object per line, as `jq -c` does, and what is for people on standard error"


class Output:
    """What `program` prints. `most_rows` of all streams together are taken, a further one is a problem."""

    def __init__(self, program: str, most_rows: int) -> None:
        self._program = program
        self._most_rows = most_rows
        self._lines = self._rows = 0
        self._plain = self._messages = 0
        self._streams: dict[str, None] = {}
        self._incomplete: set[str] = set()
        self._failure: Problem | None = None
        self._misread: Problem | None = None

    def rows(self, running: Running) -> Iterator[Row]:
        """Yield the rows that `running` prints; raises `Problem`.

        A failure that the program itself tells goes first, then how it ended, then a line that cannot be read: that
        may be no more than its last words.
        """
        try:
            for line in running.lines():
                if row := self._take(line):
                    yield row
        except Problem as problem:
            raise self._failure or problem from None
        if found := self._failure or self._misread:
            raise found

    def refuse_wrong(self, stream: str | None) -> None:
        """Raise the `Problem` that a question for `stream` is, or for the only stream if None."""
        if stream is None and len(self._streams) > 1:
            raise Problem(
                Reason.QUERY,
                f"{self._program} printed {len(self._streams)} streams: {', '.join(list(self._streams)[:12])}",
                "say which of them with `stream`",
            )
        if stream is not None and stream not in self._streams:
            raise self._unknown(stream)
        if incomplete := self._incomplete & ({stream} if stream else set(self._streams)):
            raise Problem(
                Reason.BAD_RESPONSE,
                f"{self._program} says that it did not finish the stream {incomplete.pop()!r}",
                "run the command by hand",
            )

    def _unknown(self, stream: str) -> Problem:
        if self._plain:
            return Problem(
                Reason.QUERY, f"{self._program} printed plain rows, not those of streams", "leave `stream` out"
            )
        hint = did_you_mean(stream, self._streams) if self._streams else "see whether its catalog selects the stream"
        return Problem(Reason.QUERY, f"{self._program} printed no stream {stream!r}", hint)

    def _take(self, line: bytes) -> Row | None:
        self._lines += 1
        if not line.strip() or self._misread:
            return None
        try:
            said = understood(line)
        except ValueError as error:
            self._misread = self._problem(f"is {error}", _ONE_ROW_PER_LINE)
            return None
        if isinstance(said, Message):
            self._note(said)
            return None
        return self._counted(said)

    def _note(self, message: Message) -> None:
        self._messages += 1
        self._streams.update(dict.fromkeys(message.streams))
        self._failure = self._failure or _of(self._program, message.failure)
        if message.incomplete is not None:
            self._incomplete.add(message.incomplete)
        self._refuse_mixture()

    def _counted(self, row: Row) -> Row | None:
        self._rows += 1
        if row.stream is None:
            self._plain += 1
        else:
            self._messages += 1
            self._streams[row.stream] = None
        self._refuse_mixture()
        if self._rows > self._most_rows:
            raise Problem(
                Reason.BAD_RESPONSE,
                f"{self._program} printed more than {self._most_rows:,} rows and was stopped",
                "have it print less, or raise `max_rows`",
            )
        return None if self._misread else row

    def _refuse_mixture(self) -> None:
        if self._plain and self._messages and not self._misread:
            self._misread = self._problem("mixes plain rows with messages of streams", _ONE_ROW_PER_LINE)

    def _problem(self, what: str, hint: str) -> Problem:
        return Problem(Reason.BAD_RESPONSE, f"line {self._lines} of what {self._program} printed {what}", hint)


def _of(program: str, failure: Problem | None) -> Problem | None:
    return failure and Problem(failure.reason, f"{program}: {failure.message}", failure.hint)
