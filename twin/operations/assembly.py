"""Use case: look for clashes in a model and write what was found."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from twin.errors import Invalid
from twin.operations.check import Step, StepProgress, usable_cores

if TYPE_CHECKING:
    from geometry.design import DesignModel
    from simulation.assembly.study import ClashStudy

JSON_FILE, OVERLAY_FILE = "assembly.json", "assembly-overlay.json"


@dataclass(frozen=True, slots=True)
class AssemblyRequest:
    """Which model to look at, and what counts as a clash."""

    model: Path
    out_dir: Path
    touch_tolerance_m: float = 1e-4
    clearance_m: float = 0.0
    workers: int | None = None
    cache_dir: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class AssemblyOutcome:
    """What was found and the files that say so."""

    study: "ClashStudy"
    design: "DesignModel"
    files: tuple[Path, ...]

    @property
    def needs_action(self) -> bool:
        """Whether something clashes or was not looked at: what nobody looked at is not free of clashes."""
        from twin.rehearsal.assembly_json import SERIOUS

        return bool(self.study.unchecked) or any(clash.kind in SERIOUS for clash in self.study.clashes)


def run_assembly(request: AssemblyRequest, *, progress: StepProgress) -> AssemblyOutcome:
    """Look for clashes in a model.

    Raises
    ------
    GeometryError, Invalid
        The model cannot be read, the reports cannot be written; the text is one line for the user.
    """
    if not request.model.is_file():
        raise Invalid(f"{request.model}: no such file; check the path")
    from geometry.readers import DESIGN_READERS, SCAN_READERS, read_design
    from geometry.readers.ifc_relations import read_meant_contacts
    from simulation.assembly.clash import ClashRule
    from simulation.assembly.study import study_clashes
    from twin.rehearsal.assembly_json import AssemblyProvenance, assembly_json, overlay_json
    from twin.rehearsal.files import write_whole
    from twin.report.write import ensure_writable

    suffix = request.model.suffix.lower()
    if suffix in SCAN_READERS and suffix not in DESIGN_READERS:
        known = " ".join(DESIGN_READERS)
        raise Invalid(f"{request.model}: it is a scan; clashes are looked for in a model alone ({known})")
    ensure_writable(request.out_dir)
    design = read_design(
        request.model, workers=request.workers or usable_cores(), cache_dir=request.cache_dir,
        progress=lambda share: progress(Step.TESSELLATING, request.model.name, share),
    )  # fmt: skip
    is_ifc = suffix in (".ifc", ".ifczip")
    meant = read_meant_contacts(request.model) if is_ifc else {}
    study = study_clashes(
        design.elements,
        ClashRule(request.touch_tolerance_m, request.clearance_m),
        meant,
        progress=lambda share: progress(Step.MEASURING, "", share),
    )
    provenance = AssemblyProvenance(request.model.name, design.source.sha256, version("qtems"))
    contents = {
        JSON_FILE: assembly_json(study, design, provenance),
        OVERLAY_FILE: overlay_json(study, design, request.model.name),
    }
    return AssemblyOutcome(study, design, write_whole(request.out_dir, contents))
