"""Schedules of planning programs: one suffix table, and the content has the last word."""

from pathlib import Path

from geometry.errors import ReadError
from geometry.safe_xml import parse_xml
from geometry.work_plan import WorkPlan

PLAN_SUFFIXES = (".ifc", ".ifczip", ".ifcxml", ".xml", ".mspdi", ".xer")
"""What :func:`read_plan` takes."""
LARGEST = 256 * 2**20
"""Bytes of an XML or XER file."""
_IFC = (".ifc", ".ifczip", ".ifcxml")


def read_plan(path: Path) -> WorkPlan:
    """Return the plan that a file holds: IFC, MS Project XML, Primavera P6 XER or P6's own XML.

    Raises
    ------
    ReadError
        With the file's name: what is wrong and what to do.
    """
    if path.suffix.lower() in _IFC:
        from geometry.readers.plan_ifc import plan_from_ifc

        return plan_from_ifc(path)
    content = _content(path)
    try:
        if content.lstrip(b"\xef\xbb\xbf").startswith(b"ERMHDR"):
            from geometry.readers.plan_xer import plan_from_xer

            return plan_from_xer(content)
        if path.suffix.lower() == ".xer":
            raise ReadError("not a Primavera XER file: it does not begin with ERMHDR; export it from P6 as XER")
        return _plan_from_xml(content)
    except ReadError as error:
        raise ReadError(f"{path}: {error}") from None


def _plan_from_xml(content: bytes) -> WorkPlan:
    from geometry.readers.plan_msp import plan_in_msp
    from geometry.readers.plan_pmxml import ROOT, plan_in_pmxml

    root, lines = parse_xml(content)
    return (plan_in_pmxml if root.tag.endswith(ROOT) else plan_in_msp)(root, lines)


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
        raise ReadError(f"{path}: {reason}; check the path") from None
    if len(content) > LARGEST:
        raise ReadError(f"{path}: larger than {LARGEST // 2**20} MiB; no schedule is")
    if not content:
        raise ReadError(f"{path}: the file is empty; export or copy it again")
    return content
