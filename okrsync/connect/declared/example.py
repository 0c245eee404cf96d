"""The `example` of a connector file: what the source answers, so that the conformance kit can try the connector."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from okrsync.okrs.fields import Day, Number, Text
from okrsync.okrs.schema import Part


class ReplyPart(Part):
    """One reply, and the request that it is for. What is left out fits any request."""

    body: Any = Field(None, description="What the source says: JSON, or a text that is sent as it is.")
    status: int = Field(200, ge=200, le=599, description="Status of the reply.")
    headers: dict[str, Text] = Field({}, description="Headers of the reply.")
    method: Text | None = Field(None, description="Method of the request.")
    path: Text | None = Field(None, description="What the path of the request ends in.", examples=["/deals"])
    containing: list[str] = Field([], description="What address or body of the request hold.", examples=[["after=a"]])


class CasePart(Part):
    """A question and what the source answers; what is left out is the example's own."""

    replies: list[ReplyPart] = Field(description="What the source says, in this order.")
    query: dict[str, Any] | None = Field(None, description="The question.")
    value: Number | None = Field(None, description="The number; without one the answer has to be a problem.")


class ExamplePart(Part):
    """One question with its number, and the source's own answers to some others; the kit adds every trouble."""

    settings: dict[str, Any] = Field(
        {}, description="Settings, with a made-up secret of at least eight characters for each that is secret."
    )
    query: dict[str, Any] = Field({}, description="The question.")
    first_day: Day | None = Field(None, description="First day of the window; October 2026 where nothing is said.")
    last_day: Day | None = Field(None, description="Last day of the window, which belongs to it.")
    replies: list[ReplyPart] = Field(description="What the source answers to it, in this order.")
    value: Number = Field(description="The number that comes of it.")
    check: list[ReplyPart] = Field([], description="What the source answers to `check`; else the same.")
    tokens: list[ReplyPart] = Field([], description="What a token service answers; each needs its `path`.")
    empty: CasePart | None = Field(None, description="Nothing is there; a `value` of 0 only if the source says 0.")
    bad_query: CasePart | None = Field(None, description="A question with a mistake in it, as the source refuses it.")
    edges: CasePart | None = Field(
        None, description="Replies `containing` both edges of the window as the source wants them: [start, end)."
    )
    pages: CasePart | None = Field(None, description="Rows that come in three pages.")
    error_in_200: CasePart | None = Field(None, description="An error that the source sends with status 200.")
    batch: list[CasePart] = Field([], description="At least two questions with different values.")
    without: dict[str, Text] = Field({}, description="Checks that make no sense here, each with the reason.")

    @model_validator(mode="after")
    def _whole(self) -> ExamplePart:
        if (self.first_day is None) != (self.last_day is None):
            raise ValueError("`first_day` and `last_day` belong together")
        if any(reply.path is None for reply in self.tokens):
            raise ValueError("each of `tokens` needs its `path`: it goes before all others")
        return self
