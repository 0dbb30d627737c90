"""Titles of records that nobody gave one: whole in both languages, and of no more words than there is room for."""

from decimal import Decimal

import pytest

from twin.finding import MISSING, CauseKind, Defect, Failure
from twin.record_report.titles import finding_title, inspection_title, predicted_title


def failing(*global_ids: str, characteristic: str = "axis_position", part: str = "") -> tuple[Failure, ...]:
    mm = Decimal(20)
    return tuple(Failure(one, characteristic, "DIN 18202", mm, -mm / 2, mm / 2, mm / 20, part) for one in global_ids)


@pytest.mark.parametrize(
    ("kind", "global_ids", "en", "zh"),
    [
        (CauseKind.DISPLACED, "A", "Displaced: Wall 1 (Axis position)", "移位：Wall 1（轴线位置）"),
        (CauseKind.TILTED, "AB", "Tilted: Wall 1 and 1 more (Axis position)", "倾斜：Wall 1 等 2 个构件（轴线位置）"),
    ],
)
def test_a_finding_is_called_by_what_went_wrong(kind: CauseKind, global_ids: str, en: str, zh: str) -> None:
    defect = Defect(kind, tuple(global_ids), failing(*global_ids))
    assert finding_title(defect, "Wall 1", "en") == en
    assert finding_title(defect, "Wall 1", "zh") == zh


def test_what_is_missing_has_no_characteristic_and_a_part_is_named() -> None:
    gone = Defect(CauseKind.MISSING, ("A",), (Failure("A", MISSING, "model"),))
    assert (finding_title(gone, "门 1", "zh"), finding_title(gone, "Door 1", "en")) == ("缺失：门 1", "Missing: Door 1")
    part = Defect(CauseKind.FORM, ("A",), failing("A", characteristic="opening_size", part="Window 2"))
    assert finding_title(part, "Wall 1", "en").startswith("Form: Wall 1, Window 2 (")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", list(CauseKind))
def test_every_cause_has_a_word_and_no_title_is_too_long(kind: CauseKind, language: str) -> None:
    failures = (Failure("A", MISSING, "model"),) if kind is CauseKind.MISSING else failing("A")
    assert len(finding_title(Defect(kind, ("A",), failures), "x" * 500, language)) == 200


def test_an_inspection_and_what_is_predicted() -> None:
    assert inspection_title("柱", "T-INS-0001", "zh") == "柱：T-INS-0001 不合格"
    assert inspection_title("Columns", "T-INS-0001", "en") == "Columns: T-INS-0001 failed"
    assert predicted_title("Wall 1", "zh") == "预测：Wall 1"
