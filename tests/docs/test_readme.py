"""What the README says of the make targets, and the size it keeps."""

import re

from tests.docs.markdown import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_names_exactly_the_make_targets_that_there_are():
    targets = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    named = re.findall(r"(?:`|^)make ([a-z]+)", README, re.MULTILINE)

    assert targets
    assert set(named) == set(targets[1].split())


def test_its_two_commands_come_first():
    first = re.findall(r"^```sh\n(make [a-z]+).*\n(make [a-z]+)", README, re.MULTILINE)[0]

    assert first == ("make demo", "make test")


def test_it_is_short():
    assert len(README.splitlines()) < 150
