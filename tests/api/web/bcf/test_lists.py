"""Topics, comments and events in lists: filtered, sorted, cut, equal to asking topic by topic."""

import io
import zipfile
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from tests.api.web.bcf_client import CAMERA, Client
from tests.api.web.planted import context
from tests.api.web.site import Site
from tests.api.web.world import ROOT
from twin.store import records


def test_lists_are_filtered_sorted_and_cut(quinn: Client) -> None:
    for name in ("Filtered b", "Filtered a", "Filtered c"):
        quinn.post("topics", {"title": name, "labels": ["Heating"]})
    asked = {"$filter": "contains(title, 'Filtered') and topic_type eq 'Observation'", "$orderby": "title desc"}
    assert [t["title"] for t in quinn.get("topics", params=asked)] == ["Filtered c", "Filtered b", "Filtered a"]
    cut = {**asked, "$top": "1", "$skip": "1"}
    assert [t["title"] for t in quinn.get("topics", params=cut)] == ["Filtered b"]
    labelled = {"$filter": "contains(labels, 'Heating') or contains(labels, 'Structural')"}
    assert len(quinn.get("topics", params=labelled)) == 3
    late = {"$filter": "creation_date gt 2050-12-05T00:00:00+01:00"}
    assert quinn.get("topics", params=late) == []
    for wrong in ("topic_status eq", "nothing eq 'x'", "title eq 'x' or", "(" * 50, "title like 'x'"):
        assert "$filter" in quinn.get("topics", status=422, params={"$filter": wrong})["detail"]
    quinn.get("topics", status=422, params={"$orderby": "nothing"})
    quinn.get("topics", status=422, params={"$top": "-1"})


def test_events_tell_the_history(quinn: Client, draft: dict[str, Any]) -> None:
    quinn.put(f"topics/{draft['guid']}", {"title": "Second title"})
    quinn.post(f"topics/{draft['guid']}/comments", {"comment": "said"})
    events = quinn.get(f"topics/{draft['guid']}/events")
    types = [action["type"] for event in events for action in event["actions"]]
    assert types[0] == "topic_created"
    assert {"title_updated", "status_updated", "description_updated", "priority_updated"} <= set(types)
    assert events[-1]["actions"] == [{"type": "title_updated", "value": "Second title"}]
    assert all(event["author"] == "quinn" and event["topic_guid"] == draft["guid"] for event in events)
    asked = {"$filter": f"topic_guid eq '{draft['guid']}' and type eq 'title_updated'", "$orderby": "date desc"}
    assert quinn.get("topics/events", params=asked)[0] == events[-1]
    [said] = quinn.get("topics/comments/events", params={"$filter": f"topic_guid eq '{draft['guid']}'"})
    assert [action["type"] for action in said["actions"]] == ["comment_created", "comment_text_updated"]
    assert quinn.get(f"topics/{draft['guid']}/comments/{said['comment_guid']}/events") == [said]


def slow_comment_events(site: Site, who: str) -> list[dict[str, Any]]:
    """Every topic is read, one after the other: what the quick way has to come to as well."""
    client = Client(site, who)
    found: list[dict[str, Any]] = []
    for topic in client.get("topics"):
        for one in client.get(f"topics/{topic['guid']}/comments"):
            found += client.get(f"topics/{topic['guid']}/comments/{one['guid']}/events")
    return sorted(found, key=lambda event: (event["date"], event["comment_guid"]))


def test_the_comments_of_a_project_are_those_of_its_topics_whoever_asks_and_page_by_page(
    site: Site, quinn: Client
) -> None:
    """Records, drafts, what came in files, observations, what is meant for a supplier, and what was taken back."""
    for topic in (quinn.post("topics", given) for given in (
        {"title": "Seen"}, {"title": "A", "topic_type": "Nonconformity", "priority": "minor"},
        {"title": "Gone", "topic_type": "Nonconformity", "priority": "minor"},
    )):  # fmt: skip
        address = f"topics/{topic['guid']}"
        view = quinn.post(f"{address}/viewpoints", {"orthogonal_camera": {**CAMERA, "view_to_world_scale": 1}})
        for n in range(3):
            site.world.clock.advance(seconds=1)
            quinn.post(f"{address}/comments", {"comment": f"{topic['title']} {n}", "viewpoint_guid": view["guid"]})
        if topic["title"] == "Gone":
            quinn("DELETE", address)
    received(site, quinn)
    shared = next(one for one in quinn.get("topics") if one["title"] == "A")
    with site.world.services.store.write(context(site.world)) as unit:
        unit.share(records.NCR, shared["guid"].replace("-", ""), site.outside)
    Client(site, "sue").post(f"topics/{shared['guid']}/comments", {"comment": "we saw it"})
    for who in ("quinn", "sue", "vera"):
        wanted, client = slow_comment_events(site, who), Client(site, who)
        assert client.get("topics/comments/events") == wanted
        for start in range(0, len(wanted) + 2, 2):
            page = client.get("topics/comments/events", params={"$top": "2", "$skip": str(start)})
            assert page == wanted[start : start + 2]
        newest = client.get("topics/comments/events", params={"$top": "2", "$orderby": "date desc"})
        assert newest == wanted[::-1][:2]
    assert len(slow_comment_events(site, "sue")) < len(slow_comment_events(site, "vera"))
    events = quinn.get("topics/events")
    assert quinn.get("topics/events", params={"$top": "3", "$skip": "2"}) == events[2:5]


