"""The verdicts of a check written into a copy of the IFC model, as one property set per element.

The copy is made on the text of the file (ISO 10303-21): every byte of the original stays, header, units and GlobalIds
among them, and new instances are added at the end of the data. What an earlier write-back added is taken out first, so
that the copy of a copy is the same as a copy of the original. The set is called ``Qtems_Verification``: the prefix
``Pset_`` is reserved for buildingSMART's own sets.

========================  =======================================================================================
Verdict, State            as in the report: ``pass``, ``fail`` ...; ``installed``, ``missing`` ...
Characteristic            what decided the verdict; with it, in the model's length unit:
Deviation                 its deviation from nominal, signed
ExpandedUncertainty       its U
Requirement               standard, edition and clause that set its limits
ScanEpoch, CheckId        when it was scanned and which check run said so
NonconformanceReports     numbers of the nonconformance reports about the element
========================  =======================================================================================

References
----------
.. [1] ISO 10303-21:2016, 6 (tokens, strings) and 11 (data section).
.. [2] ISO 16739-1, IfcPropertySet, IfcRelDefinesByProperties.
"""

import contextlib
import math
import mmap
import re
import zipfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from geometry.readers.global_id import derived_global_id
from geometry.readers.ifc_container import model_file
from geometry.verdict import Outcome, State
from twin.errors import Invalid
from twin.report.selection import worst
from twin.report.words import clean
from twin.result import ElementResult

SET_NAME = "Qtems_Verification"
SCHEMAS = ("IFC2X3", "IFC4", "IFC4X3")
LARGEST_ID = 2**31 - 1
"""Beyond, common readers lose instances."""
_DECIMALS = 9
_PIECE = 1 << 22
_FIXED_DATE = (1980, 1, 1, 0, 0, 0)

# comments and strings first: what looks like an instance in them is none
_TOKEN = re.compile(
    rb"/\*.*?\*/"
    rb"|'[^']*+'"
    rb"|\#(?P<id>\d+)\s*+=\s*+(?P<keyword>\w*+)\s*+(?P<body>\((?:[^'/;]++|'[^']*+'|/\*.*?\*/|/)*+);"
    rb"|\#(?P<other>\d+)"
    rb"|(?P<data>\bDATA\s*+(?:\([^;)]*+\)\s*+)?;)"
    rb"|(?P<end>\bENDSEC\s*+;)",
    re.DOTALL,
)
_ROOT = re.compile(rb"\(\s*'([0-3][0-9A-Za-z_$]{21})'\s*,\s*(#\d+|\$)")
_SET = re.compile(
    rb"\(\s*'[^']*'\s*,\s*(?:\#\d+|\$)\s*,\s*'" + SET_NAME.encode() + rb"'\s*,\s*(?:\$|(?:'[^']*')+)\s*,\s*\(([^()]*)\)"
)
_LAST_REFERENCE = re.compile(rb"#(\d+)\s*\)\s*$")
_STRING = re.compile(rb"'[^']*'")
_REFERENCE = re.compile(rb"#(\d+)")
_SCHEMA = re.compile(rb"FILE_SCHEMA\s*\(\s*\(\s*'([^']*)'")


@dataclass(frozen=True, slots=True)
class Verification:
    """What is written about one element; lengths in metres, None where nothing was measured."""

    global_id: str
    ifc_class: str
    verdict: Outcome
    state: State
    epoch: str
    check_id: str
    characteristic: str = ""
    deviation: float | None = None
    expanded_uncertainty: float | None = None
    requirement: str = ""
    ncr_numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WriteBack:
    """What became of the verifications."""

    written: int
    not_in_model: tuple[str, ...]
    """GlobalIds that the file does not have: of elements that share an id, or have none of their own, for instance."""
    replaced: int
    """Property sets of an earlier write-back that were taken out."""


