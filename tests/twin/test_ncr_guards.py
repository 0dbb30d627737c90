"""Each guard of a nonconformance record up to its disposition, and what a signature covers."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal as D

import pytest

from tests.reference.ncr_cases import (
    AS_IS,
    BOARD,
    CONTAINED,
    DAY,
    NOW,
    OCCURRENCE,
    OTHER,
    RAISER,
    REWORK,
    SCANNER,
    VIOLATION,
    assert_refused,
    closed,
    contained,
    dispositioned,
    draft,
    in_reinspection,
    opened,
    rechecked,
    settled,
    signature,
    signed,
    under_review,
)
from twin import ncr as verbs
from twin.access import Capacity
from twin.errors import IllegalTransition, Invalid, Refused
from twin.finding import Severity
from twin.ncr import Event, NonConformance, State, missing_for
from twin.ncr_parts import (
    Containment,
    ContainmentKind,
    Measured,
    Member,
)
from twin.record import Evidence, EvidenceKind, SignatureMeaning


@pytest.mark.parametrize(
    ("changes", "phrase"),
    [
        ({"global_ids": ()}, "an element or a lot"),
        ({"quantity": D(3)}, "a quantity of 2, the number of the elements named, not 3"),
        ({"violations": ()}, "a requirement with clause and limit"),
        ({"violations": (replace(VIOLATION, measured=None),)}, "a measured value of axis_position"),
        ({"evidence": ()}, "evidence"),
        ({"detector": None}, "who detected it"),
    ],
)
def test_opening_needs(changes: dict[str, object], phrase: str) -> None:
    assert_refused(replace(draft(), **changes), Event.OPEN, phrase)  # pyright: ignore[reportArgumentType]
    assert missing_for(draft(), Event.OPEN, now=NOW) == ()


def test_material_without_elements_is_named_by_its_lot() -> None:
    material = replace(draft(), global_ids=(), lot="delivery 88")
    assert verbs.open_record(material, number="NCR-2", actor=RAISER, now=NOW).state is State.OPEN


def test_the_number_is_given_once() -> None:
    with pytest.raises(Invalid, match="number of its own"):
        verbs.open_record(draft(), number=" ", actor=RAISER, now=NOW)
    with pytest.raises(IllegalTransition):
        verbs.open_record(opened(), number="NCR-0002", actor=RAISER, now=NOW)
    again = verbs.reopen(closed(), reason="cracked again", actor=OTHER, now=NOW)
    assert again.number == "NCR-0001"


@pytest.mark.parametrize(
    ("held", "phrase"),
    [
        (None, "a containment"),
        (replace(CONTAINED, place=""), "the place"),
        (replace(CONTAINED, tag=" "), "the tag"),
        (replace(CONTAINED, affected_query=""), "what else is affected"),
    ],
)
def test_containing_needs(held: Containment | None, phrase: str) -> None:
    assert_refused(replace(opened(), containment=held), Event.CONTAIN, phrase)


def test_what_is_moved_to_quarantine_needs_no_tag() -> None:
    held = replace(CONTAINED, kind=ContainmentKind.QUARANTINE, tag="")
    assert missing_for(replace(opened(), containment=held), Event.CONTAIN, now=NOW) == ()


@pytest.mark.parametrize(
    ("severity", "capacities"),
    [
        (Severity.MINOR, ["quality manager", "contractor"]),
        (Severity.MAJOR, ["quality manager", "contractor", "design authority"]),
        (Severity.CRITICAL, ["quality manager", "contractor", "design authority", "customer"]),
    ],
)
def test_the_board_goes_with_the_severity(severity: Severity, capacities: list[str]) -> None:
    ncr = replace(contained(), severity=severity)
    assert missing_for(ncr, Event.REVIEW, now=NOW) == tuple(f"a reviewer as {c}" for c in capacities)
    assert_refused(ncr, Event.REVIEW, capacities[-1])


def test_who_raised_it_is_not_on_the_board_nor_anybody_twice() -> None:
    mine = Member(RAISER.id, RAISER.name, Capacity.QUALITY_MANAGER)
    with pytest.raises(Refused, match="raised this record"):
        verbs.assemble(contained(), (mine, *BOARD[1:]))
    behind = replace(contained(), originator=replace(SCANNER, on_behalf_of=BOARD[0].person))
    with pytest.raises(Refused, match="raised this record"):
        verbs.assemble(behind, BOARD)
    twice = replace(BOARD[0], capacity=Capacity.CONTRACTOR)
    with pytest.raises(Refused, match="once"):
        verbs.assemble(contained(), (BOARD[0], twice))


def test_only_what_is_decided_completely_is_signed() -> None:
    part = verbs.propose(under_review(), (replace(REWORK, quantity=D(1), global_ids=("A",)),))
    assert_refused(part, Event.SIGN, "the remaining 1 of 2")
    assert_refused(part, Event.SIGN, "element B")
    assert_refused(
        verbs.propose(under_review(), (replace(REWORK, instruction=""),)), Event.SIGN, "a rework instruction"
    )


def test_signatures_are_of_the_board_in_their_capacity_and_not_twice() -> None:
    ncr = verbs.propose(under_review(), (REWORK,))
    with pytest.raises(Refused, match="not on the review board"):
        verbs.sign(ncr, signature(ncr, Member("x" * 32, "Xi", Capacity.CONTRACTOR)), now=NOW)
    with pytest.raises(Refused, match="raised this record"):
        verbs.sign(ncr, signature(ncr, Member(RAISER.id, "Rosa", Capacity.CONTRACTOR)), now=NOW)
    with pytest.raises(Refused, match="not as customer"):
        verbs.sign(ncr, signature(ncr, BOARD[0], role="customer"), now=NOW)
    with pytest.raises(Refused, match="another version"):
        verbs.sign(ncr, replace(signature(ncr, BOARD[0]), content_sha256="0" * 64), now=NOW)
    with pytest.raises(Refused, match="must mean approval"):
        verbs.sign(ncr, replace(signature(ncr, BOARD[0]), meaning=SignatureMeaning.REVIEW), now=NOW)
    once = verbs.sign(ncr, signature(ncr, BOARD[0]), now=NOW)
    with pytest.raises(Refused, match="signed this already"):
        verbs.sign(once, signature(once, BOARD[0]), now=NOW)


def test_disposing_needs_every_signature() -> None:
    ncr = verbs.propose(under_review(), (REWORK,))
    for member in BOARD[:2]:
        ncr = verbs.sign(ncr, signature(ncr, member), now=NOW)
    assert_refused(ncr, Event.DISPOSE, "a valid signature as design authority")
    assert missing_for(verbs.sign(ncr, signature(ncr, BOARD[2]), now=NOW), Event.DISPOSE, now=NOW) == ()


def test_use_as_is_of_a_minor_one_still_needs_the_design_authority_and_the_contract_the_customer() -> None:
    minor = replace(under_review(), severity=Severity.MINOR)
    ncr = verbs.propose(minor, (AS_IS,))
    for member in BOARD[:2]:
        ncr = verbs.sign(ncr, signature(ncr, member), now=NOW)
    assert missing_for(ncr, Event.DISPOSE, now=NOW) == ("a valid signature as design authority",)
    ncr = verbs.propose(replace(minor, contract_affected=True), (AS_IS,))
    for member in BOARD[:3]:
        ncr = verbs.sign(ncr, signature(ncr, member), now=NOW)
    assert missing_for(ncr, Event.DISPOSE, now=NOW) == ("a valid signature as customer",)


def test_a_signature_smuggled_past_signing_counts_for_nobody() -> None:
    """The originator's, one for another capacity than the seat, one of someone off the board."""
    ncr = verbs.propose(under_review(), (REWORK,))
    forged = tuple(
        signature(ncr, m, role)
        for m, role in (
            (Member(RAISER.id, "Rosa", Capacity.QUALITY_MANAGER), None),
            (BOARD[0], "contractor"),
            (Member("x" * 32, "Xi", Capacity.DESIGN_AUTHORITY), None),
        )
    )
    assert len(missing_for(replace(ncr, signatures=forged), Event.DISPOSE, now=NOW)) == 3


