"""What BCF says, whatever its version: topics with comments and viewpoints, as frozen values without floats.

Lengths are metres, angles degrees, points in the model file's own world coordinates (see :mod:`twin.bcf.frame`).
Names follow buildingSMART's BCF-XML 2.1 and 3.0; texts are as they were said, times in UTC.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from twin.bcf.guid import guid_of, id_of
from twin.errors import Invalid
from twin.record import require_utc

FARTHEST = Decimal("1e11")
"""Coordinates beyond are no place on Earth, not even in millimetres of a map."""
_STEP = Decimal("1e-12")


def number(value: Decimal) -> Decimal:
    """Return a number in its one form: at most 12 digits after the point, no zeros at the end, no minus zero.

    Examples
    --------
    >>> number(Decimal("1.500")), number(Decimal("-0.0")), number(Decimal("1E+2"))
    (Decimal('1.5'), Decimal('0'), Decimal('100'))
    """
    # asked by its exponent first: arithmetic on 1E+999999999 overflows
    if not value.is_finite() or value.adjusted() > FARTHEST.adjusted() or abs(value) > FARTHEST:
        raise Invalid(f"a coordinate is a number of at most {FARTHEST:f}, not {value}")
    text = f"{value.quantize(_STEP):f}".rstrip("0").rstrip(".")
    return Decimal(0) if text in ("-0", "") else Decimal(text)


def require_guid(guid: str) -> str:
    """Return a guid in its one form, lower case with dashes; :class:`Invalid` for anything else: it names files."""
    record = id_of(guid)
    if record is None or guid_of(record) != guid:
        raise Invalid(f"a guid is like 5f2c9a6f-1f0c-4f6f-8a3e-0d1c2b3a4958, not {guid[:60]!r}")
    return guid


@dataclass(frozen=True, slots=True)
class Vector:
    """A point (metres) or a direction."""

    x: Decimal
    y: Decimal
    z: Decimal

    def __post_init__(self) -> None:
        """Bring the numbers into their one form."""
        for name in ("x", "y", "z"):
            object.__setattr__(self, name, number(getattr(self, name)))

    @property
    def length(self) -> Decimal:
        """Its length."""
        return (self.x * self.x + self.y * self.y + self.z * self.z).sqrt()


@dataclass(frozen=True, slots=True)
class Camera:
    """Where somebody looked from: in perspective, or in parallel projection."""

    position: Vector
    direction: Vector
    up: Vector
    field_of_view_deg: Decimal | None = None
    """Vertical; given for a perspective camera only."""
    view_height: Decimal | None = None
    """How many metres of the world the view is high (BCF: view to world scale); for an orthogonal camera only."""
    aspect_ratio: Decimal | None = None
    """Width by height; BCF 3.0 has it, 2.1 does not."""

    def __post_init__(self) -> None:
        """Refuse a camera that is both or neither, or looks nowhere."""
        if (self.field_of_view_deg is None) == (self.view_height is None):
            raise Invalid("a camera is either perspective, with a field of view, or orthogonal, with a view's height")
        if not self.direction.length or not self.up.length:
            raise Invalid("a camera has a direction and knows where up is")
        if self.field_of_view_deg is not None and not 0 < self.field_of_view_deg < 360:
            raise Invalid(f"a field of view is between 0 and 360 degrees, not {self.field_of_view_deg}")
        for name, value in (("view's height", self.view_height), ("aspect ratio", self.aspect_ratio)):
            if value is not None and value <= 0:
                raise Invalid(f"a {name} is above zero, not {value}")
        for name in ("field_of_view_deg", "view_height", "aspect_ratio"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, number(getattr(self, name)))


@dataclass(frozen=True, slots=True)
class Component:
    """An element of a model: by its IFC GlobalId, or by what the tool that made it calls it."""

    ifc_guid: str = ""
    originating_system: str = ""
    authoring_tool_id: str = ""


@dataclass(frozen=True, slots=True)
class Coloring:
    """Components that are shown in a colour."""

    color: str
    """Six or eight capital hexadecimal digits, RRGGBB or AARRGGBB."""
    components: tuple[Component, ...]


@dataclass(frozen=True, slots=True)
class SetupHints:
    """What of the model that is no built thing is shown."""

    spaces: bool = False
    space_boundaries: bool = False
    openings: bool = False


@dataclass(frozen=True, slots=True)
class Visibility:
    """What is shown: everything but the exceptions, or nothing but them."""

    default: bool = True
    exceptions: tuple[Component, ...] = ()
    hints: SetupHints | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is drawn into the view."""

    start: Vector
    end: Vector


