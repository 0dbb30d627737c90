"""The cause-and-effect diagram: everything is drawn once, within the sheet, and no text runs over another bone."""

from hypothesis import given
from hypothesis import strategies as st

from twin.ishikawa import CATEGORY_SETS, Cause, CauseStatus, Ishikawa
from twin.record import Evidence, EvidenceKind
from twin.record_report.fishbone import Drawing, draw_fishbone, wrapped
from twin.texts import Texts

SAY = Texts("twin.record_report", "words.yaml", "en")
SHOWN = (Evidence(EvidenceKind.PICTURE, "a" * 64),)
WORDS = st.text(st.sampled_from("abc def ghi墙柱。，"), min_size=1, max_size=60).filter(lambda text: text.strip())


def texts(drawing: Drawing) -> str:
    return "".join("".join(part["text"].split()) for part in drawing.parts if part["kind"] == "text")


@st.composite
def diagrams(draw: st.DrawFn) -> Ishikawa:
    categories = draw(st.sampled_from(sorted(CATEGORY_SETS.values())))
    causes: list[Cause] = []
    for n in range(draw(st.integers(0, 14))):
        status = draw(st.sampled_from(CauseStatus))
        parent = draw(st.sampled_from([None, *causes])) if causes else None
        category = parent.category if parent else draw(st.sampled_from(categories))
        causes.append(
            Cause(str(n), category, draw(WORDS), parent.id if parent else None, draw(st.integers(0, 3)), status, SHOWN)
        )
    return Ishikawa(draw(WORDS), categories, tuple(causes))


@given(diagrams())
def test_every_cause_is_drawn_within_the_sheet(diagram: Ishikawa) -> None:
    drawing = draw_fishbone(diagram, SAY)
    said = texts(drawing)
    for cause in diagram.causes:
        assert "".join(cause.text.split()) in said
    for part in drawing.parts:
        if part["kind"] == "text":
            assert 0 <= part["y"] <= drawing.height
            assert 0 <= part["x"] <= drawing.width
        if part["kind"] == "line":
            for x, y in (part["from"], part["to"]):
                assert -1e-6 <= x <= drawing.width
                assert -1e-6 <= y <= drawing.height
    rows = [p for p in drawing.parts if p["kind"] == "text" and p["anchor"] == "end"]
    assert len({(round(p["y"], 3), p["x"]) for p in rows}) == len(rows), "no text upon another"


def test_what_was_thought_of_a_cause_is_seen() -> None:
    causes = tuple(Cause(s.value, "man", s.value, status=s, evidence=SHOWN) for s in CauseStatus)
    drawing = draw_fishbone(Ishikawa("late", causes=causes), SAY)
    mine = {p["text"]: p for p in drawing.parts if p["kind"] == "text" and p["anchor"] == "end"}
    assert [text for text, part in mine.items() if part["struck"]] == ["excluded"]
    assert [text for text, part in mine.items() if part["weight"] > 400] == ["confirmed"]
    assert len([p for p in drawing.parts if p["kind"] == "dot"]) == 4, "confirmed and probable, and both in the legend"


@given(WORDS, st.floats(12.0, 300.0))
def test_wrapping_keeps_every_sign(text: str, room: float) -> None:
    assert "".join("".join(wrapped(text, room, 8.0)).split()) == "".join(text.split())


def test_words_are_kept_whole_where_they_fit() -> None:
    assert wrapped("the formwork was moved", 60.0, 8.0) == ["the formwork", "was moved"]
    assert wrapped("混凝土浇筑后移动。", 40.0, 8.0) == ["混凝土浇筑", "后移动。"]
