"""Messages go out at least once and in order, signed so that the receiver can tell; what fails is tried again."""

import json
import socket
import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from twin.errors import Invalid, NotFound
from twin.jobs.addresses import Forbidden, require_allowed
from twin.jobs.notify import (
    SIGNATURE,
    Apprise,
    NotDelivered,
    Webhook,
    by_all,
    check_signature,
    send_waiting,
    sign,
)
from twin.record import Actor
from twin.store import outbox
from twin.store.outbox import FIRST_WAIT, LONGEST_WAIT, MOST_ATTEMPTS, Message
from twin.store.repository import Context, Store

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
P, Q = "1" * 32, "2" * 32
SECRET = "a shared secret!"


def tell(store: Store, *projects: str | None) -> None:
    """Tell something for each project, all in one transaction."""
    with store.write(Context(Actor("a" * 32, "Ann"), NOW)) as unit:
        for i, project in enumerate(projects):
            unit.tell(unit.new_id(), f"t{i}", {"n": i}, project=project)


@dataclass
class Receiver:
    """Takes messages, except those whose topic it is told to refuse."""

    refuse: set[str] = field(default_factory=set[str])
    got: list[str] = field(default_factory=list[str])
    tried: list[str] = field(default_factory=list[str])

    def __call__(self, message: Message) -> None:
        self.tried.append(message.topic)
        if message.topic in self.refuse:
            raise NotDelivered("no,\nnot now")
        self.got.append(message.topic)


def send(store: Store, receiver: Receiver, now: datetime = NOW) -> int:
    return send_waiting(store.database, receiver, lambda: now)


def test_each_project_gets_its_messages_in_order(store: Store) -> None:
    tell(store, P, Q, P, None, P, Q, None)
    receiver = Receiver()
    assert send(store, receiver) == 7
    assert receiver.got == ["t0", "t1", "t2", "t3", "t4", "t5", "t6"]
    assert send(store, receiver) == 0


def test_a_refused_one_holds_back_its_own_project_and_no_other(store: Store) -> None:
    tell(store, P, Q, P, Q)
    receiver = Receiver({"t0"})
    assert send(store, receiver) == 2
    assert receiver.got == ["t1", "t3"]
    assert send(store, receiver, NOW + FIRST_WAIT / 2) == 0
    receiver.refuse.clear()
    assert send(store, receiver, NOW + FIRST_WAIT) == 2
    assert receiver.got == ["t1", "t3", "t0", "t2"]


def test_each_attempt_waits_longer_and_after_the_last_one_the_next_message_goes(store: Store) -> None:
    tell(store, P, P)
    receiver, now, wait = Receiver({"t0"}), NOW, FIRST_WAIT
    send(store, receiver, now)
    for attempt in range(1, MOST_ATTEMPTS):
        wait = min(FIRST_WAIT * 2 ** (attempt - 1), LONGEST_WAIT)
        send(store, receiver, now + wait - timedelta(seconds=1))
        assert len(receiver.tried) == attempt
        now += wait
        send(store, receiver, now)
    assert wait == LONGEST_WAIT
    assert receiver.tried == ["t0"] * MOST_ATTEMPTS + ["t1"]
    with store.write(Context(Actor("a" * 32, "Ann"), now)) as unit:
        ((message, error),) = outbox.set_aside(unit.connection)
        assert (message.topic, error) == ("t0", "NotDelivered: no, not now")
        outbox.send_again(unit.connection, message.id)
        with pytest.raises(NotFound, match="no message"):
            outbox.send_again(unit.connection, "9" * 32)
    receiver.refuse.clear()
    assert send(store, receiver, now) == 1
    assert receiver.got == ["t1", "t0"]


def test_a_deliverer_that_died_in_the_middle_costs_a_delay_and_no_message(store: Store) -> None:
    tell(store, P, P)
    taken = outbox.take(store.database, NOW)  # and then the process is gone
    assert taken is not None
    receiver = Receiver()
    assert send(store, receiver) == 0
    assert send(store, receiver, NOW + FIRST_WAIT) == 2
    assert receiver.got == ["t0", "t1"]
    assert not outbox.refused(store.database, taken, "late news of the dead", NOW)
    assert send(store, receiver, NOW + timedelta(days=9)) == 0


