"""Somebody who does what a page says, block by block, in a project folder."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import responses
import yaml

from okrsync.cli import main
from okrsync.sync.lint import lint
from tests.docs.markdown import ROOT, Block

_PROJECT_FILES = re.compile(r"# (okrsync\.yaml|goals/\w+\.yaml)\b")
_EXIT_CODE = re.compile(r"#.*\bexit code (\d)")
_FILES = {"csv", "python"}
READ_ONLY = {"text": "compared with what was printed", "console": "needs a server", "ini": "", "sql": ""}


class Reader:
    """Follows a page. What was printed last is in `printed`."""

    def __init__(self, source: responses.RequestsMock, monkeypatch: Any) -> None:
        self.source = source
        self.monkeypatch = monkeypatch
        self.printed = ""

    def follow(self, block: Block) -> None:
        """Do what the block says."""
        if block.language in _FILES:
            path = Path(block.of)
            path.parent.mkdir(exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        elif block.language == "yaml":
            self._write_yaml(block)
        elif block.language == "json":
            method, url = block.of.split()
            self.source.add(method, url, body=block.text, content_type="application/json")
            json.loads(block.text)
        elif block.language == "sh":
            self.printed = ""
            for line in block.lines:
                self._run(line)
        else:
            assert block.language in READ_ONLY, f"nobody knows what to do with a block of {block.language!r}"

    def _write_yaml(self, block: Block) -> None:
        """Put the block into its file, beside what is there; the folder has to be free of findings then."""
        name = _PROJECT_FILES.match(block.text)
        assert name, f"the first line has to say which file it is:\n{block.text}"
        file = Path(name[1])
        there = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else {}
        file.write_text(yaml.safe_dump(_together(there, yaml.safe_load(block.text)), sort_keys=False), encoding="utf-8")
        lint(Path())

    def _run(self, line: str) -> None:
        words = shlex.split(line, comments=True)
        match words:
            case [] | ["make", *_]:
                return
            case ["cd", folder]:
                self.monkeypatch.chdir(folder)
            case ["export", setting]:
                name, _, value = setting.partition("=")
                self.monkeypatch.setenv(name, os.path.expandvars(value))
            case ["pytest", *arguments]:
                self._pytest(arguments)
            case ["okrsync", *arguments]:
                said = _EXIT_CODE.search(line)
                self._okrsync(arguments, int(said[1]) if said else 0)
            case _:
                raise AssertionError(f"a block of sh holds okrsync, pytest, make, cd and export, not: {line}")

    def _pytest(self, arguments: list[str]) -> None:
        """Run tests as somebody outside of this checkout does, in a process of their own."""
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
        there = {**os.environ, "PYTHONPATH": str(ROOT)}
        ran = subprocess.run(command, env=there, capture_output=True, text=True, check=False, timeout=120)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        self.printed += ran.stdout

    def _okrsync(self, arguments: list[str], expected: int) -> None:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main.main(arguments)
        assert int(ended.value.code or 0) == expected, f"{arguments}:\n{out.getvalue()}{err.getvalue()}"
        self.printed += out.getvalue()


def _together(there: Any, more: Any) -> Any:
    """Return `there` with `more` in it: mappings by key, lists by the ids of their items."""
    if isinstance(there, Mapping) and isinstance(more, Mapping):
        return {**there, **{key: _together(there.get(key), value) for key, value in more.items()}}
    if isinstance(there, list) and isinstance(more, list):
        by_id = {item.get("id"): item for item in there}
        return list({**by_id, **{item["id"]: _together(by_id.get(item["id"]), item) for item in more}}.values())
    return more


def missing(shown: Block, printed: str) -> list[str]:
    """Return the lines of `shown` that `printed` does not hold; … stands for anything, blanks do not count."""
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    return [line for line in shown.lines if not any(_pattern(line).search(one) for one in lines)]


def _pattern(line: str) -> re.Pattern[str]:
    parts = [" ".join(part.split()) for part in line.split("…")]
    return re.compile(r"\s*.*\s*".join(map(re.escape, parts)))
