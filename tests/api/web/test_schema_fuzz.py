"""Whatever is sent to whichever route, in the state where it is granted: an answer as described, never a fault of ours.

Each route is asked what was granted once (:mod:`tests.api.web.walks`), with the database from just before it: as it
was, which has to be granted again; with parts of it changed; with what its schema allows; with what it forbids
(schemathesis). The last tests hold how far that reached, so that none of it can rot.
"""

import hashlib
import json
import os
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import schemathesis
from httpx2 import Response
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from requests import Request
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import create_engine, event, func, select, text
from sqlalchemy.pool import StaticPool

from api.app import create_app
from api.routes import all_declared
from api.routing import ROOT, Declared
from tests import servers
from tests.api.web.walks import Step, Watch, put_back, walk_all
from tests.api.web.world import World, make_world
from twin.store.schema import METADATA

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = int(os.environ.get("QTEMS_FUZZ_EXAMPLES", "300"))
ELSEWHERE = {
    "start_issuer_sign_in": "this server has no company sign-in set up: test_oidc.py asks it, beside an issuer",
    "finish_issuer_sign_in": "a way back from the issuer counts once: test_oidc.py goes it, right and wrong",
}
"""Routes that no request can be granted here, and where they are tried instead."""
HEALTH = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
QUICK = settings(
    max_examples=3, deadline=None, derandomize=True, database=None, suppress_health_check=HEALTH,
    phases=[Phase.explicit, Phase.generate],
)  # fmt: skip
BRIEF = settings(QUICK, max_examples=1)
LONG = settings(QUICK, max_examples=EXAMPLES)
ODD: tuple[Any, ...] = (
    "", " ", "0", "-1", "1e15", "1e-13", "NaN", "Infinity", "0" * 64, "f" * 32, "☃𝄞\u202e", "a\nb", "x" * 201,
    "2026-11-22T08:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2027-02-29", "ncr:" + "0" * 32,
    0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**30, 0.5, -0.0, 1e308, True, False, None, [], {}, [None], [[]], {"": ""},
)  # fmt: skip
ROUTES = all_declared()
seen: dict[str, dict[str, Counter[int]]] = defaultdict(lambda: defaultdict(Counter))
"""Profile to route to how often it answered what."""


class FaultFound(Exception):
    """An answer that is not as it should be, and what was asked."""


class Arena:
    """One server, put back to where a step was granted before each request."""

    def __init__(self, world: World, watch: Watch) -> None:
        self.world, self.watch, self.lost_files = world, watch, False
        self.client = world.browser().client
        self.schema: Any = schemathesis.openapi.from_dict(world.app.openapi())
        self.present: Any = None
        self.rows = Rows(world)

    def stand(self, step: Step) -> None:
        """Put the database, the clock and the files where the step was granted."""
        if self.present is not step.before:
            if self.world.services.store.database.is_sqlite:
                put_back(self.world, step.before, step.now)
            else:
                self.rows.put_back(step.before)
        if self.lost_files:
            self.watch.files_back()
        self.present = step.before
        self.world.clock.now = step.now

    def send(self, step: Step, method: str, url: str, headers: dict[str, str], body: Any) -> Response:
        """Send one request from where the step was granted."""
        self.stand(step)
        self.client.cookies.clear()
        answer: Response = self.client.request(method, url, headers=headers, content=body, follow_redirects=False)
        if method not in ("GET", "HEAD"):
            self.present, self.lost_files = None, "upload" in step.path
        return answer


WRITES = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", re.IGNORECASE)
READS = re.compile(
    r"\s*(?:SELECT|WITH(?!.*\b(?:INSERT|UPDATE|DELETE)\b)|SHOW|SET|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|EXPLAIN)\b",
    re.IGNORECASE | re.DOTALL,
)


