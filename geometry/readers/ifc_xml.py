"""IFC as XML, made into a model of the STEP parser: ifcXML of IFC4 and later, and ISO 10303-28 XML of IFC2X3.

Both spell out the same schema. IFC4 writes simple values as XML attributes, entities by ``xsi:type`` or in place, and
relations under their inverse attributes; IFC2X3 writes every value as an element. What is asked at every node is only:
which attribute of which class is this, and what type has it in the schema.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_SCHEMAS = (("ifc4x3", "IFC4X3"), ("ifc4", "IFC4"), ("ifc2x3", "IFC2X3"))
_NO_ATTRIBUTE = frozenset(("id", "ref", "href", "pos", "nil", "type", "cType", "schemaLocation", "path"))


class BadXml(Exception):
    """The document is not well formed or no IFC; the text says why."""


@dataclass(frozen=True, slots=True)
class _Reference:
    """The ``id`` of an instance that may come later in the document."""

    target: str


def model_from_xml(path: Path) -> Any:
    """Return the ifcopenshell model that an XML document describes.

    Raises
    ------
    BadXml
        If the document is not well formed, of an unknown schema, or refers to what it does not have.
    """
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        raise BadXml(f"not well-formed XML ({error})") from None
    namespaces = " ".join(_namespace(node).lower() for node in (root, *root))
    schema = next((name for mark, name in _SCHEMAS if mark in namespaces), None)
    if schema is None:
        raise BadXml("XML of no known IFC schema")
    return _Reader(schema).read(root)


class _Reader:
    def __init__(self, schema: str) -> None:
        import ifcopenshell

        make: Any = ifcopenshell.file
        self._model: Any = make(schema=schema)
        wrapper: Any = ifcopenshell.ifcopenshell_wrapper
        self._schema: Any = wrapper.schema_by_name(self._model.schema_identifier)
        self._by_id: dict[str, Any] = {}
        self._values: list[tuple[Any, str, Any]] = []

    def read(self, root: ElementTree.Element) -> Any:
        for node in _top_entities(root):
            if self._declaration(_local(node)) is not None:
                self.entity(node, None)
        for instance, name, value in self._values:
            resolved = self.resolved(value)
            try:
                if isinstance(resolved, tuple):
                    resolved = (*(getattr(instance, name) or ()), *resolved)
                setattr(instance, name, resolved)
            except (TypeError, ValueError, RuntimeError, AttributeError) as error:
                raise BadXml(f"{instance.is_a()}.{name} cannot be {str(resolved)[:60]!r} ({error})") from None
        return self._model

    def entity(self, node: ElementTree.Element, expected: Any) -> Any:
        """Return the instance (or a reference to it) that a node stands for, and put its attributes on the list."""
        target = node.get("ref") or node.get("href")
        if target is not None:
            return _Reference(target)
        name = (node.get(f"{_XSI}type") or "").rpartition(":")[2]
        declaration = self._declaration(name) or self._declaration(_local(node)) or expected
        unknown = _local(node).startswith("Ifc") and self._declaration(_local(node)) is None
        if declaration is None or unknown:
            raise BadXml(f"<{_local(node)}> names no class of the schema")
        if declaration.is_abstract():
            raise BadXml(f"<{_local(node)}> is a {declaration.name()}, of which there are no instances")
        try:
            instance = self._model.create_entity(declaration.name())
        except (RuntimeError, TypeError, ValueError):
            raise BadXml(f"no instance of {declaration.name()} can be made") from None
        if node.get("id"):
            self._by_id[node.get("id", "")] = instance
        forward = {attribute.name(): attribute.type_of_attribute() for attribute in declaration.all_attributes()}
        inverse = {attribute.name(): attribute for attribute in declaration.all_inverse_attributes()}
        for name, text in node.attrib.items():
            if name in forward and name not in _NO_ATTRIBUTE:
                self._values.append((instance, name, _parsed(text, forward[name])))
        for child in node:
            name = _local(child)
            if name in forward:
                self._values.append((instance, name, self.value(child, forward[name])))
            elif name in inverse:
                self.relations(instance, child, inverse[name])
        return instance

    def relations(self, instance: Any, node: ElementTree.Element, inverse: Any) -> None:
        """Read the relations under an inverse attribute and let them point to where they stand."""
        for child in node if len(node) else ():
            relation = self.entity(child, inverse.entity_reference())
            attribute = inverse.attribute_reference()
            listed = _is_list(attribute.type_of_attribute())
            self._values.append((relation, attribute.name(), (instance,) if listed else instance))

    def value(self, node: ElementTree.Element, kind: Any) -> Any:
        """Return the value of an attribute that is written as an element."""
        if _is_list(kind):
            if len(node) == 0:
                return _parsed(node.text or "", kind) if (node.text or "").strip() else ()
            inner = _plain(kind).type_of_element()
            children = sorted(node, key=lambda child: int((child.get("pos") or "0").split()[-1]))
            return tuple(self.member(child, inner) for child in children)
        if node.get("ref") or node.get("href") or node.get(f"{_XSI}type"):
            return self.entity(node, None)
        declared = _declared(kind)
        if declared is not None and type(declared).__name__ in ("entity", "select_type"):
            inside = [child for child in node if self._names_a_type(child)]
            if len(inside) == 1 and len(node) == 1:
                return self.member(inside[0], kind)
            return self.entity(node, declared if type(declared).__name__ == "entity" else None)
        return _parsed("".join(node.itertext()).strip(), kind)

    def member(self, node: ElementTree.Element, kind: Any) -> Any:
        """Return a member of a list, or what is inside an attribute: an entity, a typed or plain value, a list."""
        name = _local(node).removesuffix("-wrapper")
        declaration = self._declaration(name)
        if _is_list(kind):
            return self.value(node, kind)
        if declaration is not None and type(declaration).__name__ == "entity":
            return self.entity(node, None)
        declared = _declared(kind)
        if declaration is not None and declared is not None and type(declared).__name__ == "select_type":
            return self._model.create_entity(declaration.name(), _parsed((node.text or "").strip(), declaration))
        if declared is not None and type(declared).__name__ == "entity":
            return self.entity(node, declared)
        return _parsed((node.text or "").strip(), kind)

    def resolved(self, value: Any) -> Any:
        if isinstance(value, _Reference):
            if value.target not in self._by_id:
                raise BadXml(f"it refers to {value.target}, which is not in the document")
            return self._by_id[value.target]
        return tuple(self.resolved(part) for part in value) if isinstance(value, tuple) else value

    def _names_a_type(self, node: ElementTree.Element) -> bool:
        return self._declaration(_local(node).removesuffix("-wrapper")) is not None

    def _declaration(self, name: str) -> Any:
        if not name.startswith("Ifc"):
            return None
        try:
            return self._schema.declaration_by_name(name)
        except RuntimeError:
            return None


def _top_entities(root: ElementTree.Element) -> Iterator[ElementTree.Element]:
    for node in root:
        if _local(node) == "uos":
            yield from node
        elif _local(node).startswith("Ifc"):
            yield node


def _local(node: ElementTree.Element) -> str:
    return str(node.tag).rpartition("}")[2]


def _namespace(node: ElementTree.Element) -> str:
    return str(node.tag).partition("}")[0] + str(node.get(f"{_XSI}schemaLocation") or "")


def _plain(kind: Any) -> Any:
    """Return a type with its names taken off: an aggregation, a simple type, an enumeration, a select or an entity."""
    while True:
        name = type(kind).__name__
        if name == "type_declaration" or name == "named_type":
            kind = kind.declared_type()
        else:
            return kind


def _declared(kind: Any) -> Any:
    plain = _plain(kind)
    return plain if type(plain).__name__ in ("entity", "select_type", "enumeration_type") else None


def _is_list(kind: Any) -> bool:
    return type(_plain(kind)).__name__ == "aggregation_type"


def _parsed(text: str, kind: Any) -> Any:
    """Return a text as a value of a type; lists are separated by blanks, lists of lists run on."""
    plain = _plain(kind)
    name = type(plain).__name__
    if name == "aggregation_type":
        inner = plain.type_of_element()
        if _is_list(inner):
            width = max(_plain(inner).bound1(), 1)
            words = text.split()
            return tuple(
                _parsed_all(words[k : k + width], _plain(inner).type_of_element()) for k in range(0, len(words), width)
            )
        if type(_plain(inner)).__name__ == "simple_type" and _plain(inner).declared_type() == "string":
            return (text,)
        return _parsed_all(text.split(), inner)
    if name == "enumeration_type":
        return text.upper()
    simple = plain.declared_type() if name == "simple_type" else "string"
    try:
        if simple in ("real", "number"):
            return float(text)
        if simple == "integer":
            return int(text)
    except ValueError:
        raise BadXml(f"{text[:40]!r} is no number") from None
    if simple == "boolean":
        return text.lower() in ("true", "1")
    if simple == "logical":
        return {"true": True, "false": False}.get(text.lower(), "UNKNOWN")
    return text


def _parsed_all(words: Sequence[str], kind: Any) -> tuple[Any, ...]:
    return tuple(_parsed(word, kind) for word in words)
