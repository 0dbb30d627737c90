import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import Invalid
from twin.revision_diff import Change, ElementFingerprint, changes_by_element, diff_revisions


def _print(global_id: str, shape: str = "s", properties: str = "p") -> ElementFingerprint:
    return ElementFingerprint(global_id, shape, properties)


def test_each_kind_of_change_is_told_apart() -> None:
    before = [_print("gone"), _print("moved"), _print("renamed"), _print("same")]
    after = [_print("new"), _print("moved", "s2"), _print("renamed", "s", "p2"), _print("same")]
    diff = diff_revisions(before, after)
    assert (diff.added, diff.removed) == (("new",), ("gone",))
    assert (diff.shape_changed, diff.properties_changed, diff.unchanged) == (("moved",), ("renamed",), ("same",))
    assert diff.changed == ("moved", "renamed")


def test_a_moved_and_renamed_element_counts_as_moved() -> None:
    assert diff_revisions([_print("a")], [_print("a", "s2", "p2")]).shape_changed == ("a",)


def test_a_global_id_that_occurs_twice_is_refused() -> None:
    with pytest.raises(Invalid, match="twice"):
        diff_revisions([_print("a"), _print("a", "other")], [])


_REVISION = st.dictionaries(
    st.sampled_from("abcdefgh"), st.tuples(st.sampled_from("12"), st.sampled_from("12")), max_size=8
)


@given(_REVISION, _REVISION)
def test_every_element_is_in_exactly_one_group_and_the_reverse_mirrors_it(
    before: dict[str, tuple[str, str]], after: dict[str, tuple[str, str]]
) -> None:
    one = [_print(i, *v) for i, v in before.items()]
    two = [_print(i, *v) for i, v in after.items()]
    diff, back = diff_revisions(one, two), diff_revisions(two, one)
    named = diff.added + diff.removed + diff.shape_changed + diff.properties_changed + diff.unchanged
    assert sorted(named) == sorted(before.keys() | after.keys())
    assert (diff.added, diff.removed, diff.changed, diff.unchanged) == (
        back.removed, back.added, back.changed, back.unchanged,
    )  # fmt: skip
    for global_id, change in changes_by_element(diff).items():
        assert (change is Change.NONE) == (before.get(global_id) == after.get(global_id))
