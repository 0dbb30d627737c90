"""Clashes as BCF: one topic per clash with both elements selected and coloured, a camera and a picture.

A topic's guid follows from the clash's id: the same clash keeps its topic from one revision of the model to the next.
"""

from collections.abc import Sequence
from hashlib import sha256

from geometry.design import DesignModel
from simulation.assembly.clash import Clash
from simulation.assembly.groups import identifier_of
from twin.bcf.guid import derived, is_ifc_guid
from twin.bcf.values import Archive, Attached, Coloring, Component, ModelFile, Topic, Viewpoint
from twin.bcf.write import bcf_file
from twin.rehearsal.access_rows import intrusion_line
from twin.rehearsal.clash_pictures import FIRST, SECOND, ClashPicture
from twin.rehearsal.said import Said
from twin.report.bcf import world_camera
from twin.report.provenance import FIXED_TIME
from twin.report.words import clean

VERSION, MOST_TOPICS = "2.1", 1000


def clash_archive(
    clashes: Sequence[Clash], pictures: Sequence[ClashPicture], design: DesignModel, model: str, say: Said
) -> bytes:
    """Return a BCF 2.1 file; the first ``MOST_TOPICS`` clashes have a topic each.

    Parameters
    ----------
    clashes, pictures
        The worst first; those beyond the pictures have a camera and no snapshot.
    model
        The model's file name.
    """
    snapshots = [shown.picture for shown in pictures if shown.picture]
    blobs = {sha256(content).hexdigest(): content for content in snapshots}
    topics = tuple(
        _topic(clash, shown, place, design, model, say)
        for place, (clash, shown) in enumerate(zip(clashes[:MOST_TOPICS], pictures, strict=False))
    )
    archive = Archive(VERSION, topics, derived("clashes", model), say("clash.bcf_project", model=clean(model)))
    return bcf_file(archive, blobs, timestamp=FIXED_TIME)


def _topic(clash: Clash, shown: ClashPicture, place: int, design: DesignModel, model: str, say: Said) -> Topic:
    identifier = identifier_of(clash)
    components = [_component(name) for name in (clash.first, clash.second)]
    kind = say(f"clash.{clash.kind.value}")
    names = [clean(design.elements[name].name or name) for name in (clash.first, clash.second)]
    snapshot = None
    if shown.picture:
        snapshot = Attached(sha256(shown.picture).hexdigest(), "image/png", len(shown.picture))
    colours = (Coloring(FIRST[1:].upper(), (components[0],)), Coloring(SECOND[1:].upper(), (components[1],)))
    view = Viewpoint(
        guid=derived("clash-viewpoint", identifier),
        camera=world_camera(shown.camera, design.origin),
        selection=tuple(components),
        coloring=colours,
        snapshot=snapshot,
        index=0,
    )
    return Topic(
        guid=derived("clash", identifier),
        title=f"{kind}: {names[0]} – {names[1]}",
        type=say("clash.bcf_type"),
        status=say("clash.bcf_status"),
        index=place,
        labels=(kind,),
        creation_date=FIXED_TIME,
        creation_author="qtems",
        description="\n".join(_description(clash, design, say)),
        files=(ModelFile(clean(model), clean(model)),),
        viewpoints=(view,),
    )


def _description(clash: Clash, design: DesignModel, say: Said) -> list[str]:
    lines = [f"{say('clash.depth')}: {1e3 * clash.depth:.1f}; {say('clash.gap')}: {1e3 * clash.gap:.1f}"]
    lines.append(f"{say('clash.volume')}: {'–' if clash.volume is None else format(clash.volume, '.4g')}")
    if clash.intrusion is not None:
        lines.append(intrusion_line(clash.intrusion, say))
    if clash.chance is not None:
        decided = say(f"clash.is_{clash.chance.decision.value}")
        lines.append(f"{say('clash.probability')}: {100 * clash.chance.probability:.1f} %, {decided}")
    for name in (clash.first, clash.second):
        element = design.elements[name]
        lines.append(clean(f"{element.ifc_class} {element.name} ({name}), {element.storey or '–'}"))
    return lines


def _component(global_id: str) -> Component:
    return Component(global_id) if is_ifc_guid(global_id) else Component("", "qtems", global_id)
