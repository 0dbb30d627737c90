"""The hash chain against its published vector, and against everybody who would bend it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.audit import GENESIS, Anchor, AuditEvent, ChainedEvent, chained, changed_fields, event_hash, replay, verify
from twin.errors import Invalid
from twin.record import Actor, Json, canonical_json

START = datetime(2026, 1, 1, tzinfo=UTC)


def chain_of(count: int) -> list[ChainedEvent]:
    links: list[ChainedEvent] = []
    for seq in range(1, count + 1):
        event = AuditEvent(
            stream="p", seq=seq, at=START + timedelta(minutes=seq), actor=Actor("u1", "Ann"), action="update",
            entity="ncr:1", version=seq, before={"n": seq - 1}, after={"n": seq}, record_sha256="0" * 64,
        )  # fmt: skip
        links.append(chained(event, links[-1].hash if links else GENESIS))
    return links


def test_the_published_vector() -> None:
    first: dict[str, Json] = {
        "action": "create", "actor": "u1", "after": {"state": "draft"}, "entity": "ncr:1", "seq": 1,
        "ts": "2026-01-01T00:00:00.000000Z",
    }  # fmt: skip
    second: dict[str, Json] = {
        "action": "transition", "actor": "u2", "after": {"state": "open"}, "before": {"state": "draft"},
        "entity": "ncr:1", "reason": "确认", "seq": 2, "ts": "2026-01-01T00:01:00.000000Z",
    }  # fmt: skip
    one = event_hash(GENESIS, first)
    assert one.hex() == "c6f6f97a3f4b0af52cb6b3ba232fd27730338f5a6ca70e7314dcb80d4f0c6928"
    assert event_hash(one, second).hex() == "b7dcd99d4681d947a6da0bc4ea22e9ea429a8156d53e03e03369cf3e71b4569b"


def test_an_event_without_more_is_hashed_as_in_the_published_vector() -> None:
    event = AuditEvent(
        stream="", seq=1, at=START, actor=Actor("u1", ""), action="create", entity="ncr:1", version=0, before={},
        after={"state": "draft"}, record_sha256="",
    )  # fmt: skip
    assert chained(event, GENESIS).hash.hex().startswith("c6f6f97a3f4b0af5")


def test_an_untouched_chain_holds_and_names_its_head() -> None:
    links = chain_of(5)
    found = verify("p", links, anchors=[Anchor("p", 3, links[2].hash, START)])
    assert found.holds
    assert (found.events, found.head) == (5, links[-1].hash)
    assert verify("p", []).holds


@given(at=st.integers(0, 5), kind=st.sampled_from(["edit", "remove", "insert", "swap", "relink"]))
def test_whatever_is_done_in_the_middle_is_found_where_it_was_done(at: int, kind: str) -> None:
    links = chain_of(7)
    bent = list(links)
    match kind:
        case "edit":
            bent[at] = replace(links[at], event=replace(links[at].event, reason="other"))
        case "remove":
            del bent[at]
        case "insert":
            bent.insert(at, chained(replace(links[at].event, reason="forged"), links[at].previous))
        case "swap":
            bent[at], bent[at + 1] = bent[at + 1], bent[at]
        case _:  # the whole rest is hashed anew after an edit: only an anchor shows it
            previous = links[at].previous
            for i in range(at, len(bent)):
                bent[i] = chained(replace(links[i].event, reason="rewritten"), previous)
                previous = bent[i].hash
            assert verify("p", bent).holds
    found = verify("p", bent, anchors=[Anchor("p", 7, links[-1].hash, START)])
    assert not found.holds
    wanted = 7 if kind == "relink" else at + 2 if kind == "insert" else at + 1
    assert found.first_bad == wanted
    assert found.reason


def test_a_cut_tail_is_shown_by_an_anchor_and_by_nothing_else() -> None:
    links = chain_of(4)
    assert verify("p", links[:2]).holds
    found = verify("p", links[:2], anchors=[Anchor("p", 4, links[-1].hash, START)])
    assert (found.first_bad, "gone" in found.reason) == (3, True)
    assert verify("p", links[:2], anchors=[Anchor("q", 4, links[-1].hash, START)]).holds


def test_only_what_differs_is_kept_and_replaying_it_gives_the_record() -> None:
    one: dict[str, Json] = {"state": "draft", "title": "A"}
    two: dict[str, Json] = {"state": "open", "title": "A", "due": None}
    assert changed_fields(None, one) == ({}, one)
    before, after = changed_fields(one, two)
    assert (before, after) == ({"state": "draft"}, {"state": "open", "due": None})
    events = [replace(link.event, after=a) for link, a in zip(chain_of(2), (one, after), strict=True)]
    assert replay(events, "ncr:1") == two
    assert replay(events, "ncr:2") == {}


def test_floats_have_no_place_in_what_is_hashed() -> None:
    with pytest.raises(Invalid, match="float"):
        canonical_json({"a": [{"b": 0.1}]})
    assert canonical_json({"b": "0.10", "a": ["ü", None, True]}) == '{"a":["ü",null,true],"b":"0.10"}'.encode()
