"""Which characteristics of an element its limits ask for, as far as reports of checks tell.

What an element's own report lists, measured or not, is what applies to it, under those limits and no others. Of an
element of which it lists nothing, that is told by its like (its class and predefined type), and only where all of them
agree: what some of them do not have, this one may not have, and limits that differ among them may go by its size,
which no report tells.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from simulation.prediction.checked import Checked, Kind

_BY_DESIGN = frozenset({"opening_size", "opening_position", "diameter", "cylinder_axis"})
"""Characteristics of what one element of a class has and the next one has not: openings, a round section."""
Like = tuple[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Applicable:
    """What applies to elements of which their own reports do not say it."""

    shared: Mapping[Like, frozenset[str]]
    """Characteristics that all elements of a kind have."""
    agreed: Mapping[Like, Mapping[str, tuple[Kind, ...]]]
    """Families of characteristics whose limits are the same for all of the kind."""

    def to(self, element: Checked) -> tuple[Kind, ...]:
        """Return families under which an element is to be expected besides those that its own report lists."""
        if element.exempt:
            return ()
        like = _like(element)
        agreed = self.agreed.get(like, {})
        names: Iterable[str] = element.unknown
        if not element.told and not element.unknown:
            names = sorted(self.shared.get(like, frozenset()))
        return tuple(kind for name in names for kind in agreed.get(name, ()))


def applicable(elements: Sequence[Checked]) -> Applicable:
    """Return what elements of one class and predefined type have in common."""
    groups = dict[Like, list[Checked]]()
    for element in elements:
        if element.told:
            groups.setdefault(_like(element), []).append(element)
    sized = _sized(groups.values())
    shared, agreed = dict[Like, frozenset[str]](), dict[Like, Mapping[str, tuple[Kind, ...]]]()
    for like, group in groups.items():
        told = [_listed(one) for one in group]
        names = frozenset.intersection(
            *(frozenset(one) | frozenset(e.unknown) for one, e in zip(told, group, strict=True))
        )
        shared[like] = frozenset(name for name in names if name.partition(" ")[0] not in _BY_DESIGN)
        agreed[like] = {name: kinds for name in sorted(set().union(*told)) if (kinds := _agreed(name, told, sized))}
    return Applicable(shared, agreed)


def _like(element: Checked) -> Like:
    return element.ifc_class, element.predefined_type


def _listed(element: Checked) -> dict[str, frozenset[tuple[Kind, str]]]:
    """Return families and the sources of their limits by characteristic."""
    found = dict[str, set[tuple[Kind, str]]]()
    for one in element.told:
        found.setdefault(one.characteristic, set()).add((one.family, one.source))
    return {name: frozenset(kinds) for name, kinds in found.items()}


def _agreed(
    name: str, told: Sequence[Mapping[str, frozenset[tuple[Kind, str]]]], sized: frozenset[tuple[str, str]]
) -> tuple[Kind, ...]:
    """Return the families of a characteristic that all have who have it, but for limits that go by size."""
    common = frozenset.intersection(*(one[name] for one in told if name in one))
    every = frozenset().union(*(one[name] for one in told if name in one))
    if common != every:
        return ()
    return tuple(sorted({kind for kind, source in common if (name, source) not in sized}))


def _sized(groups: Iterable[Sequence[Checked]]) -> frozenset[tuple[str, str]]:
    """Return characteristic and source of limits that differ within a class: by size, or by what no report tells."""
    found = set[tuple[str, str]]()
    for group in groups:
        limits = dict[tuple[str, str], set[Kind]]()
        for one in (one for element in group for one in element.told):
            limits.setdefault((one.characteristic, one.source), set()).add(one.family)
        found |= {key for key, kinds in limits.items() if len(kinds) > 1}
    return frozenset(found)