def test_several_deliverers_do_not_send_the_same(store: Store) -> None:
    tell(store, *[P, Q, None] * 5)
    receiver = Receiver()
    threads = [threading.Thread(target=send, args=(store, receiver)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    send(store, receiver)
    assert sorted(receiver.got) == sorted(f"t{i}" for i in range(15))
    for first in range(3):
        mine = [topic for topic in receiver.got if int(topic[1:]) % 3 == first]
        assert mine == [f"t{i}" for i in range(first, 15, 3)]


@dataclass
class Site:
    url: str
    answer: int = 204
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list[tuple[dict[str, str], bytes]])


@pytest.fixture
def site() -> Generator[Site]:
    found = Site("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.calls.append((dict(self.headers), body))
            self.send_response(found.answer)
            self.send_header("Location", f"{found.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


def as_text(message: Message) -> tuple[str, str]:
    return message.topic, "\n".join(f"{name}: {value}" for name, value in message.payload.items())


MESSAGE = Message("5" * 32, P, "ncr.opened", {"number": "TOWER-NCR-0001", "name": "墙", "n": 3}, NOW, 1)


def test_a_webhook_gets_a_signed_body(site: Site) -> None:
    Webhook(site.url, SECRET, lambda: NOW, private=True).deliver(MESSAGE)
    ((headers, body),) = site.calls
    assert json.loads(body) == {
        "id": MESSAGE.id, "topic": "ncr.opened", "project": P, "created_at": "2026-11-22T08:00:00.000000Z",
        "payload": {"number": "TOWER-NCR-0001", "name": "墙", "n": 3},
    }  # fmt: skip
    assert (headers["X-Qtems-Delivery"], headers["X-Qtems-Topic"]) == (MESSAGE.id, "ncr.opened")
    assert check_signature(SECRET, body, headers[SIGNATURE], NOW)


def test_a_signature_holds_for_this_body_this_secret_and_some_minutes() -> None:
    header = sign(SECRET, b"body", NOW)
    assert check_signature(SECRET, b"body", header, NOW + timedelta(minutes=4))
    assert not check_signature(SECRET, b"body", header, NOW + timedelta(minutes=6))
    assert not check_signature(SECRET, b"body!", header, NOW)
    assert not check_signature("another secret!!", b"body", header, NOW)
    shifted = header.replace(f"t={int(NOW.timestamp())}", f"t={int(NOW.timestamp()) + 1}")
    for bad in ("", "t=,v1=", "t=x,v1=00", shifted, header.split(",")[0], "t=²,v1=é"):
        assert not check_signature(SECRET, b"body", bad, NOW)


@pytest.mark.parametrize("status", [302, 404, 500])
def test_another_answer_than_taken_is_tried_again_and_no_redirect_followed(status: int, site: Site) -> None:
    site.answer = status
    with pytest.raises(NotDelivered, match=f"answered {status}"):
        Webhook(site.url, SECRET, lambda: NOW, private=True).deliver(MESSAGE)
    assert len(site.calls) == 1


def test_an_address_where_nobody_is_and_addresses_that_are_none() -> None:
    with pytest.raises(NotDelivered, match="cannot be reached"):
        Webhook("http://127.0.0.1:9/hook", SECRET, lambda: NOW, private=True).deliver(MESSAGE)
    with pytest.raises(Invalid, match="https://"):
        Webhook("ftp://example.org", SECRET, lambda: NOW)
    with pytest.raises(Invalid, match="16 characters"):
        Webhook("https://example.org", "short", lambda: NOW)
    with pytest.raises(Invalid, match="address 1 is none") as told:
        Apprise(("nonsense://user:password@host",), as_text)
    assert "password" not in str(told.value)


def test_a_receiver_in_ones_own_network_is_called_only_where_the_site_says_so(site: Site) -> None:
    with pytest.raises(NotDelivered, match="QTEMS_WEBHOOK_PRIVATE=true"):
        Webhook(site.url, SECRET, lambda: NOW).deliver(MESSAGE)
    assert site.calls == []
    with pytest.raises(NotDelivered, match="metadata"):
        Webhook("http://169.254.169.254/latest/meta-data", SECRET, lambda: NOW, private=True).deliver(MESSAGE)


def test_a_name_that_answers_differently_the_second_time_reaches_nothing_else(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(site.url.rsplit(":", 1)[1].split("/")[0])
    asked: list[str] = []

    def answer(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        named = asked.count("receiver.example")
        address = host if host != "receiver.example" else ("127.0.0.1" if named == 1 else "169.254.169.254")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr("twin.jobs.addresses.socket.getaddrinfo", answer)
    hook = Webhook(f"http://receiver.example:{port}/hook", SECRET, lambda: NOW, private=True)
    hook.deliver(MESSAGE)
    ((headers, _),) = site.calls
    assert headers["Host"] == f"receiver.example:{port}"
    assert [host for host in asked if host == "receiver.example"] == ["receiver.example"], "looked up once"
    with pytest.raises(NotDelivered, match="never called"):
        hook.deliver(MESSAGE)
    assert len(site.calls) == 1


def test_a_name_with_one_forbidden_address_among_others_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", ("93.184.216.34", 443)), (2, 1, 6, "", ("10.0.0.7", 443))]

    monkeypatch.setattr("twin.jobs.addresses.socket.getaddrinfo", answer)
    with pytest.raises(NotDelivered, match=r"10\.0\.0\.7 is in a private network"):
        Webhook("https://receiver.example/hook", SECRET, lambda: NOW).deliver(MESSAGE)


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "fe80::1%eth0",
     "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "0.0.0.0", "::", "224.0.0.1", "255.255.255.255"],
)  # fmt: skip
def test_what_hands_out_keys_is_never_called(address: str) -> None:
    with pytest.raises(Forbidden, match="never called"):
        require_allowed(address, private=True)


def is_called(address: str, *, private: bool) -> bool:
    try:
        require_allowed(address, private=private)
    except Forbidden:
        return False
    return True


@pytest.mark.parametrize("address", ["10.1.2.3", "192.168.1.1", "172.16.0.1", "127.0.0.1", "::1", "fd12::1",
                                     "100.64.0.1", "::ffff:10.0.0.1", "2002:0a00:0001::1"])  # fmt: skip
def test_ones_own_network_is_called_where_it_is_allowed(address: str) -> None:
    with pytest.raises(Forbidden, match="QTEMS_WEBHOOK_PRIVATE"):
        require_allowed(address, private=False)
    assert is_called(address, private=True)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111"])
def test_the_world_is_called(address: str) -> None:
    assert is_called(address, private=False)


def test_one_way_that_fails_keeps_no_other_from_it_and_repeats_none(store: Store) -> None:
    first, broken, last = Receiver(), Receiver({"t0"}), Receiver()
    deliver = by_all({"first": first, "broken": broken, "last": last})
    tell(store, P)
    assert send_waiting(store.database, deliver, lambda: NOW) == 0
    assert (first.got, broken.tried, last.got) == (["t0"], ["t0"], ["t0"])
    broken.refuse.clear()
    assert send_waiting(store.database, deliver, lambda: NOW + FIRST_WAIT) == 1
    assert (first.got, broken.got, last.got) == (["t0"], ["t0"], ["t0"])


def test_mail_goes_through_a_mail_server() -> None:
    controller = pytest.importorskip("aiosmtpd.controller", reason="no mail server: make setup-dev installs aiosmtpd")
    mails: list[bytes] = []

    class Handler:
        refuse = False

        async def handle_DATA(self, server: object, session: object, envelope: "object") -> str:
            mails.append(envelope.content)  # pyright: ignore[reportAttributeAccessIssue]
            return "554 no room" if self.refuse else "250 OK"

    handler = Handler()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = controller.Controller(handler, hostname="127.0.0.1", port=port)
    server.start()
    try:
        address = f"mailto://127.0.0.1:{port}?from=qtems@example.org&to=ann@example.org&mode=insecure&format=text"
        mail = Apprise((address,), as_text)
        mail.deliver(MESSAGE)
        handler.refuse = True
        with pytest.raises(NotDelivered, match="not taken"):
            mail.deliver(MESSAGE)
    finally:
        server.stop()
    letter = message_from_bytes(mails[0], policy=default)
    assert letter["Subject"] == "ncr.opened"
    assert "ann@example.org" in str(letter["To"])
    body = letter.get_body(("plain",))
    assert body is not None
    assert "number: TOWER-NCR-0001" in body.get_content()
    assert "墙" in body.get_content()


def test_who_is_told_late_hears_what_happens_from_then_on(store: Store) -> None:
    tell(store, P, Q, None)
    assert outbox.begin(store.database, NOW) == 3
    tell(store, P)
    assert outbox.begin(store.database, NOW) == 0, "only once: what waits now is for whoever is told"
    receiver = Receiver()
    assert send(store, receiver) == 1
    assert receiver.got == ["t0"]
    with store.read() as view:
        assert outbox.set_aside(view.connection) == []


def test_what_a_receiver_missed_waits_for_it_after_it_began(store: Store) -> None:
    outbox.begin(store.database, NOW)
    tell(store, P)
    assert send(store, Receiver({"t0"})) == 0
    assert outbox.begin(store.database, NOW + FIRST_WAIT) == 0
    assert send(store, Receiver(), NOW + FIRST_WAIT) == 1
