"""Clashes that belong together, under names that stay the same from one revision of the model to the next."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from simulation.assembly.clash import Clash, ClashKind


@dataclass(frozen=True, slots=True, eq=False)
class ClashGroup:
    """Clashes of one kind whose elements hang together."""

    identifier: str
    """Of kind and elements: the same elements clashing in the same way have the same one."""
    kind: ClashKind
    elements: tuple[str, ...]
    """GlobalIds, sorted."""
    clashes: tuple[Clash, ...]


def clash_identifier(kind: ClashKind, elements: Iterable[str]) -> str:
    """Return 12 hexadecimal digits for a kind of clash among elements, whatever their order."""
    text = "|".join([kind.value, *sorted(elements)])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def identifier_of(clash: Clash) -> str:
    """Return the identifier of a clash; of one in a space also of its rule, its side and whose space it is."""
    said = clash.intrusion
    if said is None:
        return clash_identifier(clash.kind, (clash.first, clash.second))
    text = "|".join([clash.kind.value, clash.first, clash.second, said.rule, said.towards])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def grouped(clashes: Sequence[Clash]) -> tuple[ClashGroup, ...]:
    """Return clashes grouped by kind and by the elements that join them, the largest groups first.

    Two clashes of one kind are in one group when they share an element, directly or through others.
    """
    groups = list[ClashGroup]()
    for kind in ClashKind:
        of_kind = [clash for clash in clashes if clash.kind is kind]
        leader = dict[str, str]()

        def root(name: str, leader: dict[str, str] = leader) -> str:
            while leader.setdefault(name, name) != name:
                name = leader[name]
            return name

        for clash in of_kind:
            first, second = sorted((root(clash.first), root(clash.second)))
            leader[second] = first
        members = dict[str, list[Clash]]()
        for clash in of_kind:
            members.setdefault(root(clash.first), []).append(clash)
        for found in members.values():
            elements = tuple(sorted({name for clash in found for name in (clash.first, clash.second)}))
            groups.append(ClashGroup(clash_identifier(kind, elements), kind, elements, tuple(found)))
    return tuple(sorted(groups, key=lambda group: (-len(group.clashes), group.elements)))
