"""Glances made afterwards, on both databases: whole, once, and beside others who do the same."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.api.web.planted import context, plant
from tests.api.web.planted_epochs import plant_epochs, sight
from tests.api.web.site import make_site
from tests.api.web.world import World, make_world
from tests.servers import postgres_database
from twin.operations import missing_glances as operation
from twin.operations.glances import MEDIA_TYPE, VERSION, glance_of, kept_glance, packed
from twin.operations.missing_glances import make_missing_glances
from twin.operations.upkeep import upkeep
from twin.project import RegistrationStatus
from twin.record import Id
from twin.store import records
from twin.store.blob_register import keep_all, scrub
from twin.store.elements import states_of
from twin.store.reconcile import verify_stream_and_records


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[World]:
    if request.param == "sqlite":
        made = make_world(tmp_path)
        yield made
        made.services.store.database.close()
        return
    with postgres_database(tables=False) as url:
        made = make_world(tmp_path, url)
        yield made
        made.services.store.database.close()


def make(world: World) -> int:
    return make_missing_glances(world.services.store, world.services.blobs, context(world))


def planted(world: World) -> tuple[Id, list[Id]]:
    project = make_site(world).project
    made = plant(world, project)
    seen = {one: sight("passed", 1.5, 2.0) for one in made.global_ids}
    plant_epochs(world, project, made, [seen, seen])
    with world.services.store.read() as view:
        return project, [run.record.id for run in view.all(records.CHECK_RUN, project=project)]


def test_every_check_with_elements_gets_its_glance_once(world: World) -> None:
    project, checks = planted(world)
    store, blobs = world.services.store, world.services.blobs
    with store.write(context(world)) as unit:
        run = unit.get(records.CHECK_RUN, checks[0]).record
        nothing = replace(run.registration, status=RegistrationStatus.REFUSED, T_design_scan=())
        bare = store.new_id()
        unit.add(records.CHECK_RUN, replace(run, id=bare, registration=nothing, counts=False))
    (chore,) = [one for one in upkeep(store, blobs, world.clock) if one.name == "glances"]
    assert chore.run() == len(checks) == 2
    assert make(world) == 0
    with store.read() as view:
        assert kept_glance(view, blobs, bare) is None
        for check in checks:
            glance = kept_glance(view, blobs, check)
            assert glance is not None
            assert packed(glance) == packed(glance_of(states_of(view.connection, check)))
        assert verify_stream_and_records(view.connection, project).holds
    assert scrub(store, blobs).holds


def test_of_two_that_make_the_same_one_keeps_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _, checks = planted(world)
    sound, others = operation.states_of, list[int]()

    def while_another_is_quicker(connection: Any, check: Id) -> Any:
        monkeypatch.setattr(operation, "states_of", sound)
        others.append(make(world))
        return sound(connection, check)

    monkeypatch.setattr(operation, "states_of", while_another_is_quicker)
    assert (make(world), others) == (0, [len(checks)])
    with world.services.store.read() as view:
        assert all(kept_glance(view, world.services.blobs, check) for check in checks)
        assert {view.get(records.CHECK_RUN, check).record.glance_sha256 for check in checks} != {""}


def test_a_glance_of_another_version_is_never_shown_and_made_again(world: World) -> None:
    project, checks = planted(world)
    store, blobs = world.services.store, world.services.blobs
    assert make(world) == len(checks)
    with store.write(context(world)) as unit:
        rows = states_of(unit.connection, checks[0])
        wrong = blobs.put([packed(glance_of([replace(row, name="of old") for row in rows]))]).sha256
        run = unit.get(records.CHECK_RUN, checks[0])
        old = replace(run.record, glance_sha256=wrong, glance_version=VERSION - 1)
        unit.save(records.CHECK_RUN, old, expected=run.version, action="keep_glance")
        keep_all(unit, blobs, {wrong: MEDIA_TYPE})
    with store.read() as view:
        assert kept_glance(view, blobs, checks[0]) is None
    assert (make(world), make(world)) == (1, 0)
    with store.read() as view:
        glance = kept_glance(view, blobs, checks[0])
        assert glance is not None
        assert packed(glance) == packed(glance_of(rows))
        assert verify_stream_and_records(view.connection, project).holds
