"""XML as BCF wants it: one text per value, the same bytes for the same values."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from twin.bcf.values import Component, Vector
from twin.record import timestamp
from twin.report.words import clean


def add_text(parent: Element, tag: str, text: str) -> None:
    """Add an element with a text; lines stay lines, what XML cannot carry is left out."""
    SubElement(parent, tag).text = "\n".join(clean(line) for line in text.split("\n"))


def add_given(parent: Element, tag: str, text: str) -> None:
    """Add an element with a text unless it is empty."""
    if text:
        add_text(parent, tag, text)


def add_number(parent: Element, tag: str, value: Decimal) -> None:
    """Add an element with a number, written out: no exponent, which some readers do not take."""
    SubElement(parent, tag).text = f"{value:f}"


def add_vector(parent: Element, tag: str, vector: Vector) -> None:
    """Add a point or a direction."""
    node = SubElement(parent, tag)
    for axis, value in (("X", vector.x), ("Y", vector.y), ("Z", vector.z)):
        add_number(node, axis, value)


def add_moment(parent: Element, tag: str, moment: datetime | None) -> None:
    """Add a time in UTC unless it is None."""
    if moment is not None:
        add_text(parent, tag, written(moment))


def add_components(parent: Element, components: Iterable[Component]) -> None:
    """Name elements by their GlobalId, by what their tool calls them, or both."""
    for one in components:
        given = {"IfcGuid": one.ifc_guid} if one.ifc_guid else {}
        node = SubElement(parent, "Component", given)
        add_given(node, "OriginatingSystem", one.originating_system)
        add_given(node, "AuthoringToolId", one.authoring_tool_id)


def attributes(**given: str) -> dict[str, str]:
    """Return the attributes that are not empty, as one line each."""
    return {name: clean(text) for name, text in given.items() if text}


def written(moment: datetime) -> str:
    """Return a time as ``xs:dateTime``, with as many digits of a second as it has."""
    return timestamp(moment).replace(".000000Z", "Z")


def said(value: bool) -> str:
    """Return ``true`` or ``false``."""
    return "true" if value else "false"


def document(root: Element) -> bytes:
    """Return a document's bytes."""
    ElementTree.indent(root, " ")
    return ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"
