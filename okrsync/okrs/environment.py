"""`${NAME}` in the settings of connections: where it stands and what it stands for.

`${NAME}` has to be set; `${NAME:-text}` falls back to `text`. A variable that is set to nothing counts as not
set: an empty token is a missing token.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from okrsync.errors import Finding, SettingsError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VARIABLE = re.compile(rf"\$\{{({_NAME.pattern})(?::-([^}}]*))?\}}")
_MAX_SECRET_BYTES = 64 * 1024

SettingPath = tuple[str, ...]
"""Where in the settings something stands; places in a list are numbers from 0, as text."""


def fill(
    settings: Mapping[str, Any], environ: Mapping[str, str]
) -> tuple[dict[str, Any], tuple[tuple[SettingPath, str], ...]]:
    """Return `settings` with every variable filled in, and where which variable is missing.

    A missing variable is left standing as it is written.

    >>> fill({"token": "${CRM_TOKEN}", "host": "${HOST:-crm.test}"}, {})
    ({'token': '${CRM_TOKEN}', 'host': 'crm.test'}, ((('token',), 'CRM_TOKEN'),))
    """
    missing: list[tuple[SettingPath, str]] = []

    def filled(path: SettingPath, text: str) -> str:
        def value(variable: re.Match[str]) -> str:
            if found := environ.get(variable[1]) or variable[2]:
                return str(found)
            if variable[2] is None:
                missing.append((path, variable[1]))
                return variable[0]
            return ""

        return _VARIABLE.sub(value, text)

    result = {key: _with_texts((key,), value, filled) for key, value in settings.items()}
    return result, tuple(missing)


def variables(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the variables that `settings` name, sorted, each once; those with a fallback too."""
    return tuple(sorted({name[1] for _, text in texts(settings) for name in _VARIABLE.finditer(text)}))


def texts(value: Any, path: SettingPath = ()) -> Iterator[tuple[SettingPath, str]]:
    """Yield every text in nested settings and where it stands."""
    if isinstance(value, str):
        yield path, value
    for key, part in _parts(value):
        yield from texts(part, (*path, key))


def has_variable(text: str) -> bool:
    """Whether `text` holds the beginning of a variable, well written or not."""
    return "${" in text


def well_written(text: str) -> bool:
    """Whether every variable that begins in `text` is one that `fill` understands."""
    return "${" not in _VARIABLE.sub("", text)


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from ((str(key), part) for key, part in value.items())
    elif isinstance(value, (list, tuple)):
        yield from ((str(index), part) for index, part in enumerate(value))


def _with_texts(path: SettingPath, value: Any, new: Callable[[SettingPath, str], str]) -> Any:
    if isinstance(value, str):
        return new(path, value)
    if isinstance(value, Mapping):
        return {key: _with_texts((*path, str(key)), part, new) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_texts((*path, str(index)), part, new) for index, part in enumerate(value)]
    return value


class Secrets(Mapping[str, str]):
    """What variables stand for: the environment first, then the file of that name in `directory`.

    The line break that ends a file is not part of its secret. Raises `SettingsError` for a file that is there
    and cannot be read. Its `repr` shows no value.
    """

    def __init__(self, environ: Mapping[str, str], directory: Path | None = None) -> None:
        self._environ = environ
        self._directory = directory

    def __getitem__(self, name: str) -> str:
        if value := self._environ.get(name):
            return value
        if (file := self._file(name)) is not None:
            return _secret(file)
        return self._environ[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._environ, **dict.fromkeys(self._names())})

    def __len__(self) -> int:
        return len(set(self._environ) | set(self._names()))

    def __repr__(self) -> str:
        return f"Secrets({len(self)} names)"

    def _names(self) -> list[str]:
        if self._directory is None or not self._directory.is_dir():
            return []
        return [file.name for file in self._directory.iterdir() if self._file(file.name)]

    def _file(self, name: str) -> Path | None:
        if self._directory is None or not _NAME.fullmatch(name):
            return None
        file = self._directory / name
        return file if file.is_file() else None


def _secret(file: Path) -> str:
    place = str(Path(file.parent.name) / file.name)
    try:
        with file.open("rb") as opened:
            content = opened.read(_MAX_SECRET_BYTES + 1)
        if len(content) > _MAX_SECRET_BYTES:
            raise SettingsError([Finding(place, 0, 0, f"is larger than {_MAX_SECRET_BYTES} bytes: no secret")])
        return content.decode().removesuffix("\n").removesuffix("\r")
    except (OSError, UnicodeDecodeError) as error:
        why = "is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else f"cannot be read: {error.strerror}"
        raise SettingsError([Finding(place, 0, 0, why)]) from None
