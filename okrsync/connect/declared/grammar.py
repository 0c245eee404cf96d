"""What may be written in a connector file, `connectors/NAME.yaml`.

The JSON Schema for editors comes from these models, so each field says what it means. What it takes several fields to
tell is checked in `okrsync.connect.declared.rules`.
"""

from __future__ import annotations

import keyword
import re
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, ValidationError, WithJsonSchema, model_validator

from okrsync.connect.answers.json_api import ERROR
from okrsync.connect.answers.paging import Paginate
from okrsync.connect.answers.rows import Aggregate, Expression
from okrsync.connect.contract import History
from okrsync.connect.declared.example import ExamplePart
from okrsync.okrs.fields import Number, Positive, Text, described, wrong
from okrsync.okrs.schema import Part
from okrsync.okrs.windows import Grain
from okrsync.vocabulary import Aggregation

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


def _name(value: Any) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        suggestion = re.sub(r"[^a-z0-9]+", "_", str(value).casefold()).strip("_0123456789")[:64]
        hint = f"for example {suggestion!r}" if suggestion else ""
        raise wrong(f"must be a word of a-z, 0-9 and _, got {described(value)}", hint)
    if keyword.iskeyword(value) or hasattr(BaseModel, value):
        raise wrong(f"cannot be {value!r}, which is taken", f"for example {value + '_name'!r}")
    return value


Name = Annotated[str, BeforeValidator(_name), WithJsonSchema({"type": "string", "pattern": f"^{_NAME.pattern}$"})]
Kind = Literal["string", "number", "integer", "boolean", "date", "choice"]


class SettingPart(Part):
    """One setting of a connection."""

    help: Text = Field(description="What it is, and where a person finds it.")
    secret: bool = Field(False, description="Whether nobody may see it: a token, a password, a key.")
    default: Text | None = Field(None, description="What it is where nothing is said; without one it has to be said.")
    example: Text | None = Field(None, description="What a person would write.")


class FieldPart(Part):
    """One field of the question, for the metric to fill in."""

    help: Text = Field(description="What it is, and where a person finds it.")
    type: Kind = Field("string", description="What may be written in it.")
    choices: list[Text] = Field([], description="What there is to choose from, for the type `choice`.")
    default: Any = Field(None, description="What it is where nothing is said; without one it has to be said.")
    example: Any = Field(None, description="What a person would write.")

    @model_validator(mode="after")
    def _choices_for_choice(self) -> Self:
        if (self.type == "choice") != bool(self.choices):
            raise ValueError("`choices` go with `type: choice`, and it needs them")
        return self


class BasicPart(Part):
    """Basic authentication."""

    user: Name = Field(description="The setting with the user.")
    password: Name = Field(description="The setting with the password.")


class HeaderPart(Part):
    """A header of the API's own."""

    name: Text = Field(description="The header.", examples=["X-Api-Key"])
    setting: Name = Field(description="The setting with the secret.")
    prefix: str = Field("", description="What stands before the secret.", examples=["Token "])


class QueryKeyPart(Part):
    """A key in the address. Only for APIs that know no other way: addresses end up in logs."""

    name: Text = Field(description="The parameter.", examples=["api_key"])
    setting: Name = Field(description="The setting with the secret.")


class _ClientPart(Part):
    """A program that asks for tokens with an ID and a secret of its own."""

    client_id: Name = Field("client_id", description="The setting with the client's ID.")
    client_secret: Name = Field("client_secret", description="The setting with the client's secret.")
    token_url: Text = Field(
        description="Where tokens are fetched, or the setting with that address.",
        examples=["https://login.example.com/oauth/token"],
    )
    scopes: list[Text] = Field([], description="The rights that are asked for.")
    in_body: bool = Field(True, description="Whether ID and secret go into the form; else they go into a header.")


class ClientCredentialsPart(_ClientPart):
    """OAuth: the program is the user."""


class RefreshTokenPart(_ClientPart):
    """OAuth: a person has let the program in once."""

    refresh_token: Name = Field("refresh_token", description="The setting with the refresh token.")
    rotates: bool = Field(True, description="Whether the API may replace the refresh token when it is used.")


class ServiceAccountPart(Part):
    """A service account's key file, as Google gives it out."""

    key: Name = Field("key_json", description="The setting with the JSON of the key file.")
    scopes: list[Text] = Field([], description="The rights that are asked for.")
    subject: Name | None = Field(None, description="The setting with the person in whose name it acts, if any.")
    token_url: Text | None = Field(None, description="Where tokens are fetched, if not where the key file says.")


class AuthPart(Part):
    """How a connection proves who it is: exactly one of these. Each names settings of `config`."""

    bearer: Name | None = Field(None, description="`Authorization: Bearer` with the token in this setting.")
    basic: BasicPart | None = Field(None, description="Basic authentication.")
    header: HeaderPart | None = Field(None, description="A header of the API's own.")
    query: QueryKeyPart | None = Field(None, description="A key in the address, if the API knows no other way.")
    client_credentials: ClientCredentialsPart | None = Field(None, description="OAuth: the program is the user.")
    refresh_token: RefreshTokenPart | None = Field(None, description="OAuth: a person has let the program in once.")
    service_account: ServiceAccountPart | None = Field(None, description="A service account's key file.")

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError(f"say exactly one of {', '.join(type(self).model_fields)}")
        return self


