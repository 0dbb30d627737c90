"""What every printed record has: evidence with its pictures, signatures in words, the trail, what vouches for it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from twin.audit import ChainedEvent
from twin.operations.files import evidence_of
from twin.record import Evidence, Json, Signature
from twin.record_report.page import Around, Block, Cell, Section, at, digest, note, table, tidy

_LONGEST_VALUE = 60
_MOST_NAMES = 8
_SHOWN = ("state", "number", "severity", "due", "quantity", "unit", "contract_affected", "cycle_count", "cycle", "risk")
"""Fields whose values are short enough to be read in the trail."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature, what was signed, and whether it covers what the record says now."""

    signature: Signature
    about: str
    holds: bool


def evidence_section(record: object, around: Around) -> tuple[Section, dict[str, bytes]]:
    """Return all evidence of a record, each once: pictures as pictures, everything by its digest."""
    say = around.say
    found = {evidence.sha256: evidence for evidence in evidence_of(record)}
    if not found:
        return Section(say("evidence"), (note(say("none")),)), {}
    files = {f"evidence-{sha256}.jpg": around.pictures[sha256] for sha256 in found if sha256 in around.pictures}
    shown = [
        {"name": f"evidence-{sha256}.jpg", "caption": _caption(evidence)}
        for sha256, evidence in found.items()
        if sha256 in around.pictures
    ]
    rows: list[list[Cell]] = [
        [say.term("evidence", one.kind.value), _named(one, around), digest(one.sha256)] for one in found.values()
    ]
    blocks: list[Block] = [{"kind": "pictures", "pictures": shown}] if shown else []
    blocks.append(table((say("evidence_kind"), say("file"), "SHA-256"), rows, (0, 1, 1.1), size=8))
    return Section(say("evidence"), tuple(blocks)), files


def signature_section(signed: Sequence[Signed], around: Around) -> Section:
    """Return signatures as they are shown and printed: name, date and time, meaning (21 CFR 11.50)."""
    say = around.say
    if not signed:
        return Section(say("signatures"), (note(say("not_yet")),))
    cards = [_card(one, around) for one in signed]
    return Section(say("signatures"), ({"kind": "signatures", "cards": cards}, note(say("signature_note"))))


def trail_section(around: Around) -> Section:
    """Return every change of the record."""
    say = around.say
    rows: list[list[Cell]] = [
        [
            str(link.event.seq), at(link.event.at), tidy(link.event.actor.name),
            say.term("action", link.event.action), _changes(link, around), {"mono": link.hash.hex()[:12]},
        ]
        for link in around.trail
    ]  # fmt: skip
    head = ("#", say("at"), say("by"), say("step"), say("change"), say("hash"))
    return Section(say("trail"), (note(say("trail_note")), table(head, rows, (0, 0, 1, 1.3, 2.4, 0), size=7.6)))


def integrity_section(around: Around) -> Section:
    """Return the digests by which a printed record is held against the one that is kept."""
    say = around.say
    head = around.trail[-1].hash.hex() if around.trail else "–"
    rows: list[list[Cell]] = [
        [say("version"), str(around.version)], [say("record_sha256"), digest(around.record_sha256)],
        [say("head"), digest(head)],
    ]  # fmt: skip
    return Section(say("integrity"), (table((), rows, (1, 2.6)),))


def listed(values: Iterable[str], around: Around) -> str:
    """Return several words as one text."""
    return around.say("comma").join(tidy(value) for value in values)


def _named(evidence: Evidence, around: Around) -> str:
    text = tidy(evidence.description) or evidence.media_type
    hidden = evidence.media_type.startswith("image/") and evidence.sha256 not in around.pictures
    return f"{text} ({around.say('no_picture')})" if hidden else text


def _caption(evidence: Evidence) -> str:
    return f"{tidy(evidence.description)} · {evidence.sha256[:12]}".strip(" ·")


def _card(signed: Signed, around: Around) -> Block:
    say, one = around.say, signed.signature
    rows = [
        (say("capacity"), say.term("capacity", one.role)),
        (say("meaning"), say.term("meaning", one.meaning.value)),
        (say("about"), say(f"signed.{signed.about}")),
        (say("signed_at"), at(one.signed_at)),
    ]
    return {
        "name": tidy(one.signer_name), "rows": rows, "tone": "good" if signed.holds else "quiet",
        "holds": say("holds") if signed.holds else say("holds_not"),
        "digest": f"{one.content_sha256[:32]}\u200b{one.content_sha256[32:]}",
    }  # fmt: skip


def _changes(link: ChainedEvent, around: Around) -> str:
    """Return what an event changed: short values from what to what, of the others the names."""
    say, event = around.say, link.event
    if not event.before and len(event.after) > _MOST_NAMES:
        said = say("all_changed")
    else:
        names = dict.fromkeys((*event.before, *event.after))
        said = listed((_change(name, link, around) for name in names if name != "steps"), around)
    return f"{said}\n{around.reason(event.reason)}" if event.reason else said


def _change(name: str, link: ChainedEvent, around: Around) -> str:
    say, event = around.say, link.event
    label = say.term("field", name)
    if name not in _SHOWN:
        return label
    old, new = (_short(name, side.get(name), around) for side in (event.before, event.after))
    return f"{label}{say('colon')}{old} → {new}"


def _short(name: str, value: Json, around: Around) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return around.say("yes" if value else "no")
    return around.say.term(name, str(value))[:_LONGEST_VALUE]
