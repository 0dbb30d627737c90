"""A glance of a check's elements: what is put in comes out, whatever it is, and the same bytes each time."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geometry.verdict import Outcome
from tests.twin.store.test_element_columns import SAID, as_value
from twin.check_record import ElementRow
from twin.element_state import Epoch, Seen, observe
from twin.operations.glances import WORST, glance_of, packed, unpacked
from twin.report.selection import deciding

EPOCH = Epoch("2" * 32, datetime(2026, 11, 20, tzinfo=UTC), "3" * 32, "4" * 32)
AXES = st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=3, max_size=3)
POSES = st.one_of(
    st.none(), st.fixed_dictionaries({"translation_mm": AXES, "uncertainty_mm": AXES}),
    st.fixed_dictionaries({"translation_mm": AXES, "uncertainty_mm": AXES, "coverage_factor": st.floats(1, 3)}),
)  # fmt: skip
ELEMENTS = st.lists(
    st.tuples(
        st.text(min_size=1, max_size=22), st.text(max_size=30), st.sampled_from(Seen), POSES,
        st.sampled_from([outcome.value for outcome in Outcome]),
        st.lists(SAID.map(lambda told: {"characteristic": "plumb", "expanded_uncertainty_mm": 1.0} | told), max_size=4),
    ),
    max_size=8, unique_by=lambda one: one[0],
)  # fmt: skip


def row(name: str, text: str, seen: Seen, pose: Any, verdict: str, measurements: list[dict[str, Any]]) -> ElementRow:
    state = observe("1" * 32, name, None, seen, epoch=EPOCH)
    told = {"global_id": name, "state": "installed", "pose": pose, "measurements": measurements}
    return ElementRow(state, "IfcColumn", text, text[::-1], verdict, told)


@given(ELEMENTS)
def test_a_glance_says_what_each_report_says(
    given_ones: list[tuple[str, str, Seen, Any, str, list[dict[str, Any]]]],
) -> None:
    rows = [row(*one) for one in given_ones]
    content = packed(glance_of(rows))
    assert content == packed(glance_of(rows[::-1])), "in whatever order they come"
    glance = unpacked(content)
    assert list(glance.global_id) == sorted(one[0] for one in given_ones)
    for n, one in enumerate(sorted(rows, key=lambda row: row.state.global_id)):
        told = one.measured["measurements"]
        decisive = deciding(Outcome(one.verdict), [as_value(m, place) for place, m in enumerate(told)])
        worst = told[int(decisive.characteristic)] if decisive else {}
        pose = one.measured["pose"] or {}
        assert (glance.name[n], glance.storey[n], glance.seen[n]) == (one.name, one.storey, one.state.seen)
        assert glance.characteristic[n] == worst.get("characteristic")
        expected = [np.nan if worst.get(word) is None else worst[word] for word in WORST]
        np.testing.assert_array_equal(glance.worst_mm[n], expected)
        for word in ("translation_mm", "uncertainty_mm"):
            shown = [np.nan if x is None else x for x in pose.get(word, (None,) * 3)]
            np.testing.assert_array_equal(getattr(glance, word)[n], shown)
        np.testing.assert_array_equal(glance.coverage_factor[n], pose.get("coverage_factor", np.nan))
        assert glance.fails[n] == any(m["verdict"] == "fail" for m in one.measured["measurements"])
