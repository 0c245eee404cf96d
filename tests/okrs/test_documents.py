from decimal import Decimal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from okrsync.okrs.documents import Document, parse_document


def read(text: str) -> Document:
    document, findings = parse_document(text, "f.yaml")
    assert document, findings
    return document


@pytest.mark.parametrize(
    ("written", "value"),
    [
        pytest.param("NO", "NO", id="a country, not false"),
        pytest.param("yes", "yes", id="a word, not true"),
        pytest.param("True", "True", id="capitals make a word"),
        pytest.param("true", True, id="true"),
        pytest.param("~", None, id="nothing"),
        pytest.param("", None, id="nothing at all"),
        pytest.param("28.10", Decimal("28.10"), id="exact"),
        pytest.param("1e3", Decimal(1000), id="with an exponent"),
        pytest.param("-.5", Decimal("-0.5"), id="without a leading 0"),
        pytest.param("9007199254740993", 9007199254740993, id="beyond 2 to the 53"),
        pytest.param("012", "012", id="no octal"),
        pytest.param("0x1f", "0x1f", id="no hexadecimal"),
        pytest.param("1:30", "1:30", id="no sexagesimal"),
        pytest.param("1_000", "1_000", id="no underscores"),
        pytest.param("1e999", "1e999", id="beyond all measure"),
        pytest.param("2026-10-01", "2026-10-01", id="a date stays text"),
        pytest.param("'5'", "5", id="quoted"),
        pytest.param("'true'", "true", id="quoted word"),
        pytest.param("[1, {a: 2}]", [1, {"a": 2}], id="nested"),
    ],
)
def test_a_value_is_what_a_person_means(written, value):
    found = read(f"key: {written}").value["key"]

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        pytest.param("a: 1\na: 2", "2:1: the key 'a' is here a second time (it is in line 1 already)", id="key twice"),
        pytest.param("a: &x 1", "1:4: &x is an anchor, which is not supported (leave it out)", id="anchor"),
        pytest.param("a: *x", "1:4: *x is an alias, which is not supported (write the value out)", id="alias"),
        pytest.param("a: !!int 3", "1:4: !!int is a tag, which is not supported (leave it out)", id="tag"),
        pytest.param(
            "a: !!python/name:os.system",
            "1:4: !!python/name:os.system is a tag, which is not supported (leave it out)",
            id="dangerous tag",
        ),
        pytest.param("a: -.inf", "1:4: -.inf is no finite number", id="infinity"),
        pytest.param(
            "a: " + "9" * 61,
            "1:4: a number of 61 digits is too long (in quotation marks it would be a text)",
            id="endless number",
        ),
        pytest.param(
            "a: 1\n---\nb: 2",
            "2:1: a second document begins here (a file holds one document: make it two files)",
            id="two documents",
        ),
        pytest.param("a:\n\tb: 1", "2:1: a tab indents this line (indent with spaces)", id="tab"),
        pytest.param(
            "{a: 1}: 2",
            "1:1: a key has to be a word (a text that begins with { or [ or * needs quotation marks)",
            id="mapping as a key",
        ),
        pytest.param("[" * 30, "1:22: is nested more than 20 deep", id="nested too deep"),
        pytest.param("[" * 200_000, "1:22: is nested more than 20 deep", id="a nesting bomb"),
        pytest.param("a: @x", "1:4: a text cannot begin like this (put it in quotation marks)", id="character"),
        pytest.param("a: 'x", "1:6: a quotation mark is not closed (close it)", id="quotation mark"),
        pytest.param(
            "- a\nb: 1",
            "2:1: this does not belong to the lines before (indent it like its neighbours)",
            id="indentation",
        ),
        pytest.param("a: \x01", "1:1: holds a character that YAML does not allow", id="control character"),
    ],
)
def test_what_surprises_is_refused(text, finding):
    document, findings = parse_document(text, "f.yaml")

    assert document is None
    assert [str(found) for found in findings] == [f"f.yaml:{finding}"]


def test_all_that_surprises_in_a_file_is_told_at_once():
    _, findings = parse_document("a: &x 1\nb: *x\nb: .nan\n", "f.yaml")

    assert [(found.line, found.column) for found in findings] == [(1, 4), (2, 4), (3, 1), (3, 4)]


def test_every_key_and_value_knows_its_place():
    document = read('a:\n  - {b: 1, "c": "x"}\n')

    assert document.spot(("a", 0, "c")).column == 17
    assert document.key_spot(("a", 0, "c")).column == 12
    assert (document.spot(("a", 0)).line, document.spot(("a", 0)).column) == (2, 5)
    assert document.spot(("a", 0, "gone", "deeper")) == document.spot(("a", 0))


words = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"), max_size=12)
numbers = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9)
scalars = st.none() | st.booleans() | st.integers(-(10**18), 10**18) | numbers | words
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3), max_leaves=12
)


def _dump(value: object) -> str:
    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: object) -> bool:
            return True

    Dumper.add_representer(
        Decimal, lambda dumper, number: dumper.represent_scalar("tag:yaml.org,2002:float", str(number))
    )
    Dumper.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))
    return yaml.dump(value, Dumper=Dumper, allow_unicode=True)


@given(documents)
def test_what_was_written_comes_back(value):
    assert read(_dump({"top": value})).value == {"top": value}


@given(st.text(max_size=60).filter(lambda text: text.isprintable() or "\n" in text))
def test_no_text_breaks_the_reader(text):
    text = text.encode("utf-8", "ignore").decode()

    document, findings = parse_document(text, "f.yaml")

    assert (document is None) is bool(findings)
