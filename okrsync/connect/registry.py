"""Which connectors there are: shipped ones, the project's own, and those of installed packages.

A name is looked for in the project's `connectors/` folder first, so that a project can keep its own version of a
shipped connector; then among the shipped ones; then among the entry points of group `okrsync.connectors`. No
module is imported before its connector is asked for. One that cannot be imported stops no other. In a folder,
`NAME.py` is a connector in Python and `NAME.yaml` one as data.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from okrsync.connect.contract import Connector
from okrsync.errors import GoalsError, Problem, Reason, UnknownName
from okrsync.nearest import did_you_mean
from okrsync.redaction import redact

GROUP = "okrsync.connectors"
"""The group of entry points that other packages offer their connectors in, and the package of the shipped ones."""

Kind = type[Connector[Any, Any]]

DECLARED = (".yaml", ".yml")
"""How the names of files end that hold a connector as data."""

_LONGEST = 200


@dataclass(frozen=True)
class Broken:
    """A connector that cannot be loaded: the name it was expected under, where it stands, and what is wrong."""

    name: str
    origin: str
    message: str
    declared: bool = False
    """Whether it is a file of data, whose message names lines and columns."""


@dataclass(frozen=True)
class _Source:
    """Something that holds connectors, named as they are expected to be; `load` imports it."""

    name: str
    origin: str
    load: Callable[[], Any]


class Registry:
    """The connectors that a project can use."""

    def __init__(self, sources: list[_Source]) -> None:
        self._sources = sources
        self._loaded: dict[_Source, list[Kind] | Broken] = {}
        self._loading = threading.RLock()

    @classmethod
    def load(cls, folder: Path | None = None) -> Registry:
        """Return the connectors for the project in `folder`, or those of every project; imports none of them."""
        return cls([*_of_project(folder), *_shipped(), *_installed()])

    @property
    def names(self) -> tuple[str, ...]:
        """The names that connectors are expected under, without importing any."""
        return tuple(sorted({source.name for source in self._sources}))

    def get(self, name: str) -> Kind:
        """Return the connector called `name`.

        Raises `UnknownName` when there is none, `Problem` (`config`) when it is there and cannot be loaded.
        """
        expected = [source for source in self._sources if source.name == name]
        for source in [*expected, *self._sources]:
            found = self._of(source)
            if isinstance(found, Broken):
                if source in expected:
                    raise Problem(
                        Reason.CONFIG,
                        f"the connector {name} ({found.origin}) cannot be loaded: {found.message}",
                        "mend the file" if found.declared else "mend its code",
                    )
                continue
            for kind in found:
                if kind.name == name:
                    return kind
        raise UnknownName(f"there is no connector {name!r}", self._hint(name))

    def all(self) -> dict[str, Kind]:
        """Return every connector that can be loaded, by name; the others are `broken`."""
        kinds: dict[str, Kind] = {}
        for source in self._sources:
            found = self._of(source)
            for kind in [] if isinstance(found, Broken) else found:
                kinds.setdefault(kind.name, kind)
        return dict(sorted(kinds.items()))

    @property
    def broken(self) -> tuple[Broken, ...]:
        """What cannot be loaded; everything is tried."""
        self.all()
        return tuple(found for found in self._loaded.values() if isinstance(found, Broken))

    def origin(self, name: str) -> str:
        """Return where the connector called `name` comes from, as a person would say it; raises as `get` does."""
        kind = self.get(name)
        return next(source.origin for source, found in self._loaded.items() if found and kind in _kinds_in(found))

    def _hint(self, name: str) -> str:
        hint = did_you_mean(name, {*self.names, *self.all()})
        return "; ".join(
            filter(None, [hint, *(f"{one.origin} cannot be loaded: {one.message}" for one in self.broken)])
        )

    def _of(self, source: _Source) -> list[Kind] | Broken:
        with self._loading:
            if source not in self._loaded:
                self._loaded[source] = _kinds(source)
            return self._loaded[source]


def _kinds_in(found: list[Kind] | Broken) -> list[Kind]:
    return [] if isinstance(found, Broken) else found


def _kinds(source: _Source) -> list[Kind] | Broken:
    try:
        loaded = source.load()
    except KeyboardInterrupt:
        raise
    except GoalsError as error:
        return Broken(source.name, source.origin, redact("; ".join(map(str, error.findings))), declared=True)
    except BaseException as error:  # noqa: BLE001 - a module may fail in any way while it is imported
        return Broken(source.name, source.origin, _explained(error))
    kinds = list(_connectors_in(loaded)) if isinstance(loaded, ModuleType) else [loaded]
    if not kinds:
        return Broken(source.name, source.origin, "there is no Connector with a `name` in it")
    if strange := [one for one in kinds if not (isinstance(one, type) and issubclass(one, Connector))]:
        return Broken(source.name, source.origin, f"{strange[0]!r} is no Connector")
    return kinds


def _connectors_in(module: ModuleType) -> Iterator[Kind]:
    """Yield the connectors that a module defines, not those it imports."""
    for value in vars(module).values():
        defined_here = isinstance(value, type) and issubclass(value, Connector) and value.__module__ == module.__name__
        if defined_here and getattr(value, "name", None):
            yield value


def _explained(error: BaseException) -> str:
    """Return what went wrong, and where in the file that was being loaded."""
    text = redact(str(error).partition("\n")[0])[:_LONGEST]
    if isinstance(error, SyntaxError):
        return f"SyntaxError: {text}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith("<frozen")]
    place = f" (line {frames[-1].lineno} of {Path(frames[-1].filename).name})" if frames else ""
    return f"{type(error).__name__}: {text}{place}"


def _shipped() -> Iterator[_Source]:
    folder = _shipped_folder()
    for file in _modules_in(folder):
        yield _Source(file.stem, "shipped with okrsync", lambda name=file.stem: _import_shipped(name))  # type: ignore[misc]
    yield from _declared_in(folder, "shipped with okrsync")


def _shipped_folder() -> Path:
    """Return the folder of the shipped connectors: in the package once installed, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "connectors"
    return inside if inside.is_dir() else package.parent / "connectors"


