"""Tolerances as data: which characteristic of which element must lie within which limits, and who says so.

The catalogue is a folder of YAML files; a user's own file has the same form. Inside, limits are metres.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
import yaml

from geometry.errors import ToleranceError
from geometry.f_number import F_SCALES
from geometry.quick_yaml import load_yaml

CHARACTERISTICS = (
    "surface", "axis_position", "verticality", "level", "slope", "section_size", "flatness", "floor_flatness",
    "floor_levelness", "opening_size", "opening_position", "cylinder_axis", "diameter",
)  # fmt: skip
"""Everything that can be measured today; a rule for anything else is refused when it is loaded."""
_RULE_WORDS = frozenset(
    (
        "characteristic",
        "clause",
        "classes",
        "predefined_types",
        "not_predefined_types",
        "materials",
        "limits",
        "spans",
        "span_m",
        "by",
        "faces",
        "evidence",
    )
)
_SET_WORDS = frozenset(("name", "title", "cite", "edition", "include", "rules"))
_STEP_WORDS = frozenset(("up_to_m", "value_mm", "lower_mm", "upper_mm", "minimum"))
ONE_SOURCE = " [one source]"
"""At the end of the source of a limit on which no second source agrees."""
_SAME_SIZE = 1e-5
"""A size (m) of a turned element is not to the last bit what it is when it lies along the axes."""
_CATALOGUE = Path(__file__).parent / "catalogue"


@dataclass(frozen=True, slots=True)
class Limits:
    """Lower and upper limit of a deviation, metres."""

    lower: float
    upper: float

    def __post_init__(self) -> None:
        """Check order and finiteness."""
        if not (np.isfinite(self.lower) and np.isfinite(self.upper) and self.lower < self.upper):
            raise ToleranceError(f"limits {self.lower} .. {self.upper} m are not a range; give lower < upper")


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a standard: limits of one characteristic for some classes of element."""

    characteristic: str
    source: str
    """Standard, edition and clause; says so when the number rests on one source only."""
    steps: tuple[tuple[float, Limits], ...]
    """(up to this size in metres, limits), rising; the last is inf unless the rule ends there."""
    by: str = ""
    """Which size selects the step: ``height``, ``length`` (the longer side of the plan), or nothing for the
    characteristic's own: the height for verticality, the side for slope, the thickness for a section, the designed
    diameter, the opening's designed width or height."""
    span: float = 2.0
    """Length of the straightedge for flatness, metres."""
    spans: tuple[tuple[float, float], ...] = ()
    """(length of a straightedge, its limit), metres, rising: the table that this rule is a line of, where it is."""
    faces: str = ""
    """``up``, ``down`` or nothing: which faces a flatness rule is about."""
    classes: tuple[str, ...] = ()
    """IFC classes; empty = all."""
    materials: tuple[str, ...] = ()
    """Lower-case words of which one must occur in a material name; empty = any material, known or not."""
    predefined_types: tuple[str, ...] = ()
    """Predefined types of which the element must have one; empty = any, said or not."""
    not_predefined_types: tuple[str, ...] = ()
    """Predefined types that the rule is not about; an element that does not say its type is none of them."""

    def applies_to(self, ifc_class: str, materials: Sequence[str], predefined_type: str = "") -> bool:
        """Say whether the rule is about an element of this class, these materials and this predefined type."""
        said = _plain_type(predefined_type)
        if self.predefined_types and said not in map(_plain_type, self.predefined_types):
            return False
        return said not in map(_plain_type, self.not_predefined_types) and self._is_about(ifc_class, materials)

    def leaves_out(self, ifc_class: str, materials: Sequence[str], predefined_type: str) -> bool:
        """Say whether the rule would apply had the element another predefined type: it is one it names as not its."""
        said = _plain_type(predefined_type)
        return said in map(_plain_type, self.not_predefined_types) and self._is_about(ifc_class, materials)

    def laid_on(self, length: float) -> "Rule | None":
        """Return the rule for an element so long (metres): no straightedge is longer than what it lies on.

        Of a table of straightedges the first that is longer is cut to the element, its limit interpolated and rounded
        to a millimetre (DIN 18202:2013-04, tables 3 and 4: limits are for distances *up to* those named, with
        values between them interpolated); those still longer say nothing more and are None.
        """
        if not self.spans or length >= self.span:
            return self
        shorter = max((span for span, _ in self.spans if span < self.span), default=0.0)
        if length <= shorter:
            return None if shorter else self
        spans, limits = np.array(self.spans).T
        limit = float(np.interp(length, spans, limits))
        return replace(self, span=float(np.floor(100.0 * length)) / 100.0, steps=_whole(limit))

    def _is_about(self, ifc_class: str, materials: Sequence[str]) -> bool:
        if self.classes and ifc_class not in self.classes:
            return False
        if not self.materials:
            return True
        text = " ".join(materials).lower()
        return any(word in text for word in self.materials)

    def limits(self, size: float) -> Limits | None:
        """Return the limits for an element of this size (m), None when the rule does not reach so far."""
        for up_to, limits in self.steps:
            if size <= up_to + _SAME_SIZE:
                return limits
        return None


