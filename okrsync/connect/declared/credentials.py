"""The credentials that a connector file names."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.connect.credentials.auth import Auth, Basic, Bearer, Header, QueryKey
from okrsync.connect.credentials.oauth import ClientCredentials, RefreshToken, ServiceAccount
from okrsync.connect.declared.grammar import AuthPart
from okrsync.okrs.documents import Way

_SETTINGS = ("user", "password", "setting", "client_id", "client_secret", "refresh_token", "key", "subject")
_HIDDEN = ("password", "setting", "client_secret", "refresh_token", "key")
_TOKEN_URL = "token_url"  # noqa: S105 - the name of a setting


def auth_of(auth: AuthPart | None) -> Auth | None:
    """Return how a connection proves who it is."""
    if auth is None:
        return None
    if auth.bearer:
        return Bearer(auth.bearer)
    if basic := auth.basic:
        return Basic(basic.user, basic.password)
    if header := auth.header:
        return Header(header.name, header.setting, header.prefix)
    if query := auth.query:
        return QueryKey(query.name, query.setting)
    return _grant_of(auth)


def _grant_of(auth: AuthPart) -> Auth | None:
    if one := auth.client_credentials:
        url = _token_setting(one.token_url)
        return ClientCredentials(one.client_id, one.client_secret, url, tuple(one.scopes), one.in_body)
    if two := auth.refresh_token:
        url, scopes = _token_setting(two.token_url), tuple(two.scopes)
        ids = two.refresh_token, two.client_id, two.client_secret
        return RefreshToken(*ids, url, scopes, in_body=two.in_body, rotates=two.rotates)
    if three := auth.service_account:
        url = _token_setting(three.token_url) if three.token_url else ""
        return ServiceAccount(three.key, scopes=tuple(three.scopes), subject=three.subject or "", token_url=url)
    return None


def settings_of_auth(auth: AuthPart | None) -> Iterator[tuple[Way, str, bool]]:
    """Yield the settings that the credentials name: where, which, and whether it has to be a secret."""
    for way_in in auth.model_fields_set if auth else ():
        part = getattr(auth, way_in)
        if isinstance(part, str):
            yield ("auth", way_in), part, True
            continue
        for name in _SETTINGS:
            if setting := getattr(part, name, None):
                yield ("auth", way_in, name), setting, name in _HIDDEN
        token_url = getattr(part, _TOKEN_URL, None)
        if token_url and "://" not in token_url:
            yield ("auth", way_in, _TOKEN_URL), token_url, False


def written_token_url(auth: AuthPart | None) -> str:
    """Return the address of tokens that is written out in the file, if one is."""
    parts = [getattr(auth, name) for name in auth.model_fields_set] if auth else []
    urls = [getattr(part, _TOKEN_URL, None) or "" for part in parts]
    return next((url for url in urls if "://" in url), "")


def _token_setting(token_url: str) -> str:
    """Return the setting with the address of tokens; one that is written out becomes the default of a setting."""
    return _TOKEN_URL if "://" in token_url else token_url