def verification_of(
    element: ElementResult, *, epoch: str, check_id: str, ncr_numbers: Sequence[str] = ()
) -> Verification:
    """Return what to write about an element of a check: its verdict with the measurement that decided it."""
    decisive = worst(element)
    if decisive is None or not (math.isfinite(decisive.actual) and math.isfinite(decisive.expanded_uncertainty)):
        return Verification(
            element.global_id, element.ifc_class, element.verdict, element.state, epoch, check_id,
            ncr_numbers=tuple(ncr_numbers),
        )  # fmt: skip
    return Verification(
        element.global_id, element.ifc_class, element.verdict, element.state, epoch, check_id,
        characteristic=decisive.characteristic,
        deviation=decisive.actual,
        expanded_uncertainty=decisive.expanded_uncertainty,
        requirement=decisive.source,
        ncr_numbers=tuple(ncr_numbers),
    )  # fmt: skip


def write_back(source: Path, target: Path, verifications: Sequence[Verification], *, length_unit_m: float) -> WriteBack:
    """Write a copy of an IFC model with a property set per verified element.

    Parameters
    ----------
    source:
        The model, .ifc or .ifczip.
    target:
        The copy; zipped like the source. Nothing is left there when this fails.
    verifications:
        At most one per GlobalId; their order does not matter.
    length_unit_m:
        The file's length unit in metres, ``DesignModel.length_unit_m``.

    Raises
    ------
    ReadError
        If the source is not an IFC file or is damaged.
    Invalid
        If it is ifcXML or of another schema, a GlobalId comes twice, or something else in the file refers to the
        property sets of an earlier write-back.
    """
    if source.resolve() == target.resolve():
        raise Invalid(f"{target.name}: the copy would overwrite the model; choose another name")
    wanted = {one.global_id: one for one in verifications}
    if len(wanted) != len(verifications):
        raise Invalid(f"{len(verifications)} verifications name {len(wanted)} elements; give one each")
    member = _member(source)
    part = target.with_name(f"{target.name}.part")
    try:
        with model_file(source) as file, file.open("rb") as stream, _mapped(stream) as text, part.open("wb") as out:
            with _packed(out, member) as copy:
                found = _copy(text, copy, wanted, length_unit_m, source.name)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return found


@dataclass(slots=True)
class _Survey:
    """Where things are in the text."""

    schema: str = ""
    largest_id: int = 0
    data_end: int = -1
    elements: dict[str, tuple[int, bytes]] = field(default_factory=dict[str, tuple[int, bytes]])
    """GlobalId -> instance and its owner history, of the wanted ones."""
    sets: dict[int, tuple[int, ...]] = field(default_factory=dict[int, tuple[int, ...]])
    """Property sets of an earlier write-back -> their properties."""
    relations: dict[int, int] = field(default_factory=dict[int, int])
    """IfcRelDefinesByProperties -> what it assigns."""


def _copy(
    text: mmap.mmap, out: IO[bytes], wanted: Mapping[str, Verification], length_unit_m: float, name: str
) -> WriteBack:
    survey = _surveyed(text, wanted, name)
    cuts = list(_cuts(text, survey, name)) if survey.sets else []
    line_end = b"\r\n" if b"\r\n" in text[:4096] else b"\n"
    place = 0
    for start, end in cuts:
        _pass_on(text, place, start, out)
        place = end
        # with the end of its line, so that the copy of a copy is the same as the first
        if text[place : place + len(line_end)] == line_end:
            place += len(line_end)
    _pass_on(text, place, survey.data_end, out)
    removed = {*survey.sets, *(relation for relation, of in survey.relations.items() if of in survey.sets)}
    largest = survey.largest_id if not removed else _largest_left(text, cuts)
    for line in _instances(survey, wanted, length_unit_m, largest):
        out.write(line + line_end)
    _pass_on(text, survey.data_end, len(text), out)
    missing = tuple(sorted(set(wanted) - set(survey.elements)))
    return WriteBack(len(survey.elements), missing, len(survey.sets))


def _pass_on(text: mmap.mmap, start: int, end: int, out: IO[bytes]) -> None:
    for place in range(start, end, _PIECE):
        out.write(text[place : min(place + _PIECE, end)])


def _surveyed(text: mmap.mmap, wanted: Mapping[str, Verification], name: str) -> _Survey:
    survey = _Survey()
    in_data = False
    for token in _TOKEN.finditer(text):
        if token["data"]:
            in_data = True
            survey.schema = _schema(text[: token.start()], name)
        elif token["end"] and in_data:
            survey.data_end = token.start()
            break
        elif token["other"]:
            survey.largest_id = max(survey.largest_id, int(token["other"]))
        elif token["id"]:
            _note(survey, int(token["id"]), token["keyword"].upper(), token["body"], wanted)
    if survey.data_end < 0:
        raise Invalid(f"{name}: the file has no data section that ends; export it again")
    return survey


