"""Connectors whose tokens have to be fetched are tried with the token host played, too."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import Field, HttpUrl, SecretStr

from okrsync import Config, Connector
from okrsync.connect.credentials.oauth import ClientCredentials
from okrsync.testing import ConnectorContract, Exchange, run
from tests.testing.deals import EXAMPLE, Deals, DealsQuery

TOKEN = {"access_token": "issued-0815", "expires_in": 3600, "instance_url": "https://emea.deals.test"}


class AppConfig(Config):
    """One app."""

    client_id: str = Field(description="Of the app.")
    client_secret: SecretStr = Field(description="Of the app.")
    token_url: HttpUrl = Field(HttpUrl("https://login.deals.test/token"), description="Where tokens are.")


class Authorised(Deals, Connector[AppConfig, DealsQuery]):
    """Deals, for an app that is told where they are."""

    name = "authorised"
    auth = ClientCredentials(base_url_in="instance_url")

    def base_url(self):
        return ""


AUTHORISED = replace(
    EXAMPLE,
    connector=Authorised,
    settings={"client_id": "okrsync", "client_secret": "canary-4711"},
    tokens=[Exchange(TOKEN, path="/token")],
)


class TestAuthorised(ConnectorContract):
    example = AUTHORISED


class IssuedTokenInAddress(Authorised):
    """Mistaken."""

    def params(self, ask):
        headers = self.http._auth.headers(self.config)
        return {**super().params(ask), "access_token": headers["Authorization"].removeprefix("Bearer ")}


class FixedTokenHost(Authorised):
    """Mistaken."""

    auth = ClientCredentials(token_url="https://login.deals.test/token", base_url_in="instance_url")


class NoTokenHostConfig(Config):
    """One app."""

    client_id: str = Field(description="Of the app.")
    client_secret: SecretStr = Field(description="Of the app.")


class NoTokenHost(FixedTokenHost, Connector[NoTokenHostConfig, DealsQuery]):
    """Mistaken."""


@pytest.mark.parametrize(
    ("connector", "check", "said"),
    [
        (IssuedTokenInAddress, "no_secret_in_an_address", "GET /deals"),
        (NoTokenHost, "every_address_is_a_setting", "POST https://login.deals.test/token"),
    ],
)
def test_mistakes_with_tokens_are_caught(connector, check, said):
    (failure,) = run(replace(AUTHORISED, connector=connector), only=[check])

    assert said in failure.message


def test_replies_of_the_token_host_are_told_from_others_by_their_path():
    with pytest.raises(ValueError, match="needs its `path`"):
        replace(AUTHORISED, tokens=[Exchange(TOKEN)])