CHANGED_AFTER: dict[str, Callable[[NonConformance], NonConformance]] = {
    "line": lambda n: replace(n, lines=(replace(n.lines[0], instruction="WI-8"),)),
    "justification": lambda n: replace(n, lines=(replace(n.lines[0], justification="cheaper"),)),
    "severity": lambda n: replace(n, severity=Severity.MINOR),
    "value": lambda n: replace(n, violations=(replace(VIOLATION, measured=Measured(D(9), D("1.1"))),)),
    "limit": lambda n: replace(
        n, violations=(replace(VIOLATION, requirement=replace(VIOLATION.requirement, upper=D(9))),)
    ),
    "contract": lambda n: replace(n, contract_affected=True),
    "number": lambda n: replace(n, number="NCR-9999"),
}


@pytest.mark.parametrize("what", CHANGED_AFTER)
def test_a_later_change_of_what_was_signed_voids_the_signatures(what: str) -> None:
    ncr = dispositioned(REWORK)
    assert len(verbs.valid_signatures(ncr)) == len(BOARD)
    changed = CHANGED_AFTER[what](ncr)
    assert verbs.valid_signatures(changed) == ()
    assert_refused(changed, Event.CORRECT, "a valid signature")
    done = CHANGED_AFTER[what](settled(rechecked(in_reinspection())))
    assert_refused(done, Event.CLOSE, "a valid signature")


