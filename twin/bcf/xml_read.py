"""XML from strangers: no document type, hence no entities and nothing outside; bounded in size, depth and nodes.

Names are looked up without regard to case or namespace prefix: tools differ in both.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from xml.etree.ElementTree import Element

from geometry.errors import ReadError
from geometry.safe_xml import parse_xml
from twin.bcf.values import number
from twin.errors import Invalid

_DEEPEST = 40
_MOST_NODES = 2_000_000
_LONGEST_NUMBER = 64


def parse(content: bytes) -> Element:
    """Return the root of a document.

    Raises
    ------
    Invalid
        If it is no XML, declares a document type (entity attacks need one), or nests without end.
    """
    try:
        return parse_xml(content, deepest=_DEEPEST, most_nodes=_MOST_NODES)[0]
    except ReadError as error:
        raise Invalid(str(error)) from error


def child(node: Element, name: str) -> Element | None:
    """Return the first child of this name."""
    return next(children(node, name), None)


def children(node: Element, name: str) -> Iterator[Element]:
    """Yield the children of this name."""
    return (one for one in node if one.tag.lower() == name.lower())


def listed(node: Element, group: str, item: str) -> Iterator[Element]:
    """Yield the items of a list: in a group as in BCF 3.0, or each directly in the node as in 2.1."""
    for one in children(node, group):
        yield from children(one, item)
    if group.lower() != item.lower():
        yield from children(node, item)


def attribute(node: Element, name: str) -> str:
    """Return an attribute without blanks around; empty when it is not there."""
    return next((value.strip() for key, value in node.attrib.items() if key.lower() == name.lower()), "")


def text(node: Element | None, name: str = "") -> str:
    """Return the text of a node, or of its child of this name; empty when there is none."""
    found = node if node is None or not name else child(node, name)
    return (found.text or "").strip() if found is not None else ""


def truth(word: str, default: bool) -> bool:
    """Return an ``xs:boolean``, the default when it is not given or says neither."""
    return {"true": True, "1": True, "false": False, "0": False}.get(word.strip().lower(), default)


def decimal(word: str) -> Decimal:
    """Return a number; :class:`Invalid` for what is none, not finite or out of this world."""
    try:
        if len(word) > _LONGEST_NUMBER:
            raise InvalidOperation
        return number(Decimal(word.strip()))
    except InvalidOperation as error:
        raise Invalid(f"{word[:40]!r} is no number") from error


def moment(word: str) -> datetime:
    """Return a time in UTC; one without a zone is in UTC already, as BCF says.

    Raises
    ------
    Invalid
        If it is no time.
    """
    try:
        found = datetime.fromisoformat(word.strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid(f"{word[:40]!r} is no date") from error