@dataclass(frozen=True, slots=True)
class ToleranceSet:
    """Named rules."""

    name: str
    rules: tuple[Rule, ...]

    def rules_for(self, ifc_class: str, materials: Sequence[str], predefined_type: str = "") -> tuple[Rule, ...]:
        """Return the rules that apply to an element."""
        return tuple(rule for rule in self.rules if rule.applies_to(ifc_class, materials, predefined_type))

    def left_open(self, ifc_class: str, materials: Sequence[str], predefined_type: str) -> tuple[str, ...]:
        """Return the characteristics that are limited for other predefined types of this class and not for this one."""
        covered = {rule.characteristic for rule in self.rules_for(ifc_class, materials, predefined_type)}
        out = [r.characteristic for r in self.rules if r.leaves_out(ifc_class, materials, predefined_type)]
        return tuple(sorted(set(out) - covered))


def surface_tolerance(tolerance: float) -> ToleranceSet:
    """Return one surface tolerance of ± ``tolerance`` metres for every element.

    Raises
    ------
    ToleranceError
        If the tolerance is not positive and finite.

    Examples
    --------
    >>> surface_tolerance(0.010).rules[0].limits(1.0)
    Limits(lower=-0.01, upper=0.01)
    """
    if not (np.isfinite(tolerance) and tolerance > 0):
        raise ToleranceError(f"the tolerance must be a positive length, not {tolerance} m")
    rule = Rule("surface", "user", ((float("inf"), Limits(-tolerance, tolerance)),))
    return ToleranceSet(f"user ±{tolerance * 1000:g} mm", (rule,))


@dataclass(frozen=True, slots=True)
class StandardEntry:
    """A set of the catalogue, as a list of the catalogue shows it."""

    name: str
    """What ``load_standard`` takes."""
    title: Mapping[str, str]
    """Language -> title."""
    edition: str
    """Nothing for a set that is made of others."""


def standard_entries() -> tuple[StandardEntry, ...]:
    """Return what the catalogue holds, by name."""
    contents = {path.stem: _load_yaml(path) for path in sorted(_CATALOGUE.glob("*.yaml"))}
    return tuple(StandardEntry(name, c["title"], str(c.get("edition", ""))) for name, c in contents.items())


def standard_names() -> tuple[str, ...]:
    """Return the names that :func:`load_standard` knows."""
    return tuple(sorted(path.stem for path in _CATALOGUE.glob("*.yaml")))


def load_standard(name: str) -> ToleranceSet:
    """Return a standard of the catalogue by file name, its own name (``GB 50204-2015``) or how one of them begins.

    Raises
    ------
    ToleranceError
        If there is none of that name.
    """
    wanted = _plain(name)
    contents = {path: _load_yaml(path) for path in sorted(_CATALOGUE.glob("*.yaml"))}
    called = {path: (_plain(path.stem), _plain(str(c.get("name", "")))) for path, c in contents.items()}
    found = [path for path in contents if wanted in called[path]]
    found = found or [path for path in contents if len(wanted) >= 4 and any(n.startswith(wanted) for n in called[path])]
    if len(found) == 1:
        return _read_set(contents[found[0]], found[0])
    near = get_close_matches(wanted, [n for names in called.values() for n in names], n=1, cutoff=0.5)
    meant = [path.stem for path in contents if near and near[0] in called[path]]
    hint = f"did you mean {meant[0]}? There is" if meant else "choose one of:"
    raise ToleranceError(f"no standard named '{name}'; {hint} {', '.join(standard_names())}")


