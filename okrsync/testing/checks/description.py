"""What a connector says about itself: settings, questions, secrets, and that making it costs nothing."""

# ruff: noqa: D401 - the docstring of a check says what it makes sure of

from __future__ import annotations

import types
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from okrsync.testing.bench import NO_IO, opened, parsed
from okrsync.testing.checks.register import check, check_over_http
from okrsync.testing.example import AnyExample, Example
from okrsync.testing.failure import Flaw, Flaws
from okrsync.testing.secrets import (
    SHORTEST,
    addresses,
    addresses_in,
    described_fields,
    is_secret,
    is_text,
    looks_secret,
    secret_settings,
)

_UNKNOWN = "a_key_nobody_knows"
_LOOPBACK = "https://127.0.0.1:9"


@check("Config")
def settings_are_described(example: AnyExample) -> Flaws:
    """Every setting of a connection says what it is."""
    yield from _undescribed(example.connector.Config, "setting")


@check("Query")
def queries_are_described_with_examples(example: AnyExample) -> Flaws:
    """Every field of a question says what it is, and what a person would write into it."""
    query = example.connector.Query
    yield from _undescribed(query, "field")
    fields = query.model_fields
    for name, field in fields.items():
        if field.is_required() and _is_free_text(field.annotation) and not field.examples:
            yield Flaw(
                f"the field `{name}` of {query.__name__} has no example",
                f'give {name} = Field(…, examples=["what a person would write here"])',
            )
    if fields and not any(field.examples or not _is_free_text(field.annotation) for field in fields.values()):
        yield Flaw(f"no field of {query.__name__} has an example", "give the most used field `examples=[…]`")


def _undescribed(model: type[BaseModel], kind: str) -> Flaws:
    for name, field in described_fields(model):
        if not (field.description or "").strip():
            yield Flaw(
                f"the {kind} `{name}` of {model.__name__} has no description",
                f'write {name.rpartition(".")[2]}: … = Field(…, description="what it is and where a person finds it")',
            )


def _is_free_text(annotation: Any) -> bool:
    if get_origin(annotation) in (Union, types.UnionType):
        return any(_is_free_text(part) for part in get_args(annotation))
    return get_origin(annotation) is not Literal and annotation is str


@check("Config")
def secrets_are_hidden_types(example: AnyExample) -> Flaws:
    """What is a secret is a `SecretStr`, so that no message and no log shows it."""
    kind = example.connector
    used = _fields_of_auth(example)
    for name, field in kind.Config.model_fields.items():
        secret = looks_secret(name) or name in used
        if secret and is_text(field.annotation) and not is_secret(field.annotation):
            yield Flaw(
                f"the setting `{name}` of {kind.Config.__name__} looks like a secret and is plain text",
                f"write {name}: SecretStr instead of str",
            )
    for name in secret_settings(kind):
        if 0 < len(str(example.settings.get(name, ""))) < SHORTEST:
            yield Flaw(
                f"the example's `{name}` is too short to be told from other texts",
                f"make up one of at least {SHORTEST} characters",
            )


def _fields_of_auth(example: AnyExample) -> tuple[str, ...]:
    with opened(example) as bench:
        auth = bench.connector.credentials(bench.connector.config)
    return auth.secret_fields if auth else ()


@check("Query")
def unknown_keys_are_refused(example: AnyExample) -> Flaws:
    """A mistyped key of a question or of the settings is an error, never ignored."""
    for model, values in ((example.connector.Query, example.query), (example.connector.Config, example.settings)):
        if model.model_config.get("extra") != "forbid" or not _refuses(model, values):
            yield Flaw(
                f"{model.__name__} takes a key that it does not know",
                f"derive it from okrsync.{'Query' if model is example.connector.Query else 'Config'}, "
                "and leave `extra` alone",
            )
    if not example.connector.Query.model_config.get("frozen"):
        yield Flaw(f"{example.connector.Query.__name__} can be changed", "derive it from okrsync.Query")


def _refuses(model: type[BaseModel], values: Any) -> bool:
    try:
        model.model_validate({**values, _UNKNOWN: 1})
    except ValidationError as error:
        return any(_UNKNOWN in detail["loc"] for detail in error.errors(include_input=False))
    return False


@check("__init__")
def the_constructor_does_no_io(example: AnyExample) -> Flaws:
    """Making a connection contacts nothing and reads nothing: that is for the first question."""
    with opened(example) as bench:
        done = [*bench.deeds.all, *(f"{sent.method} {sent.url}" for sent in bench.source.requests)]
    if done:
        yield Flaw(
            f"opening the connection already did this: {done[0]}",
            NO_IO,
        )


@check("Query")
def equal_questions_have_one_identity(example: AnyExample) -> Flaws:
    """The same question, written twice, is one question: it costs one call."""
    first, second = (parsed(example, None) for _ in range(2))
    try:
        same = first.model_dump(mode="json") == second.model_dump(mode="json")
    except Exception as error:  # noqa: BLE001 - an author's own types may fail in any way
        yield Flaw(
            f"the question cannot be written as JSON ({type(error).__name__})", "use types that pydantic can write"
        )
        return
    if not same:
        yield Flaw(
            "the same query, read twice, makes two different questions",
            "give its fields fixed defaults: no `default_factory` that asks the clock or draws lots",
        )


@check_over_http("Config")
def every_address_is_a_setting(example: Example) -> Flaws:
    """Each base and token address can be set, so that a connection can be pointed at another server."""
    with opened(example) as bench:
        settable = addresses(example, dict(bench.connector.config))
    # A token host may say where the source is: that follows from its own address.
    moved = {_origin(address): _LOOPBACK for address in [*settable.values(), *addresses_in(example.tokens)]}
    settings = {**example.settings, **{name: _moved(address) for name, address in settable.items()}}
    with opened(example, settings=settings, strict=False, moved=moved) as bench:
        bench.ask()
        sent = [*bench.source.token_requests, *bench.source.requests]
    for one in sent:
        if not one.url.startswith(_LOOPBACK):
            yield Flaw(
                f"{one.method} {_origin(one.url)}{one.path} was sent although no setting names that host",
                'add a setting such as base_url: HttpUrl = Field("https://…", description="…") and use it',
            )
            return


def _origin(address: str) -> str:
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def _moved(address: str) -> str:
    return _LOOPBACK + address.removeprefix(_origin(address))