def _note(survey: _Survey, id_: int, keyword: bytes, body: bytes, wanted: Mapping[str, Verification]) -> None:
    survey.largest_id = max(survey.largest_id, id_)
    if keyword == b"IFCPROPERTYSET":
        if ours := _SET.match(body):
            survey.sets[id_] = tuple(int(number) for number in _REFERENCE.findall(ours[1]))
    elif keyword == b"IFCRELDEFINESBYPROPERTIES":
        if assigned := _LAST_REFERENCE.search(body):
            survey.relations[id_] = int(assigned[1])
    elif root := _ROOT.match(body):
        global_id = root[1].decode("ascii")
        one = wanted.get(global_id)
        # of several instances with one GlobalId the first is the one that was checked, as in geometry.readers.ifc
        if one is not None and one.ifc_class.upper().encode() == keyword and global_id not in survey.elements:
            survey.elements[global_id] = (id_, root[2])


def _schema(header: bytes, name: str) -> str:
    declared = _SCHEMA.search(header)
    schema = declared[1].decode("ascii", "replace").upper() if declared else "none"
    if schema.split("_")[0] not in SCHEMAS:
        raise Invalid(f"{name}: verdicts can be written into {', '.join(SCHEMAS)}, not {schema}; export it as IFC4")
    return schema


def _cuts(text: mmap.mmap, survey: _Survey, name: str) -> Iterator[tuple[int, int]]:
    """Yield where the earlier write-back's sets, relations and properties are; nothing else may use the first two."""
    relations = {relation for relation, of in survey.relations.items() if of in survey.sets}
    gone = set(survey.sets) | relations
    properties = {number for of in survey.sets.values() for number in of}
    for token in _TOKEN.finditer(text, 0, survey.data_end):
        if not token["id"] or int(token["id"]) in gone:
            continue
        used = {int(number) for number in _REFERENCE.findall(_STRING.sub(b"", token["body"]))}
        if used & gone:
            which = f"#{token['id'].decode()} {token['keyword'].decode()}"
            raise Invalid(f"{name}: {which} refers to a {SET_NAME} of an earlier write-back; remove it there first")
        properties -= used
    for token in _TOKEN.finditer(text, 0, survey.data_end):
        if token["id"] and int(token["id"]) in gone | properties:
            yield token.span()


def _largest_left(text: mmap.mmap, cuts: Sequence[tuple[int, int]]) -> int:
    """Return the largest instance number outside what is cut out."""
    largest, starts = 0, {start for start, _ in cuts}
    for token in _TOKEN.finditer(text):
        if token.start() not in starts and (number := token["id"] or token["other"]):
            largest = max(largest, int(number))
    return largest


def _instances(
    survey: _Survey, wanted: Mapping[str, Verification], length_unit_m: float, largest: int
) -> Iterator[bytes]:
    """Yield the new instances; properties with one value are one instance, whatever the number of elements."""
    number = largest
    known: dict[str, int] = {}
    for global_id in sorted(survey.elements):
        element, owner_history = survey.elements[global_id]
        # IFC2X3 asks for an owner history; in IFC4 none is claimed for what the model's author did not write
        owner = owner_history.decode() if survey.schema.startswith("IFC2X3") else "$"
        properties: list[int] = []
        for text in _properties(wanted[global_id], length_unit_m):
            if text not in known:
                number += 1
                known[text] = number
                yield f"#{number}={text};".encode("ascii")
            properties.append(known[text])
        of = ",".join(f"#{id_}" for id_ in properties)
        set_id, relation_id = (derived_global_id(f"qtems.writeback/{kind}/{global_id}") for kind in ("set", "relation"))
        number += 2
        yield f"#{number - 1}=IFCPROPERTYSET('{set_id}',{owner},'{SET_NAME}',$,({of}));".encode("ascii")
        yield (f"#{number}=IFCRELDEFINESBYPROPERTIES('{relation_id}',{owner},$,$,(#{element}),#{number - 1});").encode(
            "ascii"
        )
    if number > LARGEST_ID:
        raise Invalid(f"the model's instances are numbered up to {largest:,}, which leaves no numbers; renumber it")


