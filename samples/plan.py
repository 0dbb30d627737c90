"""The sample building on paper: what every part is, where it is and what it is made of. Metres, z up.

Two storeys on a 12 x 9 m plan. The north-east corner of the ground floor is an open porch on steel columns, the upper
storey covers only the western two thirds and the rest is a terrace: no turn and no mirror image looks the same.
"""

from dataclasses import dataclass, field

from samples.solids import Point, Solid

GROUND, UPPER, ROOF = "Ground floor", "Upper floor", "Roof"
STOREYS = {GROUND: 0.0, UPPER: 3.2, ROOF: 6.3}
X_AXES = {"A": 0.15, "B": 4.2, "C": 8.25, "D": 11.85}
Y_AXES = {"1": 0.15, "2": 4.0, "3": 8.85}
CONCRETE, MASONRY, STEEL, GYPSUM, WOOD, GLASS = (
    "Concrete C30/37",
    "Masonry",
    "Steel S235",
    "Gypsum board",
    "Wood",
    "Glass",
)


@dataclass(frozen=True, slots=True)
class Opening:
    """A hole in a part: ``name``, what is cut away, and the area it takes from the part's face (m²)."""

    name: str
    solid: Solid
    face_area: float


@dataclass(frozen=True, slots=True)
class Part:
    """One element of the building."""

    name: str
    ifc_class: str
    storey: str
    type_name: str
    material: str
    solids: tuple[Solid, ...]
    task: str
    predefined: str = ""
    external: bool = False
    load_bearing: bool = False
    openings: tuple[Opening, ...] = ()
    fills: str = ""
    """Name of the opening that a door or window sits in."""
    system: str = ""
    assembly: str = ""
    """Name of what it is a part of (``samples.model_plan.Assembly``)."""
    removed_by: str = ""
    """Task that takes it away again: a scaffold, a prop."""
    attributes: dict[str, object] = field(default_factory=dict[str, object])
    """More attributes of the IFC entity, metres."""
    quantities: dict[str, float] = field(default_factory=dict[str, float])
    """For the Qto_*BaseQuantities set: m, m², m³."""


def at(grid: str, z: float) -> Point:
    """Return the grid crossing such as ``"B2"`` at height z, metres."""
    return X_AXES[grid[0]], Y_AXES[grid[1]], z


def whole_building() -> tuple[Part, ...]:
    """Return all parts; names are unique.

    Examples
    --------
    >>> len({part.name for part in whole_building()}) == len(whole_building())
    True
    """
    from samples.plan_services import services
    from samples.plan_structure import structure
    from samples.plan_walls import walls_and_fillings

    return (*structure(), *walls_and_fillings(), *services())