@cache
def standard_title(name: str, lang: str) -> str:
    """Return the full title of the catalogue's set of this exact name, with its edition; empty when there is none.

    Examples
    --------
    >>> standard_title("DIN 18202", "en")
    'DIN 18202:2013-04, Tolerances in building construction – Buildings'
    """
    for path in sorted(_CATALOGUE.glob("*.yaml")):
        content = _load_yaml(path)
        if content.get("name") == name:
            return str(content["title"].get(lang, ""))
    return ""


def load_tolerance_file(path: Path) -> ToleranceSet:
    """Return the tolerances of a user's YAML file (the catalogue's form).

    Raises
    ------
    ToleranceError
        If it cannot be read; the text says where.
    """
    return _read_set(_load_yaml(path), path)


def _plain_type(name: str) -> str:
    """Return a predefined type, or what a user calls one of their own, without what people write differently."""
    return re.sub(r"[\W_]", "", name).upper()


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _load_yaml(path: Path) -> Mapping[str, Any]:
    try:
        content = load_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ToleranceError(f"cannot read tolerances {path}: {error.strerror}; check the path") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ToleranceError(f"{path} is not YAML: {str(error).splitlines()[0]}; see docs/tolerances.md") from error
    if not isinstance(content, dict):
        raise ToleranceError(f"{path} holds no tolerances: 'rules' is missing; see docs/tolerances.md")
    return cast("Mapping[str, Any]", content)


def _read_set(content: Mapping[str, Any], path: Path) -> ToleranceSet:
    rules: list[Rule] = []
    try:
        _only(content, _SET_WORDS)
    except ToleranceError as error:
        raise ToleranceError(f"{path}: {error}; see docs/tolerances.md") from error
    for key in ("include", "rules"):
        if not isinstance(content.get(key) or [], list):
            raise ToleranceError(f"{path}: '{key}' must be a list; see docs/tolerances.md")
    for name in cast("list[object]", content.get("include") or []):
        rules += load_standard(str(name)).rules
    standard = str(content.get("cite", content.get("name", path.stem)))
    for number, entry in enumerate(cast("list[Mapping[str, Any]]", content.get("rules") or []), start=1):
        try:
            rules += _read_rule(entry, standard)
        except (KeyError, TypeError, ValueError, AttributeError, ToleranceError) as error:
            raise ToleranceError(f"{path}, rule {number}: {error}; see docs/tolerances.md") from error
    if not rules:
        raise ToleranceError(f"{path} holds no rule: 'rules' is missing or empty; see docs/tolerances.md")
    return ToleranceSet(str(content.get("name", path.stem)), tuple(rules))


def _read_rule(entry: Mapping[str, Any], standard: str) -> list[Rule]:
    _only(entry, _RULE_WORDS)
    if "characteristic" not in entry:
        raise ToleranceError("'characteristic' is missing")
    characteristic = str(entry["characteristic"])
    if characteristic not in CHARACTERISTICS:
        raise ToleranceError(
            f"'{characteristic}' is not one of {', '.join(CHARACTERISTICS)}{_meant(characteristic, CHARACTERISTICS)}"
        )
    source = f"{standard}, {entry['clause']}" if "clause" in entry else standard
    if entry.get("evidence") == 1:
        source += ONE_SOURCE
    for key in ("classes", "predefined_types", "not_predefined_types", "materials"):
        if not isinstance(entry.get(key, []), list):
            raise ToleranceError(f"'{key}' must be a list")
    for name in entry.get("classes", ()):
        if not re.fullmatch(r"Ifc[A-Z][A-Za-z]+", str(name)):
            raise ToleranceError(f"'{name}' is not the name of an IFC class, such as IfcWall")
    if characteristic in F_SCALES and not entry.get("classes"):
        raise ToleranceError(f"{characteristic} is about floors: name their 'classes', such as [IfcSlab]")
    if entry.get("faces", "") not in ("", "up", "down"):
        raise ToleranceError(f"'faces' must be up or down, not '{entry['faces']}'")
    if entry.get("by", "") not in ("", "height", "length"):
        raise ToleranceError(f"'by' must be height or length, not '{entry['by']}'")
    shared: dict[str, Any] = {
        "characteristic": characteristic,
        "source": source,
        "by": str(entry.get("by", "")),
        "faces": str(entry.get("faces", "")),
        "classes": tuple(str(c) for c in entry.get("classes", ())),
        "materials": tuple(str(m).lower() for m in entry.get("materials", ())),
        "predefined_types": tuple(str(t) for t in entry.get("predefined_types", ())),
        "not_predefined_types": tuple(str(t) for t in entry.get("not_predefined_types", ())),
    }
    if "spans" in entry and characteristic in F_SCALES:
        raise ToleranceError(f"{characteristic} has no 'spans'; give 'limits: [{{minimum: 35}}]'")
    if "spans" in entry:
        lines = _spans(entry["spans"])
        return [Rule(**shared, span=span, steps=_whole(limit), spans=lines) for span, limit in lines]
    if "limits" not in entry:
        raise ToleranceError("'limits' is missing")
    if not entry["limits"]:
        raise ToleranceError("'limits' is empty")
    if not isinstance(entry["limits"], list) or not all(isinstance(step, dict) for step in entry["limits"]):
        raise ToleranceError(f"'limits': '{entry['limits']}' is no list such as [{{value_mm: 15}}]")
    steps = tuple(
        (_number(step, "up_to_m") if "up_to_m" in step else np.inf, _limits(step, characteristic))
        for step in entry["limits"]
    )
    if steps[0][0] <= 0:
        raise ToleranceError(f"'up_to_m' must be a positive length, not {steps[0][0]:g}")
    if any(a[0] >= b[0] for a, b in pairwise(steps)):
        raise ToleranceError("'up_to_m' must rise from line to line")
    span = _number({"span_m": 2.0, **entry}, "span_m")
    if not (np.isfinite(span) and span > 0):
        raise ToleranceError(f"'span_m' must be a positive length, not {span}")
    return [Rule(**shared, span=span, steps=steps)]


