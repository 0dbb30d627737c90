"""What may be said of an element's presence: a table of cases, and that missing needs rays or a bare contact."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from geometry.presence import PresenceEvidence, decide_state
from geometry.standing import Standing
from geometry.verdict import State

SEEN = PresenceEvidence(
    own_points=500,
    assigned_points=500,
    shared_points=0,
    through=0,
    coverage=0.9,
    in_reach=60,
    visible=50,
    suspect="",
    rays_known=True,
)

ROOF = Standing(points=90, cells=60, bare=200)


@pytest.mark.parametrize(
    ("change", "state", "word"),
    [
        ({}, State.INSTALLED, None),
        ({"own_points": 0, "coverage": 0.0, "through": 400}, State.MISSING, "rays_through:400"),
        ({"own_points": 5, "coverage": 0.02, "through": 400}, State.MISSING, "rays_through:400"),
        ({"own_points": 100, "coverage": 0.1, "through": 400}, State.MISSING, "rays_through:400"),  # foreign
        # a railing: mostly holes
        ({"own_points": 100, "coverage": 0.8, "through": 400, "standing": ROOF}, State.INSTALLED, None),
        ({"own_points": 100, "assigned_points": 600, "coverage": 0.1, "through": 400, "standing": Standing(90, 9, 99)},
         State.INSTALLED, None),  # bowed
        # a railing 5 cm beside its place: rays went through it, and what no element explains stands beside most of it
        ({"own_points": 17, "assigned_points": 900, "coverage": 0.6, "through": 700,
          "standing": Standing(17, 6, 400, beside=300)}, State.INSTALLED, "off_surface:900"),
        # something small beside it, and something large beside a place most of which is bare, are not the element
        ({"own_points": 17, "assigned_points": 90, "coverage": 0.1, "through": 700,
          "standing": Standing(17, 6, 20, beside=29)}, State.MISSING, "rays_through:700"),
        ({"own_points": 17, "assigned_points": 300, "coverage": 0.1, "through": 700,
          "standing": Standing(17, 6, 400, beside=200)}, State.MISSING, "rays_through:700"),
        # a board behind which the wall lies close: what is seen there is the wall
        ({"another": True}, State.OCCLUDED, "coincident_surface"),
        ({"another": True, "through": 900, "coverage": 0.0, "own_points": 20}, State.MISSING, "rays_through:900"),
        # too few points to say that nothing else stands there
        ({"own_points": 4, "assigned_points": 14, "coverage": 1.0, "through": 43}, State.OCCLUDED, "few_points:4"),
        ({"own_points": 0, "assigned_points": 900, "coverage": 0.0, "through": 42}, State.OCCLUDED, "off_surface:900"),
        ({"own_points": 0, "coverage": 0.0, "through": 10}, State.OCCLUDED, "hidden_in_scan"),  # ten rays prove nothing
        ({"own_points": 0, "coverage": 0.0}, State.OCCLUDED, "hidden_in_scan"),
        ({"own_points": 4, "coverage": 0.0}, State.OCCLUDED, "few_points:4"),
        ({"own_points": 0, "coverage": 0.0, "visible": 0}, State.OCCLUDED, "hidden_by_design"),
        ({"own_points": 0, "coverage": 0.0, "visible": 0, "in_reach": 0}, State.UNSEEN, "out_of_reach"),
        ({"own_points": 0, "coverage": 0.0, "shared_points": 300}, State.OCCLUDED, "coincident_surface"),
        ({"own_points": 0, "coverage": 0.0, "rays_known": False}, State.UNSEEN, "no_station_pose"),
        ({"rays_known": False}, State.INSTALLED, None),
        # reveals without their door: nothing went through that is known of, and they are the wall's
        ({"rays_known": False, "another": True}, State.UNSEEN, "coincident_surface"),
        # the floor under its foot was measured: also where rays went through and a neighbour's points lie on it
        ({"rays_known": False, "another": True, "bare_contact": 40}, State.MISSING, "bare_contact:40"),
        ({"rays_known": False, "another": True, "bare_contact": 9}, State.UNSEEN, "coincident_surface"),
        ({"through": 90, "own_points": 100, "standing": ROOF, "bare_contact": 40}, State.MISSING, "bare_contact:40"),
        ({"suspect": "cut", "bare_contact": 40}, State.DESIGN_SUSPECT, "design_suspect:cut"),
        ({"suspect": "cut"}, State.DESIGN_SUSPECT, "design_suspect:cut"),
        ({"suspect": "cut", "own_points": 0, "through": 900}, State.DESIGN_SUSPECT, "design_suspect:cut"),
    ],
)  # fmt: skip
def test_cases(change: dict[str, object], state: State, word: str | None) -> None:
    change = {"assigned_points": change.get("own_points", 500)} | change
    got, reasons = decide_state(replace(SEEN, **change))  # pyright: ignore[reportArgumentType]
    assert got is state
    assert reasons == (() if word is None else (word,))


@pytest.mark.parametrize(
    ("own", "through", "standing", "state"),
    [
        (60, 900, Standing(60, 45, 600), State.INSTALLED),  # an open door: its frame stands
        (60, 900, Standing(0, 0, 600), State.MISSING),  # an absent one: as many points, on the reveals of its opening
        (500, 400, Standing(9, 4, 200), State.MISSING),  # more points of its neighbours than rays through
        (60, 900, Standing(60, 29, 600), State.MISSING),  # split beams about its rim
        (60, 90_000, Standing(60, 45, 6000), State.MISSING),  # a pole stands at the place of a wall
    ],
)
def test_what_stands_decides_where_most_rays_go_through(
    own: int, through: int, standing: Standing, state: State
) -> None:
    evidence = replace(SEEN, own_points=own, assigned_points=own, through=through, standing=standing, coverage=0.3)
    assert decide_state(evidence)[0] is state


counts = st.integers(0, 5000)
evidences = st.builds(
    PresenceEvidence,
    own_points=counts,
    assigned_points=counts,
    shared_points=counts,
    through=counts,
    coverage=st.floats(0, 1),
    in_reach=st.integers(0, 96),
    visible=st.integers(0, 96),
    suspect=st.sampled_from(["", "not closed"]),
    rays_known=st.booleans(),
    standing=st.builds(Standing, counts, counts, counts),
).filter(lambda e: e.own_points <= e.assigned_points)


@given(evidence=evidences)
def test_missing_is_claimed_only_where_rays_passed_through(evidence: PresenceEvidence) -> None:
    state, _ = decide_state(evidence)
    if state is State.MISSING:
        assert evidence.through >= 30
        assert evidence.through > evidence.own_points or evidence.standing.cells < evidence.standing.bare / 10
        assert evidence.standing.cells < 30 or evidence.standing.cells < evidence.standing.bare / 10
        assert not evidence.suspect


@given(evidence=evidences)
def test_without_rays_through_or_a_bare_contact_nothing_is_missing(evidence: PresenceEvidence) -> None:
    assert decide_state(replace(evidence, through=0))[0] is not State.MISSING


@given(evidence=evidences, more=st.integers(1, 5000))
def test_more_of_it_standing_never_makes_it_missing(evidence: PresenceEvidence, more: int) -> None:
    assume(evidence.own_points >= 10)
    if decide_state(evidence)[0] is not State.MISSING:
        own, assigned = evidence.own_points + more, evidence.assigned_points + more
        was = evidence.standing
        standing = Standing(was.points + more, was.cells + more, was.bare)
        richer = replace(evidence, own_points=own, assigned_points=assigned, standing=standing)
        assert decide_state(richer)[0] is not State.MISSING


@given(evidence=evidences)
def test_installed_needs_points_of_its_own_and_a_sound_design(evidence: PresenceEvidence) -> None:
    state, reasons = decide_state(evidence)
    if state is State.INSTALLED:
        assert evidence.own_points >= 10
        assert not evidence.suspect
    else:
        assert reasons