def test_a_new_proposal_has_to_be_signed_anew() -> None:
    ncr = signed(REWORK)
    assert missing_for(ncr, Event.DISPOSE, now=NOW) == ()
    other = verbs.propose(ncr, (replace(REWORK, instruction="WI-8"),))
    assert verbs.valid_signatures(other) == ()
    assert len(missing_for(other, Event.DISPOSE, now=NOW)) == 3


def test_what_is_added_later_leaves_the_signatures() -> None:
    ncr = settled(verbs.add_evidence(dispositioned(), Evidence(EvidenceKind.SCAN, "1" * 64)))
    ncr = verbs.note_recurrence(ncr, OCCURRENCE, now=NOW)
    assert len(verbs.valid_signatures(ncr)) == len(BOARD)


def test_what_was_signed_must_still_hold_when_it_is_put_into_force_and_begun() -> None:
    """A concession that ran out after the signatures stops each step."""
    late, part = NOW + 90 * DAY, replace(REWORK, quantity=D(1), global_ids=("A",))
    kept = replace(AS_IS, quantity=D(1), global_ids=("B",))
    other = replace(kept, id="a2", global_ids=("A",))
    expired = ("use as is of 1: a concession that has not expired",)
    acts: list[tuple[Event, Callable[[], NonConformance]]] = [
        (Event.DISPOSE, lambda: verbs.dispose(signed(part, kept), actor=OTHER, now=late)),
        (Event.CORRECT, lambda: verbs.correct(dispositioned(part, kept), actor=OTHER, now=late)),
        (Event.VERIFY, lambda: verbs.verify(dispositioned(kept, other), actor=OTHER, now=late)),
    ]
    for event, act in acts:
        with pytest.raises(Refused) as refusal:
            act()
        assert set(expired) <= set(refusal.value.missing), event


def test_what_is_left_as_it_is_is_not_begun_on_void_signatures() -> None:
    changed = replace(dispositioned(AS_IS), severity=Severity.MINOR)
    with pytest.raises(Refused, match="a valid signature as design authority"):
        verbs.verify(changed, actor=OTHER, now=NOW)


def test_an_originator_who_got_onto_the_board_signs_nothing() -> None:
    ncr = verbs.propose(under_review(), (REWORK,))
    seat = Member(RAISER.id, "Rosa", Capacity.DESIGN_AUTHORITY)
    smuggled = replace(ncr, roster=(*BOARD[:2], seat))
    forged = tuple(signature(smuggled, m) for m in smuggled.roster)
    missing = missing_for(replace(smuggled, signatures=forged), Event.DISPOSE, now=NOW)
    assert missing == ("a valid signature as design authority",)


def test_a_proposal_is_about_what_does_not_conform_and_no_more() -> None:
    with pytest.raises(Invalid, match="more than the 2"):
        verbs.propose(under_review(), (replace(REWORK, quantity=D(3)),))
    with pytest.raises(Invalid, match="element Z is not one"):
        verbs.propose(under_review(), (replace(REWORK, global_ids=("A", "Z")),))