@dataclass(frozen=True, slots=True)
class ClippingPlane:
    """A plane that cuts the model; what lies in its direction is hidden."""

    location: Vector
    direction: Vector


@dataclass(frozen=True, slots=True)
class Attached:
    """The content of a file, by what it contains; the bytes themselves are kept beside."""

    sha256: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Bitmap:
    """A picture that hangs in the model."""

    guid: str
    picture: Attached
    location: Vector
    normal: Vector
    up: Vector
    height: Decimal

    def __post_init__(self) -> None:
        """Refuse a guid that is none, and bring the height into its one form."""
        require_guid(self.guid)
        object.__setattr__(self, "height", number(self.height))


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """One view: camera, what is selected, coloured, hidden and cut, and how it looked."""

    guid: str
    camera: Camera | None = None
    selection: tuple[Component, ...] = ()
    coloring: tuple[Coloring, ...] = ()
    visibility: Visibility = field(default_factory=Visibility)
    lines: tuple[Line, ...] = ()
    clipping_planes: tuple[ClippingPlane, ...] = ()
    bitmaps: tuple[Bitmap, ...] = ()
    snapshot: Attached | None = None
    index: int | None = None

    def __post_init__(self) -> None:
        """Refuse a guid that is none."""
        require_guid(self.guid)

    @property
    def global_ids(self) -> tuple[str, ...]:
        """The GlobalIds that it selects, each once."""
        return tuple(dict.fromkeys(c.ifc_guid for c in self.selection if c.ifc_guid))


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody said about a topic."""

    guid: str
    date: datetime
    author: str
    text: str = ""
    viewpoint: str = ""
    """Guid of the viewpoint that it is about."""
    modified_date: datetime | None = None
    modified_author: str = ""

    def __post_init__(self) -> None:
        """Refuse a guid that is none, and times without their zone."""
        require_guid(self.guid)
        require_utc(self.date)
        if self.modified_date is not None:
            require_utc(self.modified_date)


@dataclass(frozen=True, slots=True)
class Snippet:
    """Structured data that goes with a topic."""

    kind: str
    reference: str
    """File name, or an address when it is external."""
    schema: str = ""
    is_external: bool = False
    content: Attached | None = None


@dataclass(frozen=True, slots=True)
class DocumentReference:
    """A document that a topic refers to: one of the project, or an address."""

    guid: str
    document: str = ""
    """Guid of the project's document."""
    url: str = ""
    description: str = ""

    def __post_init__(self) -> None:
        """Refuse a reference to both or to nothing."""
        if bool(self.document) == bool(self.url):
            raise Invalid("a document reference names a document of the project or an address, one of them")


@dataclass(frozen=True, slots=True)
class Document:
    """A document of the project."""

    guid: str
    filename: str
    content: Attached
    description: str = ""

    def __post_init__(self) -> None:
        """Refuse a guid that is none."""
        require_guid(self.guid)


@dataclass(frozen=True, slots=True)
class ModelFile:
    """The model that a topic is about."""

    filename: str = ""
    reference: str = ""
    date: datetime | None = None
    ifc_project: str = ""
    ifc_spatial_structure_element: str = ""
    is_external: bool = True


@dataclass(frozen=True, slots=True)
class Topic:
    """One issue. What BCF requires and a file left out is empty or None here; writing asks for it."""

    guid: str
    title: str
    type: str = ""
    status: str = ""
    priority: str = ""
    index: int | None = None
    labels: tuple[str, ...] = ()
    creation_date: datetime | None = None
    creation_author: str = ""
    modified_date: datetime | None = None
    modified_author: str = ""
    due_date: datetime | None = None
    assigned_to: str = ""
    stage: str = ""
    description: str = ""
    server_assigned_id: str = ""
    reference_links: tuple[str, ...] = ()
    snippet: Snippet | None = None
    documents: tuple[DocumentReference, ...] = ()
    related: tuple[str, ...] = ()
    files: tuple[ModelFile, ...] = ()
    comments: tuple[Comment, ...] = ()
    viewpoints: tuple[Viewpoint, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a guid that is none, and times without their zone."""
        require_guid(self.guid)
        for moment in (self.creation_date, self.modified_date, self.due_date):
            if moment is not None:
                require_utc(moment)

    @property
    def global_ids(self) -> tuple[str, ...]:
        """The GlobalIds that its viewpoints select, each once."""
        return tuple(dict.fromkeys(g for view in self.viewpoints for g in view.global_ids))


@dataclass(frozen=True, slots=True)
class Archive:
    """What one BCF file holds."""

    version: str
    topics: tuple[Topic, ...]
    project: str = ""
    """The project's identifier, as the file gives it."""
    project_name: str = ""
    documents: tuple[Document, ...] = ()