class LimitsPart(Part):
    """How politely the API wants to be asked; a connection may say otherwise."""

    per_second: Positive | None = Field(None, description="Requests per second.")
    at_once: int = Field(4, ge=1, le=32, description="Requests under way at the same time.")
    per_day: int | None = Field(None, ge=1, description="Requests per day.")


class RequestPart(Part):
    """What is sent. Every part may hold placeholders: `{query.x}`, `{config.x}`, `{window.start:date}` and so on."""

    method: Literal["GET", "POST"] = Field("GET", description="POST only where it reads, such as searches.")
    path: Text = Field(description="Relative to the base URL.", examples=["/deals/search"])
    params: dict[str, Any] = Field({}, description="The query string.", examples=[{"since": "{window.start:date}"}])
    headers: dict[str, Text] = Field({}, description="Headers, credentials not among them.")
    body: Any = Field(None, alias="json", description="The body of a POST.")

    @model_validator(mode="after")
    def _body_of_a_post(self) -> Self:
        if self.body is not None and self.method == "GET":
            raise ValueError("`json` goes with `method: POST`")
        return self


class ValuePart(Part):
    """The number: one of the reply (`pick`), or its rows made into one (`agg`)."""

    pick: Expression | None = Field(
        None, description="Where in the reply the number is, as JMESPath.", examples=["total"]
    )
    agg: Aggregation | None = Field(None, description="How the rows become one number.", examples=["sum"])
    of: Expression | None = Field(
        None, description="Which value of each row, as JMESPath; not for `count`.", examples=["properties.amount"]
    )
    where: Expression | None = Field(
        None, description="Which rows, as a JMESPath condition on each.", examples=["stage == 'won'"]
    )
    by: Expression | None = Field(None, description="What `latest` and `first` go by.", examples=["closed_at"])
    p: Number | None = Field(None, ge=Decimal(0), le=Decimal(100), description="Which percentile, from 0 to 100.")

    @model_validator(mode="after")
    def _one_number(self) -> Self:
        if (self.pick is None) == (self.agg is None):
            raise ValueError("say either `pick`, for one number of the reply, or `agg`, for rows")
        if self.pick is not None and (given := self._of_rows()):
            raise ValueError(f"`{next(iter(given))}` goes with `agg`, not with `pick`")
        if self.agg is not None:
            try:
                Aggregate(**self._of_rows())
            except ValidationError as error:
                raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from None
        return self

    def _of_rows(self) -> dict[str, Any]:
        given = {name: getattr(self, name) for name in Aggregate.model_fields}
        return {name: value for name, value in given.items() if value is not None}

    @property
    def take(self) -> str | Aggregate:
        """What the number is made of."""
        return self.pick or Aggregate(**self._of_rows())


class ConnectorFile(Part):
    """`connectors/NAME.yaml`: a connector as data."""

    connector: Name = Field(description="Its name, which connections say.", examples=["hubspot_deals"])
    title: Text = Field(description="What people call it.", examples=["HubSpot deals"])
    config: dict[Name, SettingPart] = Field({}, description="The settings of a connection, by name.")
    base_url: Text = Field(
        description="Where the API is; a setting `base_url` is made of it.", examples=["https://api.example.com/v1"]
    )
    auth: AuthPart | None = Field(None, description="How a connection proves who it is; nothing for a public API.")
    scopes: list[Text] = Field([], description="The least rights the credentials need, in the API's own words.")
    limits: LimitsPart = Field(LimitsPart(), description="How politely the API wants to be asked.")
    check: Text = Field(description="A path that answers who is asking, or anything cheap.", examples=["/me"])
    history: History | None = Field(
        None,
        description="Which past the API can answer for; follows from the request where nothing is said: `window` if"
        " it says when the window ends, else `snapshot`.",
    )
    grain: Grain = Field(Grain.INSTANT, description="Whether the API knows moments, or whole days only.")
    query: dict[Name, FieldPart] = Field({}, description="What a metric fills in, by name.")
    request: RequestPart = Field(description="What is sent.")
    paginate: Paginate | None = Field(None, description="How the rows come in pages; `none` if the first is enough.")
    rows: Expression | None = Field(
        None, description="Where in the reply the rows are, as JMESPath; `@` if it is a list.", examples=["results"]
    )
    value: ValuePart = Field(description="The number.")
    error_when: Expression = Field(
        ERROR,
        description="What in a reply with status 200 means that it is an error, as a JMESPath condition.",
        examples=["status != 'ok'"],
    )
    example: ExamplePart | None = Field(
        None, description="What the API answers, for `okrsync connector test`; okrsync adds every trouble there is."
    )

    @model_validator(mode="after")
    def _rows_for_aggregates(self) -> Self:
        if (self.rows is None) != (self.value.agg is None):
            raise ValueError("`rows` and a `value` with `agg` belong together; `pick` takes a number of the reply")
        if self.paginate and self.rows is None:
            raise ValueError("`paginate` goes with `rows`")
        return self
