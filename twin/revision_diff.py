"""What changed between two revisions of a model: by GlobalId, shape and properties."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from twin.errors import Invalid


@dataclass(frozen=True, slots=True)
class ElementFingerprint:
    """An element as far as a comparison of revisions needs it."""

    global_id: str
    geometry_sha256: str
    """Digest of where and what shape it is."""
    properties_sha256: str


class Change(StrEnum):
    """What a revision did to an element."""

    ADDED = "added"
    REMOVED = "removed"
    SHAPE = "shape"
    """Its place or shape changed, properties perhaps too: earlier verdicts say nothing about it any more."""
    PROPERTIES = "properties"
    """Only what is said about it changed."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class RevisionDiff:
    """Which elements changed; each GlobalId is in exactly one of the five, sorted."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    shape_changed: tuple[str, ...] = ()
    properties_changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()

    @property
    def changed(self) -> tuple[str, ...]:
        """Elements of both revisions that are not the same, sorted."""
        return tuple(sorted(self.shape_changed + self.properties_changed))


def diff_revisions(before: Iterable[ElementFingerprint], after: Iterable[ElementFingerprint]) -> RevisionDiff:
    """Compare two revisions.

    Raises
    ------
    Invalid
        If a GlobalId occurs twice in one revision: then it identifies nothing.

    Examples
    --------
    >>> one = ElementFingerprint("a", "1", "1")
    >>> diff_revisions([one], [one, ElementFingerprint("b", "1", "1")]).added
    ('b',)
    """
    old, new = _by_id(before), _by_id(after)
    groups: dict[Change, list[str]] = {change: [] for change in Change}
    for global_id in sorted(old.keys() | new.keys()):
        groups[_change(old.get(global_id), new.get(global_id))].append(global_id)
    return RevisionDiff(
        added=tuple(groups[Change.ADDED]),
        removed=tuple(groups[Change.REMOVED]),
        shape_changed=tuple(groups[Change.SHAPE]),
        properties_changed=tuple(groups[Change.PROPERTIES]),
        unchanged=tuple(groups[Change.NONE]),
    )


def changes_by_element(diff: RevisionDiff) -> dict[str, Change]:
    """Return GlobalId -> what the revision did to it."""
    groups = (
        (diff.added, Change.ADDED),
        (diff.removed, Change.REMOVED),
        (diff.shape_changed, Change.SHAPE),
        (diff.properties_changed, Change.PROPERTIES),
        (diff.unchanged, Change.NONE),
    )
    return {global_id: change for ids, change in groups for global_id in ids}


def _by_id(elements: Iterable[ElementFingerprint]) -> Mapping[str, ElementFingerprint]:
    found: dict[str, ElementFingerprint] = {}
    for element in elements:
        if element.global_id in found:
            raise Invalid(f"GlobalId {element.global_id} occurs twice in one revision: have the model exported anew")
        found[element.global_id] = element
    return found


def _change(old: ElementFingerprint | None, new: ElementFingerprint | None) -> Change:
    if old is None:
        return Change.ADDED
    if new is None:
        return Change.REMOVED
    if old.geometry_sha256 != new.geometry_sha256:
        return Change.SHAPE
    return Change.NONE if old.properties_sha256 == new.properties_sha256 else Change.PROPERTIES
