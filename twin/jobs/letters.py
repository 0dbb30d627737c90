"""What a message says to one reader: in their language, what happened, who did it, what is asked of them, a link."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from twin.record import Id, Json
from twin.report.words import clean
from twin.texts import Texts

_ADDRESS = {
    "ncr": "ncrs", "capa": "capas", "inspection_plan": "plans", "inspection": "inspections", "finding": "findings",
}  # fmt: skip
_SHORTEST_TITLE = 200


@dataclass(frozen=True, slots=True)
class Told:
    """A message in the words of one reader."""

    subject: str
    headline: str
    """What happened, without the record's name."""
    expected: str
    """What is asked of the reader."""
    link: str
    body: str


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a message is written for; without an identifier it is for everybody (a chat, a mailbox of the office)."""

    language: str
    id: Id = ""
    name: str = ""


def tell_reader(
    topic: str, payload: Mapping[str, Json], reader: Reader, *, project: Id | None, at: datetime, base_url: str,
    project_name: str = "",
) -> Told:  # fmt: skip
    """Return a message as it is written to one reader.

    Parameters
    ----------
    topic, payload
        As :mod:`twin.operations.notices` makes them; of anything else every value is listed.
    base_url
        Where the server is reached: ``https://quality.example.com``.
    """
    texts = Texts("twin.jobs", "letters.yaml", reader.language)
    kind, _, what = topic.partition(".")
    if f"kind.{kind}" not in texts.entries or "record" not in payload:
        return _plain(topic, payload)
    name = clean(_text(payload, "number") or texts(f"kind.{kind}"))
    headline = _headline(texts, kind, what, payload)
    expected = _expected(texts, kind, what, payload, reader.id) if reader.id else ""
    link = link_to(base_url, project, _text(payload, "record"))
    rows = [
        ("record", f"{texts(f'kind.{kind}')} {name}" if _text(payload, "number") else name),
        ("title", clean(_text(payload, "title"))[:_SHORTEST_TITLE]),
        ("project", clean(project_name)),
        ("state", texts.term("state", _text(payload, "state"))),
        ("happened", headline),
        ("by", clean(_text(payload, "by"))),
        ("when", at.strftime("%Y-%m-%d %H:%M UTC")),
        ("expected", expected),
        ("due", _due(payload)),
        ("link", link),
    ]
    said = _said(payload)
    lines = [texts("greeting", person=clean(reader.name)), ""] if reader.name else []
    lines += [f"{texts(key)}{texts('colon')}{value}" for key, value in rows if value]
    lines += ["", texts("quote", text=said)] if said else []
    lines += ["", "-- ", texts("footer")] if reader.id else []
    subject = clean(texts("subject", name=name, happened=headline))
    return Told(subject, headline, expected, link, "\n".join(lines) + "\n")


def link_to(base_url: str, project: Id | None, record: str) -> str:
    """Return where the viewer shows a record; empty for one that it has no address for.

    Examples
    --------
    >>> link_to("https://q.example", "p", "ncr:1")
    'https://q.example/#/projects/p/ncrs/1'
    """
    kind, _, identifier = record.partition(":")
    if project is None or kind not in _ADDRESS:
        return ""
    return f"{base_url}/#/projects/{project}/{_ADDRESS[kind]}/{identifier}"


def _headline(texts: Texts, kind: str, what: str, payload: Mapping[str, Json]) -> str:
    state = texts.term("state", _text(payload, "state"))
    headline = texts.find(f"happened.{kind}.{what}", f"happened.{what}") or texts("happened.state", state=state)
    about = texts.find(f"about.{_text(payload, 'what')}")
    return texts("about", happened=headline, about=about) if about else headline


def _expected(texts: Texts, kind: str, what: str, payload: Mapping[str, Json], reader: Id) -> str:
    """Return what is asked of a reader: as one who is named in the message, as the assignee, or nothing."""
    asked = payload.get("asked")
    if isinstance(asked, list) and reader in asked:
        found = texts.find(f"expected.{kind}.{what}.asked")
        if found:
            return found
    open_ends = what not in ("closed", "rejected", "void", "cancelled", "commented", "attached", "signed", "superseded")
    if reader == payload.get("assignee") and open_ends:
        return texts.find(f"expected.{kind}.{what}.assignee", "expected.assignee")
    return texts("expected.informed")


def _due(payload: Mapping[str, Json]) -> str:
    text = _text(payload, "due")
    if "T" not in text:
        return date.fromisoformat(text).isoformat() if text else ""
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M UTC")


def _said(payload: Mapping[str, Json]) -> str:
    """Return what somebody wrote, or the name of the file that they added."""
    return clean(_text(payload, "text") or _text(payload, "file_name"))


def _plain(topic: str, payload: Mapping[str, Json]) -> Told:
    """Return what is about no record: locked accounts and the like, for whoever keeps the server."""
    lines = [f"{name}: {value}" for name, value in payload.items() if isinstance(value, (str, int))]
    subject = clean(topic.replace(".", ": ").replace("_", " "))
    return Told(subject, subject, "", "", "\n".join(clean(line) for line in lines) + "\n")


def _text(payload: Mapping[str, Json], name: str) -> str:
    value = payload.get(name)
    return value if isinstance(value, str) else ""
