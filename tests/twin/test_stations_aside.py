"""A station that was registered beside the others tears down no wall, and one that is a little off is part of U."""

from dataclasses import replace

import numpy as np
import pytest

from geometry.arrays import FloatArray
from geometry.design import DesignModel
from geometry.registration.request import RegistrationRequest
from geometry.registration.result import Registration, RegistrationStatus
from geometry.scan import Scan
from geometry.station_agreement import station_agreement
from geometry.tolerance import surface_tolerance
from geometry.verdict import Outcome
from tests.reference.house import DESIGN, MISSING, MOVED, house_scan, matrix_to_design
from tests.reference.scenes import design_of
from twin.budgets import INSTRUMENT, budgets_of
from twin.check import check
from twin.result import CheckResult

TEN_MM = surface_tolerance(0.010)
ODD = 2


@pytest.fixture(scope="module")
def design() -> DesignModel:
    return design_of(DESIGN, materials=("concrete",))


def recorded_beside(scan: Scan, moves: FloatArray) -> Scan:
    """Return the scan with each station and its points ``moves`` (s, 3) metres beside where they were."""
    stations = tuple(
        station if station.position is None else replace(station, position=station.position + move)
        for station, move in zip(scan.stations, moves, strict=True)
    )
    return replace(scan, points=scan.points + moves[scan.station_index], stations=stations)


def failed(result: CheckResult) -> set[str]:
    return {e.global_id for e in result.elements if e.verdict is Outcome.FAIL}


def checked(design: DesignModel, scan: Scan) -> CheckResult:
    return check(design, scan, TEN_MM, registration=RegistrationRequest.from_matrix(matrix_to_design()))


def test_a_station_aside_is_named_and_left_out_and_no_sound_element_fails(design: DesignModel) -> None:
    moves = np.zeros((3, 3))
    moves[ODD] = [0.014, -0.01, 0.008]
    result = checked(design, recorded_beside(house_scan(), moves))
    assert failed(result) <= {*MOVED, *MISSING}
    assert not np.isin(ODD, result.scan.station_index)
    [note] = [note for note in result.notes if getattr(note, "word", "") == "station_aside"]
    assert note.startswith("S2 was registered 19 mm beside the other stations")
    without = house_scan().without(np.arange(3) == ODD)
    assert {e.global_id: e.verdict for e in result.elements} == {
        e.global_id: e.verdict for e in checked(design, without).elements
    }


def test_what_stations_lie_off_each_other_is_part_of_the_uncertainty_of_every_place(design: DesignModel) -> None:
    moves = np.array([[0.002, 0, 0.002], [-0.002, 0.002, 0], [0, -0.002, -0.002]])
    exact, off = checked(design, house_scan()), checked(design, recorded_beside(house_scan(), moves))
    assert off.agreement is not None
    assert off.agreement.scatter == pytest.approx(0.002, abs=0.0005)
    pairs = [(a.pose, b.pose) for a, b in zip(exact.elements, off.elements, strict=True) if a.pose and b.pose]
    assert len(pairs) > 5
    for before, after in pairs:
        seen = np.array(before.observable[:3]) & np.array(after.observable[:3])
        grown = np.diag(after.covariance)[:3][seen] - np.diag(before.covariance)[:3][seen]
        assert (grown > 0.001**2).all()
    assert failed(off) <= {*MOVED, *MISSING}


def test_an_element_has_the_stations_that_measured_it_by_their_share(design: DesignModel) -> None:
    """One station: its place is unsure, a thickness is not; two alike: both; none: the instrument alone."""
    moves = np.array([[0.003, 0, 0.003], [-0.003, 0.003, 0], [0, -0.003, -0.003]])
    scan = recorded_beside(house_scan(), moves)
    agreement = station_agreement(scan)
    u = agreement.uncertainty
    owner = np.full(len(scan.points), -1, np.int32)
    first, second = (np.flatnonzero(scan.station_index == k)[:100] for k in (0, 1))
    owner[first[:50]] = 0
    owner[first[50:]], owner[second[:50]] = 1, 1
    registration = Registration(RegistrationStatus.ACCEPTED, None, "matrix")
    alone, both, nobody = budgets_of(registration, scan, agreement, owner, 3)
    assert (alone.stations, alone.between) == pytest.approx((u[0], 0.0))
    assert both.stations == pytest.approx(np.sqrt((u[0] ** 2 + u[1] ** 2) / 2))
    assert both.between == pytest.approx(both.stations)
    assert both.place == pytest.approx(np.hypot(INSTRUMENT, both.stations))
    assert (nobody.place, nobody.apart) == (INSTRUMENT, INSTRUMENT)
