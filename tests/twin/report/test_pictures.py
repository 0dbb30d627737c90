"""Rendered pictures: the same every time, and showing what they claim to show."""

import dataclasses
import io
from typing import Any

import numpy as np
import pytest

from geometry.arrays import FloatArray
from geometry.pose import Pose
from geometry.registration.result import RegistrationStatus, Rival
from geometry.verdict import State
from tests.twin.report.conftest import Part, make_result
from twin.report.camera import look_at
from twin.report.canvas import Canvas
from twin.report.palette import LOOKS, Mark, rgb
from twin.report.pictures import HEIGHT, WIDTH, Pictures, cannot_render, element_cameras, render_pictures
from twin.report.scene import make_scene
from twin.result import CheckResult

pytestmark = pytest.mark.skipif(bool(cannot_render()), reason="needs libegl1 and libgl1 to render: make system")


def pixels(picture: bytes) -> FloatArray:
    """Return the picture as (h, w, 3)."""
    from PIL import Image

    image: Any = Image.open(io.BytesIO(picture)).convert("RGB")
    return np.asarray(image, np.float64)


@pytest.fixture(scope="module")
def pictures(building: CheckResult) -> Pictures:
    """Return the pictures of the small building."""
    return render_pictures(building)


def test_every_storey_and_card_has_its_picture(pictures: Pictures, building: CheckResult) -> None:
    """JPEG for pages, PNG for BCF, small enough for a report of a hundred cards."""
    assert list(pictures.storeys) == ["Ground floor", "1st floor 二层", ""]
    assert set(pictures.cards) == set(element_cameras(building)) == set(pictures.snapshots)
    again = element_cameras(building)
    assert set(pictures.cameras) == set(again)
    assert all(np.array_equal(pictures.cameras[id_].position, again[id_].position) for id_ in again)
    assert element_cameras(building, known=pictures.cameras) == pictures.cameras
    for picture in (*pictures.storeys.values(), *pictures.cards.values()):
        assert pixels(picture).shape == (HEIGHT, WIDTH, 3)
        assert len(picture) < 110_000
    assert all(snapshot.startswith(b"\x89PNG") for snapshot in pictures.snapshots.values())


def test_rendering_again_gives_the_same_bytes(pictures: Pictures, building: CheckResult) -> None:
    """No clock, no metadata, no order of threads."""
    again = render_pictures(building)
    assert again.cards == pictures.cards
    assert again.storeys == pictures.storeys
    assert again.snapshots == pictures.snapshots


def test_the_element_is_in_the_middle_of_its_picture_in_its_colour(pictures: Pictures, building: CheckResult) -> None:
    """A missing element is purple where the camera says its middle is."""
    missing = next(e for e in building.elements if e.state is State.MISSING and e.ifc_class == "IfcColumn")
    image = pixels(pictures.cards[missing.global_id])
    box = building.design.elements[missing.global_id].mesh.bounds()
    x, y = element_cameras(building)[missing.global_id].project(box.mean(axis=0)[None])[0]
    patch = image[int(y * HEIGHT) - 6 : int(y * HEIGHT) + 6, int(x * WIDTH) - 6 : int(x * WIDTH) + 6].mean(axis=(0, 1))
    purple = np.array(rgb(LOOKS[Mark.MISSING].colour), np.float64)
    assert patch[0] > patch[1] + 15
    assert patch[2] > patch[1] + 15
    assert np.linalg.norm(patch - purple) < 150


def test_projection_agrees_with_the_renderer(building: CheckResult) -> None:
    """The pixel where our camera puts an element's middle is where VTK draws it."""
    scene = make_scene(building)
    canvas = Canvas(WIDTH, HEIGHT)
    index = next(i for i, e in enumerate(building.elements) if e.ifc_class == "IfcColumn")
    box = np.stack([scene.boxes[index, 0] - [1.5, 0.4, 0.1], scene.boxes[index, 1] + [0.2, 0.7, 0.9]])
    camera = look_at(box, 0.7, 0.5)
    canvas.triangles(scene.triangles[scene.faces_of.rows([index])], "#ff0000", 1.0)
    image: Any = np.asarray(canvas.shoot(camera), np.float64)
    canvas.close()
    red = np.argwhere((image[..., 0] > 90) & (image[..., 1] < 80))
    low, high = scene.boxes[index]
    corners = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    seen = camera.project(corners) * (WIDTH, HEIGHT)
    assert np.abs(red.min(axis=0)[::-1] - seen.min(axis=0)).max() < 2.0
    assert np.abs(red.max(axis=0)[::-1] - seen.max(axis=0)).max() < 2.0


def test_a_refused_registration_shows_the_best_position_and_its_rivals(refused_check: CheckResult) -> None:
    """Three positions, three different pictures, nothing else."""
    pictures = render_pictures(refused_check)
    assert len(pictures.registrations) == 3
    assert len(set(pictures.registrations)) == 3
    assert not pictures.cards


def test_a_refused_position_shows_what_lies_on_the_model_and_what_does_not(building: CheckResult) -> None:
    """Put right, nearly all of the scan is blue; put 3 m aside, much of it is orange."""
    right = dataclasses.replace(
        building.registration, status=RegistrationStatus.REFUSED, reason="low_overlap", rivals=()
    )
    aside = Pose.from_yaw(0.0, [0.0, 3.0, 1.0]) @ (right.T_design_scan or Pose.identity())
    shares: list[float] = []
    for found in (right, dataclasses.replace(right, T_design_scan=aside)):
        refused = dataclasses.replace(building, registration=found, elements=(), point_deviations=None)
        [picture] = render_pictures(refused).registrations
        image = pixels(picture)
        blue = (image[..., 2] > image[..., 0] + 60).sum()
        orange = (image[..., 0] > image[..., 2] + 60).sum()
        shares.append(float(blue / (blue + orange)))
    assert shares[0] > 0.9
    assert shares[1] < 0.6


def test_positions_that_fit_the_same_are_told_apart_by_the_arrow() -> None:
    """A box turned half about its centre looks the same; which way the scan is turned must not."""
    part = Part("IfcWall", "hall", "", (-6.0, -4.0, 0.0), (6.0, 4.0, 3.0))
    result = make_result([part], origin=np.zeros(3))
    pose = result.registration.T_design_scan
    assert pose is not None
    half = Rival(Pose.from_yaw(np.pi) @ pose, 0.9, 0.0, np.pi)
    found = dataclasses.replace(
        result.registration, status=RegistrationStatus.REFUSED, reason="ambiguous", rivals=(half,)
    )
    refused = dataclasses.replace(result, registration=found, elements=(), point_deviations=None)
    one, other = (pixels(picture) for picture in render_pictures(refused).registrations)
    ink = [np.argwhere((image < 50).all(axis=2)) for image in (one, other)]
    assert all(len(rows) > 300 for rows in ink)
    assert np.linalg.norm(ink[0].mean(axis=0) - ink[1].mean(axis=0)) > 50.0


def test_without_libraries_the_report_says_so(building: CheckResult, monkeypatch: pytest.MonkeyPatch) -> None:
    """VTK would end the process; here it is never loaded."""
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    monkeypatch.setattr("sys.platform", "linux")
    assert render_pictures(building) == Pictures(missing_reason="pictures.no_gl")