def _only(entry: Mapping[str, Any], known: frozenset[str]) -> None:
    """Refuse words that mean nothing: a misspelt one must not switch a rule off."""
    unknown = sorted(set(map(str, entry)) - known)
    if unknown:
        raise ToleranceError(
            f"'{unknown[0]}' is not one of {', '.join(sorted(known))}{_meant(unknown[0], sorted(known))}"
        )


def _meant(word: str, words: Sequence[str]) -> str:
    near = get_close_matches(word.strip().lower().replace(" ", "_"), words, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def _number(row: Mapping[str, Any], key: str) -> float:
    """Return what stands behind a key as a number; a unit behind it is no part of one."""
    if key not in row:
        raise ToleranceError(f"'{key}' is missing")
    try:
        return float(row[key])
    except (TypeError, ValueError):
        unit = {"mm": "millimetres", "_m": "metres"}.get(key[-2:], "a number")
        raise ToleranceError(f"'{key}': '{row[key]}' is no number; give {unit} without a unit") from None


def _limits(step: Mapping[str, Any], characteristic: str) -> Limits:
    _only(step, _STEP_WORDS)
    scale = F_SCALES.get(characteristic)
    if scale is not None:
        if step.keys() - {"up_to_m"} != {"minimum"}:
            raise ToleranceError(f"the limit of {characteristic} is a 'minimum', an {scale.symbol} number without unit")
        minimum = _number(step, "minimum")
        if not (np.isfinite(minimum) and minimum > 0):
            raise ToleranceError(f"'minimum' must be a positive number, not {step['minimum']}")
        return Limits(0.0, scale.spread(minimum))
    if "minimum" in step:
        raise ToleranceError(f"'minimum' is for {' and '.join(F_SCALES)}; give {characteristic} limits in millimetres")
    if "value_mm" in step:
        value = _number(step, "value_mm") / 1000.0
        return Limits(-value, value)
    return Limits(_number(step, "lower_mm") / 1000.0, _number(step, "upper_mm") / 1000.0)


def _spans(table: Sequence[Mapping[str, Any]]) -> tuple[tuple[float, float], ...]:
    """Return (span m, limit m) for the table's spans and for 2 m between them, interpolated."""
    if not table:
        raise ToleranceError("'spans' is empty")
    span = np.array([_number(row, "span_m") for row in table])
    if not (np.diff(span) > 0).all() or span[0] <= 0:
        raise ToleranceError("'span_m' must be positive and rise from line to line")
    limit = np.array([_number(row, "value_mm") for row in table])
    wanted = np.unique(np.append(span, 2.0) if span[0] < 2.0 < span[-1] else span)
    return tuple(zip(wanted.tolist(), (np.interp(wanted, span, limit) / 1000.0).tolist(), strict=True))


def _whole(limit: float) -> tuple[tuple[float, Limits], ...]:
    """Return the one step of a straightedge's limit (m), rounded to a millimetre."""
    return ((np.inf, Limits(0.0, float(np.floor(1000.0 * limit + 0.5 + 1e-9)) / 1000.0)),)
