"""Which nonconformance record an imported topic is about, and who and what it names that is not known here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from twin.bcf.guid import id_of
from twin.bcf.status import is_status
from twin.bcf.values import Topic
from twin.ncr_record import LIVE, NonConformance, State
from twin.record import Id


class By(StrEnum):
    """How a record was found."""

    GUID = "guid"
    ELEMENT = "element"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Match:
    """The record that a topic is about."""

    by: By
    ncr: Id | None = None
    candidates: tuple[Id, ...] = ()
    """Records with an element of the topic, where several have one: a person has to choose."""


@dataclass(frozen=True, slots=True)
class Dictionary:
    """How names of another tool read here; what is not in it is reported, never guessed."""

    people: Mapping[str, str] = field(default_factory=dict[str, str])
    """Their name, as they write it, to how the person is called here."""
    statuses: Mapping[str, str] = field(default_factory=dict[str, str])
    """Their status to ours."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """What a topic names that is not known here."""

    people: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()


def match(topic: Topic, ncrs: Iterable[NonConformance]) -> Match:
    """Return the record with the topic's guid, else the one live record that has an element in common with it."""
    own = id_of(topic.guid)
    elements = set(topic.global_ids)
    sharing: list[Id] = []
    for ncr in ncrs:
        if ncr.id == own:
            return Match(By.GUID, ncr.id)
        if (ncr.state in LIVE or ncr.state is State.DRAFT) and elements & set(ncr.global_ids):
            sharing.append(ncr.id)
    if len(sharing) == 1:
        return Match(By.ELEMENT, sharing[0])
    return Match(By.NOTHING, candidates=tuple(sorted(sharing)))


def unknown_in(topic: Topic, people: Iterable[str], mapping: Dictionary) -> Unknown:
    """Return whom and which status of a topic nobody here knows, neither by itself nor by the mapping."""
    known = {name.lower() for name in people}
    named = [topic.creation_author, topic.modified_author, topic.assigned_to]
    named += [name for comment in topic.comments for name in (comment.author, comment.modified_author)]
    strangers = {name for name in named if name and mapping.people.get(name, name).lower() not in known}
    status = mapping.statuses.get(topic.status, topic.status)
    is_ours = not status or is_status(status)
    return Unknown(tuple(sorted(strangers)), () if is_ours else (topic.status,))