def _import_shipped(name: str) -> ModuleType:
    """Import a shipped connector, always as `okrsync.connectors.NAME`, wherever the folder lies."""
    if GROUP not in sys.modules and find_spec(GROUP) is None:
        folder = _shipped_folder()
        import_file(folder / "__init__.py", GROUP, [str(folder)])
    return importlib.import_module(f"{GROUP}.{name}")


def _of_project(folder: Path | None) -> Iterator[_Source]:
    own = (folder / "connectors").resolve() if folder else None
    if own is None or own == _shipped_folder().resolve():
        return
    prefix = f"okrsync_project_{hashlib.sha256(str(own).encode()).hexdigest()[:12]}"
    for file in _modules_in(own):
        name = f"{prefix}_{file.stem}"
        yield _Source(file.stem, f"connectors/{file.name}", lambda file=file, name=name: import_file(file, name))  # type: ignore[misc]
    yield from _declared_in(own)


def _declared_in(folder: Path, origin: str = "") -> Iterator[_Source]:
    files = sorted(file for file in folder.iterdir() if file.suffix in DECLARED) if folder.is_dir() else []
    for file in files:
        if file.is_file() and not file.name.startswith((".", "_")):
            shown = f"connectors/{file.name}"
            yield _Source(file.stem, origin or shown, lambda file=file, shown=shown: _declared(file, shown))  # type: ignore[misc]


def _declared(file: Path, shown: str) -> Kind:
    from okrsync.connect.declared.loading import load  # noqa: PLC0415 - only where a file is a connector as data

    return load(file, shown)


def _modules_in(folder: Path) -> list[Path]:
    files = sorted(folder.glob("*.py")) if folder.is_dir() else []
    return [file for file in files if file.is_file() and not file.stem.startswith("_") and file.stem.isidentifier()]


def import_file(file: Path, name: str, search: list[str] | None = None) -> ModuleType:
    """Import a Python file under `name`; raises whatever it raises."""
    spec = spec_from_file_location(name, file, submodule_search_locations=search)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file.name} is no Python module")
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _installed() -> Iterator[_Source]:
    for point in entry_points(group=GROUP):
        yield _Source(point.name, _package_of(point), point.load)


def _package_of(point: EntryPoint) -> str:
    return f"package {point.dist.name} {point.dist.version}" if point.dist else point.value
