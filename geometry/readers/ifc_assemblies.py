"""Which elements of an IFC model come to the site in one piece: assemblies that are made in a factory."""

# pyright: basic

from pathlib import Path
from typing import Any

from geometry.readers.ifc_container import model_file
from geometry.readers.ifc_library import import_ifcopenshell


def read_factory_assemblies(path: Path) -> tuple[tuple[str, ...], ...]:
    """Return the GlobalIds of the parts of each IfcElementAssembly with ``AssemblyPlace`` FACTORY, sorted.

    Parts of parts are parts of it; an assembly within a larger one made in the factory belongs to that. An .ifcxml
    model gives none.
    """
    if path.suffix.lower() == ".ifcxml":
        return ()
    library = import_ifcopenshell()
    with model_file(path) as plain:
        model = library.open(str(plain))
        made = [one for one in model.by_type("IfcElementAssembly") if one.AssemblyPlace == "FACTORY"]
        parts = {one.id(): _parts_of(one) for one in made}
        inner = {number for found in parts.values() for number in found}
        whole = (one for one in made if one.id() not in inner)
        found = [sorted(parts[one.id()].values()) for one in whole]
    return tuple(sorted(tuple(ids) for ids in found if len(ids) > 1))


def _parts_of(whole: Any) -> dict[int, str]:
    """Return the GlobalIds of all that an element is made of, by instance number."""
    waiting, found = [whole], dict[int, str]()
    while waiting:
        one = waiting.pop()
        for relation in getattr(one, "IsDecomposedBy", ()) or ():
            for part in relation.RelatedObjects:
                if part.id() not in found and part.id() != whole.id():
                    found[part.id()] = str(part.GlobalId)
                    waiting.append(part)
    return found
