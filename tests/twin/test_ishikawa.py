from dataclasses import replace
from typing import Any

import pytest

from twin.cause_analysis import CauseAnalysis, missing_for_approval
from twin.errors import Invalid, NotFound, Refused
from twin.ishikawa import (
    CATEGORY_SETS,
    Cause,
    CauseStatus,
    Ishikawa,
    add_cause,
    categories,
    link_cause,
    missing_links,
    settle_cause,
)
from twin.record import Evidence, EvidenceKind
from twin.root_cause import Branch, WhyNode, WhyTree, mark_root, verify_why
from twin.store.codec import from_json, to_json

PROOF = (Evidence(EvidenceKind.PICTURE, "ab" * 32),)
WHY = WhyTree("lean", (WhyNode("w", Branch.OCCURRENCE, "no brace"),))
DIAGRAM = Ishikawa("lean", causes=(Cause("a", "method", "no brace"), Cause("b", "method", "thin brace", parent="a")))


def test_the_usual_sets_are_there_and_others_may_be_given() -> None:
    assert [len(CATEGORY_SETS[name]) for name in ("6M", "4S", "8P")] == [6, 4, 8]
    assert categories("6M")[0] == "man"
    with pytest.raises(Invalid, match="6M, 4S, 8P"):
        categories("5M")
    assert Ishikawa("p", ("weather", "crew"), (Cause("a", "crew", "new"),)).cause("a").text == "new"


@pytest.mark.parametrize(("cause", "text"), [
    (Cause("c", "weather", "rain"), "choose one of: man"),
    (Cause("a", "method", "again"), "same id"),
    (Cause("c", "man", "x", parent="a"), "hangs on a cause under method"),
    (Cause("c", "man", "x", parent="zz"), "not in the diagram"),
    (Cause("c", "man", "x", parent="c"), "no cycles"),
])  # fmt: skip
def test_what_is_no_diagram_is_refused(cause: Cause, text: str) -> None:
    with pytest.raises(Invalid, match=text):
        add_cause(DIAGRAM, cause)


@pytest.mark.parametrize(("fields", "text"), [
    ({"text": " "}, "text"), ({"votes": -1}, "zero"), ({"status": CauseStatus.CONFIRMED}, "without evidence"),
    ({"status": CauseStatus.EXCLUDED}, "without evidence"),
])  # fmt: skip
def test_what_is_no_cause_is_refused(fields: dict[str, Any], text: str) -> None:
    with pytest.raises(Invalid, match=text):
        replace(Cause("c", "man", "x"), **fields)


@pytest.mark.parametrize("names", [(), ("man", "man")])
def test_categories_are_given_once_each(names: tuple[str, ...]) -> None:
    with pytest.raises(Invalid, match="categories"):
        Ishikawa("p", names)


def test_a_confirmed_cause_has_to_be_followed_up() -> None:
    assert missing_links(DIAGRAM, WHY) == ()
    confirmed = settle_cause(DIAGRAM, "a", CauseStatus.CONFIRMED, PROOF)
    assert missing_links(confirmed, WHY) == ("a why that follows up the confirmed cause 'no brace'",)
    linked = link_cause(confirmed, "a", WHY, "w")
    assert missing_links(linked, WHY) == ()
    assert missing_links(linked, WhyTree("another")) != ()
    assert from_json(to_json(linked), Ishikawa) == linked


def test_an_excluded_cause_is_not_followed_up_and_unknown_ids_are_not_found() -> None:
    excluded = settle_cause(DIAGRAM, "a", CauseStatus.EXCLUDED, PROOF)
    with pytest.raises(Refused, match="excluded"):
        link_cause(excluded, "a", WHY, "w")
    with pytest.raises(NotFound):
        link_cause(DIAGRAM, "a", WHY, "zz")
    with pytest.raises(NotFound):
        settle_cause(DIAGRAM, "zz", CauseStatus.PROBABLE)


def test_an_analysis_needs_roots_a_code_and_its_links() -> None:
    confirmed = settle_cause(DIAGRAM, "a", CauseStatus.CONFIRMED, PROOF)
    rooted = verify_why(mark_root(WHY, "w"), "w", PROOF)
    legs = (Branch.OCCURRENCE,)
    assert missing_for_approval(CauseAnalysis(rooted, "F-12"), legs) == ()
    assert missing_for_approval(CauseAnalysis(rooted, "F-12", confirmed), legs) == missing_links(confirmed, rooted)
    assert missing_for_approval(CauseAnalysis(rooted, " "), legs) == ("a cause code",)
    assert missing_for_approval(CauseAnalysis(WHY, "F-12"), legs) == ("a root cause of the occurrence",)
