"""What the parts of the sample building are, and the storeys, axes and materials that they share. Metres, z up."""

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
