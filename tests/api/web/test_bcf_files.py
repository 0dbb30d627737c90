"""BCF files through the interface: out, changed elsewhere, in again; what is foreign waits for a person."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.routes import NOUNS, bcf, bcf_files, bcf_views
from api.routing import install
from tests.api.web.planted import context, plant
from tests.api.web.site import ELEMENT, PEOPLE, Site, draft_of, make_site
from tests.api.web.test_plans import revision_of
from tests.api.web.world import make_world
from tests.twin.bcf.values_of_all import BLOBS, NOW, PNG, attached, everything
from twin.bcf.guid import derived
from twin.bcf.read import read_bcf
from twin.bcf.topic import human_part
from twin.bcf.values import Archive, Camera, Comment, Component, Topic, Vector, Viewpoint
from twin.bcf.write import bcf_file
from twin.finding import Location
from twin.finding import Viewpoint as Seen
from twin.record import Evidence, EvidenceKind
from twin.store import records
from twin.store.blob_register import keep

BYTES = {"Content-Type": "application/octet-stream"}


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    world = make_world(tmp_path_factory.mktemp("bcf"))
    if bcf.routes not in NOUNS:
        install(world.app, (bcf.routes, bcf_views.routes, bcf_files.routes))
    yield make_site(world)
    world.services.store.database.close()


@pytest.fixture(scope="module")
def keys() -> Iterator[int]:
    return itertools.count()


@pytest.fixture
def site(everybody: Site, keys: Iterator[int]) -> Site:
    """A project of its own for each test, with the same people."""
    return another_project(everybody, f"T{next(keys)}X")


def another_project(site: Site, key: str) -> Site:
    given = {"organisation": site.organisation, "key": key, "name": "Tower"}
    made = site.browsers["olga"].post("/projects", given)
    assert made.status_code == 201, made.text
    own = replace(site, project=made.json()["id"])
    for login in ("quinn", "ines", "dora", "vera", "sue"):
        role, capacities = PEOPLE[login]
        firm = own.outside if role == "supplier" else own.organisation
        own.post("olga", "/members", {"login": login, "organisation": firm, "role": role, "capacities": capacities})
    return own


def sent(site: Site, content: bytes, *, wanted: int = 201, **query: Any) -> Any:
    answer = site.browsers["quinn"]("POST", f"{site.root}/bcf-files", content=content, headers=BYTES, params=query)
    assert answer.status_code == wanted, answer.text
    return answer.json()


def fetched(site: Site, who: str = "quinn", **query: Any) -> bytes:
    answer = site.browsers[who].get(f"{site.root}/bcf-files", params=query)
    assert answer.status_code == 200, answer.text
    return answer.content


def point(x: str, y: str, z: str) -> Vector:
    return Vector(Decimal(x), Decimal(y), Decimal(z))


def foreign(**more: Any) -> Topic:
    camera = Camera(point("1", "2", "3"), point("1", "0", "0"), point("0", "0", "1"), field_of_view_deg=Decimal(60))
    view = Viewpoint(derived("view"), camera, (Component(ELEMENT),), snapshot=attached(PNG, "image/png"))
    said = Comment(derived("said"), NOW, "Zoe", "look here", view.guid)
    topic = Topic(
        derived("foreign"), "Leak", "Clash", "Done", creation_date=NOW, creation_author="Zoe", comments=(said,),
        viewpoints=(view,), assigned_to="quinn",
    )  # fmt: skip
    return replace(topic, **more)


def file_of(*topics: Topic, version: str = "2.1") -> bytes:
    return bcf_file(Archive(version, topics), {attached(PNG, "image/png").sha256: PNG}, timestamp=NOW)


@pytest.mark.parametrize("version", ["2.1", "3.0"])
def test_what_goes_out_is_the_records_and_the_same_bytes_each_time(site: Site, version: str) -> None:
    ncr = draft_of(site, description="Seen by many")
    once = fetched(site, version=version)
    assert fetched(site, version=version) == once
    archive = read_bcf(once).archive
    [topic] = archive.topics
    assert archive.project == site.project
    assert topic.guid == str(UUID(ncr.rpartition("/")[2]))
    assert human_part(topic.description) == "Seen by many"
    assert topic.snippet is not None
    assert topic.snippet.content is not None
    assert topic.labels == ("minor", "axis_position")
    assert fetched(site, version=version, topic=topic.guid) == once
    assert site.browsers["quinn"].get(f"{site.root}/bcf-files?topic={uuid4()}").status_code == 404
    assert site.browsers["quinn"].get(f"{site.root}/bcf-files?version=1.0").status_code == 422


def test_a_file_that_comes_back_adds_what_was_said_and_changes_no_record(site: Site) -> None:
    ncr = draft_of(site)
    reading = read_bcf(fetched(site))
    [topic] = reading.archive.topics
    answered = replace(
        topic, title="Changed there", status="Closed", comments=(*topic.comments, *foreign().comments),
        viewpoints=(*topic.viewpoints, *foreign().viewpoints),
    )  # fmt: skip
    blobs = {**reading.blobs, attached(PNG, "image/png").sha256: PNG}
    content = bcf_file(replace(reading.archive, topics=(answered,)), blobs, timestamp=NOW)
    before = site.get("quinn", ncr)
    [received] = sent(site, content)["topics"]
    assert (received["became"], received["ncr"]) == ("beside", ncr.rpartition("/")[2])
    assert received["asks_status"] == "Closed"
    assert received["unknown_people"] == ["Zoe"]
    assert site.get("quinn", ncr)["record"] == before["record"]
    [after] = read_bcf(fetched(site)).archive.topics
    assert (after.title, after.status) == (topic.title, "Draft")
    assert after.comments == foreign().comments
    assert after.viewpoints == foreign().viewpoints
    with site.world.services.store.read() as view:
        [said] = view.all(records.COMMENT, project=site.project)
        [picture] = view.all(records.ATTACHMENT, project=site.project)
    assert said.record.text == "Zoe, 2026-11-22 08:00 UTC, by BCF:\nlook here"
    assert said.record.author.name == "Quinn"
    assert picture.record.subject == f"ncr:{ncr.rpartition('/')[2]}"
    assert sent(site, content)["topics"][0]["became"] == "beside"  # again adds nothing
    assert read_bcf(fetched(site)).archive.topics[0].comments == foreign().comments


def test_a_topic_about_one_records_element_goes_with_that_record(site: Site) -> None:
    ncr = draft_of(site)
    [received] = sent(site, file_of(foreign()))["topics"]
    assert (received["became"], received["ncr"]) == ("beside", ncr.rpartition("/")[2])
    other = draft_of(site)
    [received] = sent(site, file_of(foreign(guid=derived("another"))))["topics"]
    assert received["became"] == "waiting"  # two records know the element: a person chooses
    assert set(received["candidates"]) == {path.rpartition("/")[2] for path in (ncr, other)}


def test_an_observation_is_confirmed_attached_or_dismissed_by_a_person(site: Site) -> None:
    for name in ("one", "two", "three"):
        view = replace(foreign().viewpoints[0], guid=derived("v", name))
        said = replace(foreign().comments[0], guid=derived("c", name), viewpoint=view.guid)
        topic = foreign(guid=derived(name), title=name, viewpoints=(view,), comments=(said,))
        assert sent(site, file_of(topic))["topics"][0]["became"] == "waiting"
    path = "/observations/"
    given = {"severity": "major", "quantity": "1", "unit": "element"}
    made = site.post("quinn", path + derived("one") + "/confirm", given)
    assert (made["topic_type"], made["topic_status"], made["guid"]) == ("Nonconformity", "Draft", derived("one"))
    ncr = derived("one").replace("-", "")
    assert site.get("quinn", f"/ncrs/{ncr}")["record"]["global_ids"] == [ELEMENT]
    attached_ = site.post("quinn", path + derived("two") + "/attach", {"ncr": ncr}, status=200)
    assert attached_["guid"] == derived("one")
    assert (
        site.browsers["quinn"].post(f"{site.root}{path}{derived('three')}/dismiss", {"reason": " "}).status_code == 409
    )
    gone = site.browsers["quinn"].post(f"{site.root}{path}{derived('three')}/dismiss", {"reason": "old model"})
    assert gone.status_code == 204
    [left] = read_bcf(fetched(site)).archive.topics
    assert {comment.guid for comment in left.comments} == {derived("c", "one"), derived("c", "two")}
    for name in ("one", "two", "three"):
        site.post("quinn", path + derived(name) + "/confirm", given, status=409)
    again = sent(site, file_of(foreign(guid=derived("three"))))["topics"][0]
    assert again["became"] == "beside"  # its element is known by now
    with site.world.services.store.read() as view:
        assert view.get(records.BCF_TOPIC, derived("three").replace("-", "")).record.ended is not None


def test_what_was_dismissed_does_not_come_back(site: Site) -> None:
    content = file_of(foreign())
    sent(site, content)
    site.browsers["quinn"].post(f"{site.root}/observations/{foreign().guid}/dismiss", {"reason": "old model"})
    [received] = sent(site, content)["topics"]
    assert received["became"] == "refused"
    assert "old model" in received["problems"][-1]


def test_people_and_statuses_are_mapped_or_reported(site: Site) -> None:
    [first] = sent(site, file_of(foreign()))["topics"]
    assert first["unknown_people"] == ["Zoe"]
    assert first["unknown_statuses"] == ["Done"]
    second = foreign(guid=derived("second"))
    [received] = sent(site, file_of(second), person="Zoe=dora", status="Done=Closed")["topics"]
    assert received["unknown_people"] == received["unknown_statuses"] == []
    topics = {topic.guid: topic for topic in read_bcf(fetched(site)).archive.topics}
    assert topics[second.guid].creation_author == "dora"
    assert topics[first["guid"]].creation_author == "Zoe"
    assert "THEIRS=OURS" in sent(site, file_of(second), wanted=422, person="Zoe")["detail"]


def test_elements_that_no_model_of_the_project_has_are_told_and_kept(site: Site) -> None:
    receipt = sent(site, file_of(foreign()))
    assert receipt["unknown_element_count"] == 0, "before there is a model nobody knows"
    strange = ["0strange$$$$$$$$$$$001", "0strange$$$$$$$$$$$002"]
    view = replace(foreign().viewpoints[0], selection=tuple(Component(name) for name in (ELEMENT, *strange)))
    revision_of(site, ELEMENT)
    other = foreign(guid=derived("elsewhere"), viewpoints=(view,))
    receipt = sent(site, file_of(foreign(), other))
    assert receipt["unknown_element_count"] == 2
    known, received = sorted(receipt["topics"], key=lambda topic: topic["unknown_element_count"])
    assert (known["unknown_elements"], known["unknown_element_count"]) == ([], 0)
    assert (received["unknown_elements"], received["unknown_element_count"]) == (strange, 2)
    topics = {topic.guid: topic for topic in read_bcf(fetched(site)).archive.topics}
    assert topics[received["guid"]].global_ids == (ELEMENT, *strange), "as it was sent"


def test_a_camera_in_map_coordinates_or_millimetres_is_brought_home(site: Site) -> None:
    planted = plant(site.world, site.project)
    with site.world.services.store.read() as view:
        place = view.get(records.FINDING, planted.finding).record.location
    there = Vector(place.x - 50, place.y, place.z + 20)
    millimetres = Vector(there.x * 1000, there.y * 1000, there.z * 1000)
    view_ = foreign().viewpoints[0]
    assert view_.camera is not None
    far = replace(view_, camera=replace(view_.camera, position=millimetres))
    [received] = sent(site, file_of(foreign(viewpoints=(far,))))["topics"]
    assert "was in millimetres" in " ".join(received["problems"])
    found = {topic.guid: topic for topic in read_bcf(fetched(site)).archive.topics}[received["guid"]]
    assert found.viewpoints[0].camera is not None
    assert found.viewpoints[0].camera.position == there


def test_everything_that_bcf_has_comes_through(site: Site) -> None:
    archive = everything("3.0")
    receipt = sent(site, bcf_file(archive, BLOBS, timestamp=NOW))
    assert [one["became"] for one in receipt["topics"]] == ["waiting", "waiting"]
    found = read_bcf(fetched(site, version="3.0")).archive
    assert {t.guid: t for t in found.topics} == {t.guid: t for t in archive.topics}
    assert found.documents == archive.documents


def test_harm_and_rubbish_are_refused_in_one_line(site: Site) -> None:
    assert "no zip" in sent(site, b"rubbish", wanted=422)["detail"]
    assert site.browsers["vera"]("POST", f"{site.root}/bcf-files", content=b"x", headers=BYTES).status_code == 403
    assert site.browsers["sue"].get(f"{site.root}/bcf-files").status_code == 403
    no_map = site.browsers["quinn"].get(f"{site.root}/bcf-files?coordinates=map")
    assert no_map.status_code in (200, 422)


def test_the_same_file_in_two_projects_is_two_things(site: Site) -> None:
    """Identifiers are the server's, guids are whoever's: what another project has does not stand in the way."""
    content = bcf_file(everything("3.0"), BLOBS, timestamp=NOW)
    guid = everything("3.0").topics[0].guid
    second = another_project(site, "SECOND")
    first = sent(site, content)["topics"]
    other = sent(second, content)["topics"]
    assert [one["became"] for one in (*first, *other)] == ["waiting"] * 4
    assert {one["guid"] for one in first}.isdisjoint({one["guid"] for one in other})
    assert "another project" in other[0]["problems"][0]
    assert sent(second, content)["topics"] == other
    topics = read_bcf(fetched(second, version="3.0")).archive.topics
    full = next(topic for topic in topics if topic.snippet)
    assert full.guid != guid
    assert full.comments == everything("3.0").topics[0].comments
    assert set(full.related) <= {topic.guid for topic in topics}
    assert full.documents[0].document in {d.guid for d in read_bcf(fetched(second, version="3.0")).archive.documents}


def test_the_trail_holds(site: Site) -> None:
    draft_of(site)
    sent(site, file_of(foreign()))
    with site.world.services.store.write(context(site.world)) as unit:
        unit.note("probe", "probe", {})
    found = site.browsers["quinn"].get(f"{site.root}/audit/verification").json()
    assert found["holds"] is True, (found["reason"], found["faults"])


@pytest.mark.parametrize("version", ["2.1", "3.0"])
def test_the_picture_of_what_a_check_found_goes_out_as_the_snapshot_and_comes_back_once(
    site: Site, version: str
) -> None:
    made = plant(site.world, site.project)
    store, blobs = site.world.services.store, site.world.services.blobs
    with store.write(context(site.world)) as unit:
        keep(unit, blobs, blobs.put([PNG]), "image/png")
        old = unit.get(records.FINDING, made.finding)
        picture = Evidence(EvidenceKind.PICTURE, attached(PNG, "image/png").sha256, "finding-001.png", "image/png")
        aside = Seen(Location(Decimal(5), Decimal(5), Decimal(3)), old.record.location)
        run = unit.get(records.CHECK_RUN, made.check)
        unit.save(records.CHECK_RUN, replace(run.record, pictures=(picture,)), expected=run.version)
        unit.save(records.FINDING, replace(old.record, picture=picture, viewpoint=aside), expected=old.version)
    finding, quinn = f"{site.root}/findings/{made.finding}/confirm", site.browsers["quinn"]
    answer = quinn.change("POST", finding, old.version + 1, {"title": "Column"})
    assert answer.status_code == 201, answer.text
    content = fetched(site, version=version)
    archive = read_bcf(content)
    [topic] = archive.archive.topics
    [view] = topic.viewpoints
    assert view.snapshot == attached(PNG, "image/png")
    assert archive.blobs[picture.sha256] == PNG
    address = f"/bcf/3.0/projects/{site.project}/topics/{topic.guid}/viewpoints/{view.guid}/snapshot"
    assert quinn.get(address).content == PNG
    assert sent(site, content)["topics"][0]["became"] == "beside"
    assert read_bcf(fetched(site, version=version)).archive.topics[0].viewpoints == (view,), "it is ours already"
    assert site.get("quinn", f"/attachments?subject=ncr:{UUID(topic.guid).hex}")["items"] == []
