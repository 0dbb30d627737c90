"""Documents of people: what may be read in two ways is refused, and what is no text is told with its line."""

import pytest

from simulation.document import read_document
from simulation.errors import BadDocument
from simulation.formula import read_formula


@pytest.mark.parametrize("said", ["010", "-007", "1:30", "12:30:15"])
def test_a_number_of_another_base_is_refused(said: str) -> None:
    with pytest.raises(BadDocument, match=rf"line 3: a\.b: {said} can be read in two ways"):
        read_document(f"stackup: 1\na:\n  b: {said}\n".encode(), "stackup")


@pytest.mark.parametrize(
    ("said", "number"), [("0", 0.0), ("0.5", 0.5), ("1e-3", 0.001), ("1_000", 1000.0), ("-12", -12.0), ("2.50", 2.5)]
)
def test_plain_numbers_are_what_they_are(said: str, number: float) -> None:
    assert read_document(f"stackup: 1\nb: {said}\n".encode(), "stackup").number("b") == number


def test_names_that_look_like_numbers_stay_as_they_are_written() -> None:
    top = read_document(b'fitup: 1\na: 1.1\nb: 1.10\nc: [2.0, 3.10]\nd: "010"\n', "fitup")
    assert (top.text("a"), top.text("b"), top.texts("c"), top.text("d")) == ("1.1", "1.10", ("2.0", "3.10"), "010")


def test_yes_and_no_may_be_names_and_switches_but_no_numbers() -> None:
    top = read_document(b"quality: 1\na: yes\nb: [no, on, x]\nc: off\nd: true\n", "quality")
    assert (top.text("a"), top.texts("b"), top.flag("c", True), top.flag("d", False)) == (
        "yes", ("no", "on", "x"), False, True,
    )  # fmt: skip
    assert top.flag("e", True) is True
    for word in ("number", "formula", "numbers", "section"):
        with pytest.raises(BadDocument):
            top.vector("a") if word == "formula" else getattr(top, word)("a")
    with pytest.raises(BadDocument, match="version yes is not known"):
        read_document(b"quality: yes\n", "quality")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("stackup: 1\nname: Höhe\n".encode("latin-1"), "line 2: it is no text in UTF-8; save it as UTF-8"),
        ("stackup: 1\nname: 高度\n".encode("gbk"), "line 2: it is no text in UTF-8; save it as UTF-8"),
        ("stackup: 1\n".encode("utf-16"), "it is a text in UTF-16; save it as UTF-8"),
        (b"stackup: 1\r\n\r\nname: a\0b\r\n", "line 3: a character that is no text stands here"),
        (b"", "it holds nothing; its first line should be 'stackup: 1'"),
        (b"# nothing\n", "it holds nothing"),
        (b"- a\n", "it holds a list"),
        (b"hello\n", "it holds a single text"),
        (b"[" * 3000, "nested too deeply"),
        (b"stackup: 1\na: 1\na: 2\n", "line 3: a: the same word stands here twice"),
    ],
)
def test_what_is_no_document_is_told(content: bytes, says: str) -> None:
    with pytest.raises(BadDocument) as caught:
        read_document(content, "stackup")
    assert str(caught.value).startswith(says) or says in str(caught.value)


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_a_mark_at_the_beginning_change_nothing(ends: bytes, mark: bytes) -> None:
    top = read_document(mark + ends.join([b"stackup: 1", b"name: a b", b"x: 2", b""]), "stackup")
    assert (top.text("name"), top.number("x")) == ("a b", 2.0)


def test_a_formula_that_a_comma_cut_says_so() -> None:
    with pytest.raises(BadDocument, match="put it in quotes"):
        read_formula("a + hypot(b", "")
    with pytest.raises(BadDocument) as caught:
        read_formula("a +", "")
    assert "quotes" not in str(caught.value)
