# pyright: reportPrivateUsage=false
"""The film of an order: every step in its turn, the same bytes each time, drawn as large as the picture."""

import io
import itertools
from typing import Any

import manifold3d
import numpy as np
import pytest
from PIL import Image

from geometry.design import DesignModel
from geometry.source import SourceFile
from simulation.assembly.order_document import OrderDocument
from simulation.assembly.order_study import OrderStudy, study_order
from simulation.assembly.view import OrderRule
from tests.simulation.assembly_cases import element
from twin.rehearsal import order_film as film
from twin.rehearsal.order_pictures import NEW
from twin.rehearsal.said import Said
from twin.report.pictures import cannot_render

pytestmark = pytest.mark.skipif(bool(cannot_render()), reason="no display library")


def tower(size: float, floors: int) -> tuple[OrderStudy, DesignModel]:
    body = manifold3d.Manifold.cube((size, size, size))
    elements = {f"{k}": element(f"{k}", body.translate((0, 0, k * size))) for k in range(floors)}
    study = study_order(elements, OrderRule(1e-4 * size), lambda parts: OrderDocument(base=frozenset({0})), ground=0.0)
    return study, DesignModel(elements, np.zeros(3), SourceFile("x.stp", "", ""), 1.0)


def frames(data: bytes) -> list[Any]:
    picture = Image.open(io.BytesIO(data))
    found = list[Any]()
    for k in range(getattr(picture, "n_frames", 1)):
        picture.seek(k)
        found.append(np.asarray(picture.convert("RGB"), dtype=np.int64))
    return found


def done(frame: Any) -> float:
    """Return how far the bar is."""
    row = frame[film.HEIGHT - 14, 16 : film.WIDTH - 16]
    return float((row[:, 2] > row[:, 0] + 60).mean())


@pytest.mark.parametrize("size", [0.01, 3.0])
def test_each_step_has_its_pictures_and_the_last_shows_all_of_it_however_small(size: float) -> None:
    study, design = tower(size, 4)
    data = film.order_film(study, design, Said("en"))
    assert data == film.order_film(study, design, Said("en"))
    assert len(data) < film.MOST_BYTES
    shown = frames(data)
    assert shown[0].shape == (film.HEIGHT, film.WIDTH, 3)
    bars = sorted({round(done(one), 2) for one in shown})
    np.testing.assert_allclose(bars, [1 / 3, 2 / 3, 1.0], atol=0.01)
    assert [done(one) for one in shown] == sorted(done(one) for one in shown)
    picture = shown[-1][: film.HEIGHT - film.CAPTION]
    drawn = np.abs(picture - picture[0, 0]).sum(axis=2) > 30
    rows = np.flatnonzero(drawn.any(axis=1))
    assert 0.5 < (rows[-1] - rows[0]) / len(picture) < 0.98
    # the new part comes down: higher at first than where it ends
    blue = np.array([int(NEW[k : k + 2], 16) for k in (1, 3, 5)])
    new = [np.argwhere((one[: len(picture), :, 2] - one[: len(picture), :, 0]) > 60)[:, 0].mean() for one in shown[:8]]
    assert blue[2] > blue[0] + 60
    assert all(later >= before - 0.5 for before, later in itertools.pairwise(new))
    assert new[-1] > new[0] + 30


def test_very_many_steps_are_shown_several_at_once() -> None:
    for steps in (1, 7, 150, 151, 4000):
        moments = film._moments(steps)
        assert len(moments) == steps
        assert sum(map(len, moments)) <= 150
        assert moments[-1][-1] == 1.0


def test_chinese_has_other_words_than_english_and_long_names_are_cut() -> None:
    study, design = tower(1.0, 2)
    last = [frames(film.order_film(study, design, Said(lang)))[-1][-film.CAPTION :] for lang in ("en", "zh")]
    assert np.abs(last[0] - last[1]).sum() > 0
    from PIL import ImageDraw

    draw = ImageDraw.Draw(Image.new("RGB", (9, 9)))
    cut = film._fitting(draw, "名" * 300, 500)
    assert cut.endswith("…")
    assert draw.textlength(cut, font=film._font()) <= 500