def _properties(one: Verification, length_unit_m: float) -> Iterator[str]:
    words = {
        "Verdict": ("IFCLABEL", one.verdict.value),
        "State": ("IFCLABEL", one.state.value),
        "Characteristic": ("IFCLABEL", one.characteristic[:255]),
        "Requirement": ("IFCTEXT", one.requirement),
        "ScanEpoch": ("IFCLABEL", one.epoch[:255]),
        "CheckId": ("IFCLABEL", one.check_id[:255]),
        "NonconformanceReports": ("IFCTEXT", ", ".join(one.ncr_numbers)),
    }
    for name, (kind, value) in words.items():
        if value:
            yield f"IFCPROPERTYSINGLEVALUE('{name}',$,{kind}({step_string(value)}),$)"
    for name, length in (("Deviation", one.deviation), ("ExpandedUncertainty", one.expanded_uncertainty)):
        if length is not None:
            value = step_real(length / length_unit_m)
            yield f"IFCPROPERTYSINGLEVALUE('{name}',$,IFCLENGTHMEASURE({value}),$)"


def step_string(text: str) -> str:
    r"""Return a string as ISO 10303-21 writes it: quotes doubled, what is not ASCII as UTF-16 in hexadecimal.

    Examples
    --------
    >>> step_string("it's 墙"), step_string("a" + chr(92) + "b")
    ("'it''s \\X2\\5899\\X0\\'", "'a\\\\b'")
    """
    written: list[str] = []
    for run in re.findall(r"[\x20-\x7e]+|[\u0080-\uffff]+|[\U00010000-\U0010ffff]+", clean(text)):
        if run[0] < "\x7f":
            written.append(run.replace("\\", "\\\\").replace("'", "''"))
        else:
            width, tag = (4, "X2") if run[0] < "\U00010000" else (8, "X4")
            written.append(f"\\{tag}\\" + "".join(f"{ord(c):0{width}X}" for c in run) + "\\X0\\")
    return "'" + "".join(written) + "'"


def step_real(value: float) -> str:
    """Return a number as ISO 10303-21 writes it: with a point, whatever its size.

    Examples
    --------
    >>> step_real(12.5), step_real(-3.0), step_real(2e-7)
    ('12.5', '-3.', '2.E-07')
    """
    if not math.isfinite(value):
        raise Invalid(f"{value} cannot be written into an IFC file; leave it out where nothing was measured")
    mantissa, _, exponent = repr(round(value, _DECIMALS) + 0.0).upper().partition("E")
    mantissa = mantissa.removesuffix("0") if mantissa.endswith(".0") else mantissa
    mantissa += "" if "." in mantissa else "."
    return f"{mantissa}E{exponent}" if exponent else mantissa


def _member(source: Path) -> str | None:
    """Return the name of the model in an archive, None when the source is no archive."""
    if not source.is_file() or not zipfile.is_zipfile(source):
        _refuse_xml(source.name, source)
        return None
    with zipfile.ZipFile(source) as archive:
        names = [name for name in archive.namelist() if Path(name).suffix.lower() in (".ifc", ".ifcxml")]
    _refuse_xml(source.name, Path(names[0]) if names else source)
    return names[0] if names else None


def _refuse_xml(name: str, file: Path) -> None:
    if file.suffix.lower() in (".ifcxml", ".xml"):
        raise Invalid(f"{name}: verdicts are written into .ifc and .ifczip, not into ifcXML; export it as .ifc")


@contextlib.contextmanager
def _mapped(stream: IO[bytes]) -> Generator[mmap.mmap]:
    with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as text:
        yield text


@contextlib.contextmanager
def _packed(out: IO[bytes], member: str | None) -> Generator[IO[bytes]]:
    """Give what to write into: the file itself or the only member of an archive in it."""
    if member is None:
        yield out
        return
    info = zipfile.ZipInfo(member, _FIXED_DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(out, "w") as archive, archive.open(info, "w", force_zip64=True) as copy:
        yield copy