def test_the_events_of_a_project_are_filtered_and_paged_as_those_of_all_its_topics(site: Site, quinn: Client) -> None:
    ines, guids = Client(site, "ines"), list[str]()
    for number in range(3):
        client = (quinn, ines)[number % 2]
        given = {"title": f"Wall {number}", "topic_type": "Nonconformity", "priority": "minor"}
        guids.append(client.post("topics", given)["guid"])
        for turn in range(2):
            site.world.clock.advance(minutes=1)
            address = f"topics/{guids[number]}"
            changed = {**quinn.get(address), "title": f"Wall {number}, {turn}"}
            quinn.put(address, {name: changed[name] for name in ("title", "topic_type", "topic_status", "priority")})
    told = (event for topic in quinn.get("topics") for event in quinn.get(f"topics/{topic['guid']}/events"))
    every = sorted(told, key=lambda event: event["date"])
    assert quinn.get("topics/events") == every
    middle, some = every[4]["date"], guids[:2]
    asked: dict[str, Callable[[dict[str, Any]], bool]] = {
        f"date ge {middle}": lambda event: event["date"] >= middle,
        f"date lt {middle} and author eq 'quinn'": lambda event: event["date"] < middle and event["author"] == "quinn",
        "author eq 'ines' or type eq 'title_updated'": lambda event: (
            event["author"] == "ines" or any(one["type"] == "title_updated" for one in event["actions"])
        ),
        "not author eq 'ines'": lambda event: event["author"] != "ines",
        f"topic_guid in ('{some[0]}', '{some[1]}') and author in ('ines', 'nobody')": lambda event: (
            event["topic_guid"] in some and event["author"] == "ines"
        ),
        "author eq 'nobody'": lambda _: False,
    }
    for words, holds in asked.items():
        wanted = [event for event in every if holds(event)]
        assert quinn.get("topics/events", params={"$filter": words}) == wanted, words
        page = {"$filter": words, "$top": "2", "$skip": "1"}
        assert quinn.get("topics/events", params=page) == wanted[1:3], words
        newest = quinn.get("topics/events", params={**page, "$orderby": "date desc"})
        assert newest == sorted(wanted, key=lambda event: event["date"], reverse=True)[1:3], words
    quinn.get("topics/events", status=422, params={"$filter": "author eq"})
    quinn.get("topics/events", status=422, params={"$orderby": "author"})


def received(site: Site, quinn: Client) -> None:
    """Take in a file that says something new about what is here, and about what nobody knows."""
    whole = quinn("GET", f"{ROOT}/projects/{site.project}/bcf-files?version=3.0").content
    for name, text in (("A 0", "A from a file"), ("Seen 0", "Seen from a file")):
        whole = with_another_comment(whole, name, text)
    kind = {"Content-Type": "application/octet-stream"}
    quinn("POST", f"{ROOT}/projects/{site.project}/bcf-files", status=201, content=whole, headers=kind)


def with_another_comment(archive: bytes, beside: str, text: str) -> bytes:
    """Return a BCF file in which somebody said one thing more."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("markup.bcf") and f">{beside}<".encode() in content:
                said = (
                    f'<Comment Guid="{uuid4()}"><Date>2026-11-20T08:00:00Z</Date><Author>zoe@x</Author>'
                    f"<Comment>{text}</Comment></Comment>"
                )
                content = content.replace(b"</Comments>", said.encode() + b"</Comments>", 1)
            new.writestr(name, content)
    return made.getvalue()