class Rows:
    """What the tables of a PostgreSQL database hold: only those that hold something else are filled again."""

    def __init__(self, world: World) -> None:
        """Know nothing yet of the tables; listen to what is written."""
        self.engine = world.services.store.database.engine
        self.held: dict[str, str] = {}
        self.snapshots: dict[int, tuple[Any, dict[str, tuple[str, list[dict[str, Any]]]]]] = {}
        event.listen(self.engine, "before_cursor_execute", self.heard)

    def heard(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        """Forget what a table holds that is written to, and of all where a statement is not understood."""
        if written := WRITES.match(statement):
            self.held.pop(written.group(1), None)
        elif not READS.match(statement):
            self.held.clear()

    def of(self, before: Any) -> dict[str, tuple[str, list[dict[str, Any]]]]:
        """Return each table's rows in a step's database, with a digest."""
        if id(before) not in self.snapshots:
            source = create_engine("sqlite://", creator=lambda: before, poolclass=StaticPool)
            with source.connect() as old:
                rows = {t.name: [dict(r) for r in old.execute(t.select()).mappings()] for t in METADATA.sorted_tables}
            kept = {name: (hashlib.sha256(repr(some).encode()).hexdigest(), some) for name, some in rows.items()}
            self.snapshots[id(before)] = before, kept  # the step's database is kept, so that its id stays its own
            if len(self.snapshots) > 64:
                del self.snapshots[next(iter(self.snapshots))]
        return self.snapshots[id(before)][1]

    def put_back(self, before: Any) -> None:
        """Fill the tables with a step's rows where they hold others."""
        wanted = self.of(before)
        stale = [table for table in METADATA.sorted_tables if self.held.get(table.name) != wanted[table.name][0]]
        with self.engine.begin() as new:
            new.execute(text("SET LOCAL session_replication_role = replica"))  # no foreign key is looked at
            for table in stale:
                new.execute(table.delete())
                if rows := wanted[table.name][1]:
                    new.execute(table.insert(), rows)
                if (counted := table.autoincrement_column) is not None:  # rows with their numbers leave the counter
                    last = new.execute(select(func.max(counted))).scalar() or 0
                    named = {"table": table.name, "column": counted.name, "next": last + 1}
                    new.execute(text("SELECT setval(pg_get_serial_sequence(:table, :column), :next, false)"), named)
        self.held.update({table.name: wanted[table.name][0] for table in stale})


@pytest.fixture(scope="module")
def granted(tmp_path_factory: pytest.TempPathFactory) -> Watch:
    return walk_all(tmp_path_factory.mktemp("walks"))


def make_arena(granted: Watch, folder: Path, url: str = "") -> Arena:
    made = make_world(folder, url, blob_url=f"file://{granted.folder / 'blobs'}")
    names = (f"fuzz-{n:06d}-{'x' * 20}" for n in range(10**9))
    services = replace(made.services, secrets=lambda: next(names))
    return Arena(replace(made, services=services, app=create_app(services.settings, services)), granted)


@pytest.fixture(scope="module")
def arena(granted: Watch, tmp_path_factory: pytest.TempPathFactory) -> Generator[Arena]:
    made = make_arena(granted, tmp_path_factory.mktemp("arena"))
    yield made
    made.world.services.store.database.close()


@pytest.fixture(scope="module")
def on_postgres(granted: Watch, tmp_path_factory: pytest.TempPathFactory) -> Generator[Arena]:
    with servers.postgres_database() as url:
        made = make_arena(granted, tmp_path_factory.mktemp("postgres"), url)
        yield made
        made.world.services.store.database.close()


def body_of(step: Step) -> Any:
    """Return a step's JSON, None where it sent none."""
    kind = step.headers.get("content-type", "")
    return json.loads(step.body) if step.body and "json" in kind else None


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where there is something in a JSON value."""
    yield at
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from places(part, (*at, key))


def changed(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    """Return a JSON value with another part somewhere; ``...`` takes the part out."""
    if not at:
        return new
    copy = value.copy()
    if at[1:] or new is not ...:
        copy[at[0]] = changed(value[at[0]], at[1:], new)
    else:
        del copy[at[0]]
    return copy


def with_known(value: Any, known: list[str], draw: Any) -> Any:
    """Let identifiers and digests that a schema made up name what there is."""
    if isinstance(value, dict):
        return {key: with_known(part, known, draw) for key, part in value.items()}
    if isinstance(value, list):
        return [with_known(part, known, draw) for part in value]
    alike = [one for one in known if isinstance(value, str) and len(value) in (32, 64) and len(one) == len(value)]
    return draw(st.sampled_from(alike)) if alike else value


@st.composite
def bent(draw: st.DrawFn, own: Any) -> Any:
    """Draw what was granted with a few parts changed, or taken out."""
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.sampled_from([at for at in places(own) if at] or [()]))
        part = own
        for key in at:
            part = part[key]
        same = [odd for odd in ODD if type(odd) is type(part)]
        own = changed(own, at, draw(st.sampled_from([*([...] if at else []), *(same or ODD)])))
    return own


@st.composite
def mixed(draw: st.DrawFn, step: Step, made_up: Any) -> Any:
    """Draw what was granted, mixed with what the schema allows."""
    own = body_of(step)
    known = [part.strip('"') for part in json.dumps([own, dict(step.path)]).replace(",", " ").split()]
    value = with_known(made_up, known, draw)
    if not isinstance(own, dict) or not isinstance(value, dict):
        return value
    return own | {key: part for key, part in value.items() if draw(st.booleans())}


def fault_of(case: Any, answer: Response) -> str:
    """Return in which way an answer is not as described, with what was asked; nothing where it is."""
    try:
        case.validate_response(answer, checks=CHECKS)
    except FailureGroup as group:
        return f"{answer.request.method} {answer.request.url}: {answer.status_code}: {group.exceptions}"
    return ""


def faults_in(send: Callable[[], None]) -> list[str]:
    """Run a search, which raises what it found at the smallest request that shows it; return that."""
    try:
        send()
    except FaultFound as found:
        return [str(found)]
    return []


def bend(arena: Arena, route: Declared, effort: settings, profile: str) -> list[str]:
    """Send what was granted with odd values in it; return what is wrong with the answers."""
    steps = [step for step in arena.watch.steps[route.name] if isinstance(body_of(step), dict | list)]
    if not steps:
        return []
    operation = arena.schema[ROOT + route.path][route.method]

    @effort
    @given(data=st.data())
    def send(data: st.DataObject) -> None:
        step = data.draw(st.sampled_from(steps))
        content = json.dumps(data.draw(bent(body_of(step)))).encode()
        answer = arena.send(step, route.method, url_of(route, step), dict(step.headers), content)
        seen[profile][route.name][answer.status_code] += 1
        if fault := fault_of(operation.Case(path_parameters=dict(step.path)), answer):
            raise FaultFound(f"{fault}, sent {content[:500]!r}")

    return faults_in(send)


def takes_input(operation: Any) -> bool:
    """Say whether an operation takes more than its address."""
    asked: dict[str, Any] = operation.definition.raw
    return "requestBody" in asked or any(one["in"] == "query" for one in asked.get("parameters", ()))


def fuzz(arena: Arena, route: Declared, effort: settings, mode: GenerationMode, profile: str) -> list[str]:
    """Send what the schema allows, or what it forbids, from where the route was granted something; return faults."""
    operation = arena.schema[ROOT + route.path][route.method]
    steps = arena.watch.steps[route.name]
    meant = mode is GenerationMode.POSITIVE

    @effort
    @given(data=st.data(), case=operation.as_strategy(generation_mode=mode))
    def send(data: st.DataObject, case: Any) -> None:
        step = data.draw(st.sampled_from(steps))
        if meant or takes_input(operation):
            case.path_parameters = dict(step.path)
        if meant and isinstance(body_of(step), dict | list):
            case.body, case.media_type = data.draw(mixed(step, case.body)), "application/json"
        sent = Request(**case.as_transport_kwargs(base_url="http://testserver")).prepare()
        headers = {k.lower(): v if isinstance(v, str) else v.decode("latin-1") for k, v in sent.headers.items()}
        headers |= {k: v for k, v in step.headers.items() if meant or k not in ("content-type", "idempotency-key")}
        for made_up in {"content-length", "authorization", "cookie"} - set(step.headers):
            headers.pop(made_up, None)
        assume(len(str(sent.url)) < 60_000)  # no client sends longer ones
        content = step.body if route.sends and meant else sent.body
        answer = arena.send(step, route.method, str(sent.url), headers, content)
        seen[profile][route.name][answer.status_code] += 1
        if fault := fault_of(case, answer):
            raise FaultFound(f"{fault}, sent {str(content)[:500]}")

    with suppress(Unsatisfiable):  # it takes nothing that could be broken
        return faults_in(send)
    return []


def url_of(route: Declared, step: Step) -> str:
    """Return the address of a step."""
    path = ROOT + route.path
    for name, value in step.path.items():
        path = path.replace(f"{{{name}}}", value)
    return f"http://testserver{path}" + (f"?{step.query}" if step.query else "")


def again(arena: Arena, route: Declared, profile: str) -> list[str]:
    """Ask once more for what was granted; return where it is not granted again in the same state, as described.

    By day only the first and the last time that it was.
    """
    operation = arena.schema[ROOT + route.path][route.method]
    faults: list[str] = []
    steps = arena.watch.steps[route.name]
    for step in steps if profile != "quick" or len(steps) < 3 else (steps[0], steps[-1]):
        answer = arena.send(step, route.method, url_of(route, step), dict(step.headers), step.body)
        seen[profile][route.name][answer.status_code] += 1
        if answer.status_code != step.status:
            faults.append(f"{route.name}: {answer.status_code}, granted with {step.status} before: {answer.text[:300]}")
        faults.append(
            fault_of(operation.Case(path_parameters=dict(step.path), query=dict(parse_qsl(step.query))), answer)
        )
    return [fault for fault in faults if fault]


def asked_elsewhere(granted: Watch, route: Declared) -> None:
    """Skip a route that no request here can be granted, for the reason that is written down; else it was granted."""
    if route.name in ELSEWHERE:
        pytest.skip(ELSEWHERE[route.name])
    assert route.name in granted.steps, f"no walk comes to {route.name}: write one in walks.py"


def in_shard(routes: Sequence[Declared], shard: str) -> list[Declared]:
    """Return every n-th route for a shard such as ``2/8``, all for none.

    Raises
    ------
    ValueError
        If the shard is not one of its number.
    """
    part, _, parts = (shard or "1/1").partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise ValueError(f"QTEMS_FUZZ_SHARD is one of n, as in 2/8, not {shard!r}")
    return list(routes[int(part) - 1 :: int(parts)])


def test_shards_have_every_route_once() -> None:
    shards = [in_shard(ROUTES, f"{k}/8") for k in range(1, 9)]
    assert sorted(route.name for shard in shards for route in shard) == sorted(route.name for route in ROUTES)
    assert in_shard(ROUTES, "") == list(ROUTES)
    for odd in ("0/8", "9/8", "8", "a/b", "1/"):
        with pytest.raises(ValueError, match="QTEMS_FUZZ_SHARD"):
            in_shard(ROUTES, odd)


NIGHTLY = in_shard(ROUTES, os.environ.get("QTEMS_FUZZ_SHARD", ""))
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_what_was_granted_is_granted_again_and_as_described(arena: Arena, route: Declared) -> None:
    asked_elsewhere(arena.watch, route)
    assert again(arena, route, "quick") == []


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_no_request_brings_the_server_down(arena: Arena, route: Declared) -> None:
    asked_elsewhere(arena.watch, route)
    faults = bend(arena, route, QUICK, "quick")
    operation = arena.schema[ROOT + route.path][route.method]
    can_be_broken = takes_input(operation) and not route.fields  # whatever a form holds is a form
    if ROUTES.index(route) % 2 and can_be_broken:  # the others by night
        faults += fuzz(arena, route, BRIEF, GenerationMode.NEGATIVE, "quick")
    assert faults == []


def test_requests_reach_what_the_routes_do(granted: Watch, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        missed = reached(granted, "quick")
    assert missed == []
    assert granted.broken == []


@pytest.mark.nightly
@pytest.mark.parametrize("mode", MODES, ids=["meant", "broken"])
@pytest.mark.parametrize("route", NIGHTLY, ids=lambda route: route.name)
@pytest.mark.parametrize("place", ["arena", "on_postgres"])
def test_no_request_brings_the_server_down_in_a_long_run(
    request: pytest.FixtureRequest, place: str, route: Declared, mode: GenerationMode
) -> None:
    where: Arena = request.getfixturevalue(place)
    asked_elsewhere(where.watch, route)
    assert [*again(where, route, place), *bend(where, route, LONG, place), *fuzz(where, route, LONG, mode, place)] == []


@pytest.mark.nightly
@pytest.mark.parametrize("place", ["arena", "on_postgres"])
def test_long_runs_reach_what_the_routes_do(granted: Watch, place: str, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        missed = reached(granted, place)
    assert missed == []


def reached(granted: Watch, profile: str) -> list[str]:
    """Print how far the requests of a profile came; return the routes that were granted nothing."""
    answers = seen[profile]
    if len(answers) < len(granted.steps):
        pytest.skip("not every route was asked: it counts when the whole file is run in one process")
    success = {name for name, codes in answers.items() if any(200 <= code < 400 for code in codes)}
    every = sum((Counter(codes) for codes in answers.values()), Counter[int]())
    missed = sorted({route.name for route in ROUTES} - success - set(ELSEWHERE))
    told = [
        f"\n{profile}: {every.total()} requests to {len(answers)} of {len(ROUTES)} routes: {sorted(every.items())}",
        f"{len(success)} granted; never granted: {', '.join(missed) or 'none'}", *granted.broken,
    ]  # fmt: skip
    sys.stdout.write("\n  ".join(told) + "\n")
    return missed
