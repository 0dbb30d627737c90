"""Each person concerned finds it in the inbox and gets one letter: once, whatever becomes of those to others."""

import socket
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email import message_from_bytes
from email.parser import BytesParser
from email.policy import SMTP, default
from typing import Any, cast

import pytest

from twin.access import Role
from twin.account import User, UserEvent, apply_event
from twin.errors import Invalid, NotFound
from twin.finding import Severity
from twin.jobs.mail import Letter, MailServer, ServerDown, compose, open_mail
from twin.jobs.notify import NotDelivered
from twin.operations.mailing import Mailing, mark_read, my_notices, send_again, send_letters
from twin.operations.ncr_steps import assign_ncr
from twin.operations.ncrs import raise_ncr
from twin.operations.projects import add_member, found_organisation, found_project
from twin.record import Actor, Id
from twin.store import inbox, records
from twin.store.accounts import USER
from twin.store.inbox import FIRST_WAIT, MOST_ATTEMPTS, Mail
from twin.store.repository import Context, Store
from twin.store.view import EVERYTHING, Scope

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@dataclass
class Office:
    """Stands for the mail server: it can be down, and it can refuse one address."""

    down: bool = False
    refuse: set[str] = field(default_factory=set[str])
    got: list[Letter] = field(default_factory=list[Letter])
    opened: int = 0

    @contextmanager
    def connect(self) -> Generator["Office"]:
        self.opened += 1
        if self.down:
            raise ServerDown("mail server mail.example.com:587: timed out")
        yield self

    def send(self, letter: Letter) -> None:
        if self.down:
            raise ServerDown("gone")
        if letter.to_address in self.refuse:
            raise NotDelivered(f"not taken for {letter.to_address}: 550 no such user")
        self.got.append(letter)


@dataclass
class Town:
    store: Store
    project: Id
    ncr: Id
    ids: dict[str, Id]
    office: Office = field(default_factory=Office)
    now: datetime = NOW

    def context(self, who: str = "quinn") -> Context:
        return Context(Actor(self.ids[who], who.title()), self.now)

    def assign(self, who: str, by: str = "quinn") -> None:
        version = self.version()
        assign_ncr(
            self.store, self.context(by), self.ncr, assignee=self.ids[who], due=date(2026, 12, 1), expected=version
        )

    def version(self) -> int:
        with self.store.read() as view:
            return view.get(records.NCR, self.ncr).version

    def send(self, after: timedelta = timedelta()) -> int:
        self.now += after
        mailing = Mailing(cast("MailServer", self.office), "https://q.example", "en")
        return send_letters(self.store, mailing, lambda: self.now)

    def states(self) -> dict[str, list[str]]:
        names = {identifier: name for name, identifier in self.ids.items()}
        found: dict[str, list[str]] = {}
        with self.store.read() as view:
            for one in reversed(inbox.letters(view.connection, limit=100)[0]):
                found.setdefault(names[one.user], []).append(one.mail.value)
        return found

    def change(self, who: str, **fields: Any) -> None:
        with self.store.write(self.context()) as unit:
            old = unit.get(USER, self.ids[who])
            unit.save(USER, replace(old.record, **fields), expected=old.version)

    def subscribe(self, *people: str) -> None:
        from twin.comment import Subscription

        with self.store.write(self.context()) as unit:
            for who in people:
                unit.add(records.SUBSCRIPTION, Subscription(unit.new_id(), self.project, self.ids[who]))


@pytest.fixture
def town(store: Store) -> Town:
    quinn = "9" * 32
    context = Context(Actor(quinn, "Quinn"), NOW)
    ids = {"quinn": quinn}
    firm = found_organisation(store, context, "Builder").record.id
    outside = found_organisation(store, context, "Steel").record.id
    project = found_project(store, context, organisation=firm, key="TOWER", name="Tower").record.id
    roles = {"ann": Role.INSPECTOR, "bob": Role.SITE_MANAGER, "sue": Role.SUPPLIER}
    with store.write(context) as unit:
        for name in ("quinn", *roles):
            identifier = ids.setdefault(name, unit.new_id())
            unit.add(USER, User(identifier, name, name.title(), NOW, email=f"{name}@example.com"))
    for name, role in roles.items():
        belongs = outside if role is Role.SUPPLIER else firm
        add_member(store, context, project, user=ids[name], organisation=belongs, role=role)
    ncr = raise_ncr(
        store, context, project, title="Column 1", severity=Severity.MINOR, quantity=Decimal(1), unit="element"
    ).record.id
    return Town(store, project, ncr, ids)


def notices(town: Town, who: str) -> list[str]:
    with town.store.read() as view:
        return [one.topic for one in my_notices(view, town.ids[who], EVERYTHING)[0]]


def test_the_person_concerned_gets_one_letter_in_their_language(town: Town) -> None:
    town.change("ann", language="zh")
    town.assign("ann")
    assert town.send() == 1
    (letter,) = town.office.got
    assert (letter.to_address, letter.to_name, letter.language) == ("ann@example.com", "Ann", "zh")
    assert "请您跟进处理此记录" in letter.body
    assert "2026-12-01" in letter.body
    assert f"https://q.example/#/projects/{town.project}/ncrs/{town.ncr}" in letter.body
    assert town.send(timedelta(days=2)) == 0, "once"
    assert town.states() == {"ann": ["sent"]}


def test_it_is_in_the_inbox_with_the_change_or_not_at_all(town: Town) -> None:
    def broken() -> None:
        with town.store.write(town.context()) as unit:
            inbox.put(unit.connection, ["1" * 32], [town.ids["ann"]], message="2" * 32, project=town.project,
                      record=town.ncr, topic="ncr.opened", payload={}, now=NOW)  # fmt: skip
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    assert notices(town, "ann") == []
    town.assign("ann")
    assert notices(town, "ann") == ["ncr.assigned"]


def test_one_who_is_refused_neither_blocks_nor_repeats_the_others(town: Town) -> None:
    town.subscribe("ann", "bob")
    town.office.refuse.add("ann@example.com")
    town.assign("bob")
    assert town.send() == 1
    assert [letter.to_address for letter in town.office.got] == ["bob@example.com"]
    assert town.states() == {"ann": ["waiting"], "bob": ["sent"]}
    town.office.refuse.clear()
    assert town.send(FIRST_WAIT) == 1
    assert [letter.to_address for letter in town.office.got] == ["bob@example.com", "ann@example.com"]


def test_a_server_that_is_down_for_a_day_loses_nothing_and_is_asked_once_a_round(town: Town) -> None:
    town.subscribe("ann", "bob")
    town.office.down = True
    town.assign("bob")
    began = town.now
    while town.now < began + timedelta(days=1):
        opened = town.office.opened
        assert town.send(timedelta(minutes=5)) == 0
        assert town.office.opened - opened <= 1
    assert town.states() == {"ann": ["waiting"], "bob": ["waiting"]}
    town.office.down = False
    town.send(timedelta(hours=1))
    assert sorted(letter.to_address for letter in town.office.got) == ["ann@example.com", "bob@example.com"]


def test_retries_end_and_an_administrator_can_have_it_sent_again(town: Town) -> None:
    town.assign("ann")
    town.office.refuse.add("ann@example.com")
    for _ in range(MOST_ATTEMPTS + 5):
        town.send(timedelta(hours=2))
    assert town.states() == {"ann": ["failed"]}
    with town.store.read() as view:
        (one,) = inbox.letters(view.connection, mail=Mail.FAILED)[0]
    assert (one.attempts, one.error) == (MOST_ATTEMPTS, "not taken for ann@example.com: 550 no such user")
    town.office.refuse.clear()
    send_again(town.store, town.context(), one.id)
    assert town.send() == 1
    with pytest.raises(NotFound):
        send_again(town.store, town.context(), one.id)


def test_a_worker_that_died_in_the_middle_costs_a_delay_and_no_letter(town: Town) -> None:
    town.assign("ann")
    assert inbox.take_letter(town.store.database, town.now) is not None  # and then the process is gone
    assert town.send() == 0
    assert town.send(FIRST_WAIT) == 1


@pytest.mark.parametrize(
    ("change", "why"),
    [({"email": ""}, "no e-mail address"), ({"by_mail": False}, "want no letters")],
)
def test_letters_that_nobody_wants_or_can_get_are_left_out_and_say_why(
    town: Town, change: dict[str, object], why: str
) -> None:
    town.change("ann", **change)
    town.assign("ann")
    assert town.send() == 0
    with town.store.read() as view:
        (one,) = inbox.letters(view.connection)[0]
    assert one.mail is Mail.LEFT_OUT
    assert why in one.error
    assert notices(town, "ann") == ["ncr.assigned"], "the inbox has it all the same"


def test_who_left_gets_no_letter(town: Town) -> None:
    town.assign("ann")
    with town.store.write(town.context()) as unit:
        old = unit.get(USER, town.ids["ann"])
        unit.save(USER, apply_event(old.record, UserEvent.DISABLE), expected=old.version)
    assert town.send() == 0
    assert town.office.got == []


def test_outside_organisations_are_told_only_of_what_is_shared_also_later(town: Town) -> None:
    town.subscribe("sue")
    town.assign("ann")
    assert notices(town, "sue") == []
    with pytest.raises(Invalid, match="Sue may not see this record: share it"):
        town.assign("sue")
    with town.store.write(town.context()) as unit:
        member = unit.find(records.MEMBER, project=town.project, user=town.ids["sue"])
        assert member is not None
        unit.share(records.NCR, town.ncr, member.record.organisation)
    town.assign("sue")
    assert notices(town, "sue") == ["ncr.assigned"]
    with town.store.write(town.context()) as unit:
        unit.unshare(records.NCR, town.ncr, member.record.organisation)
    town.send()
    assert [letter.to_address for letter in town.office.got] == ["ann@example.com"]
    scope = Scope(frozenset({town.project}), {town.project: member.record.organisation})
    with town.store.read() as view:
        assert my_notices(view, town.ids["sue"], scope)[0] == [], "what was taken from them is not told any more"


def test_without_a_mail_server_nothing_waits_for_one(town: Town) -> None:
    town.assign("ann")
    assert send_letters(town.store, None, lambda: town.now) == 0
    assert town.states() == {"ann": ["off"]}
    assert town.send() == 0, "what is old does not go out on the day that there is one"


def test_the_inbox_has_the_unread_first_page_by_page(town: Town) -> None:
    for turn in range(5):
        town.assign("ann" if turn % 2 == 0 else "bob")
    with town.store.read() as view:
        mine = my_notices(view, town.ids["ann"], EVERYTHING)[0]
    assert [one.seq for one in mine] == sorted((one.seq for one in mine), reverse=True)
    assert mark_read(town.store, town.context("ann"), EVERYTHING, (mine[0].id,)) == len(mine) - 1
    assert mark_read(town.store, town.context("bob"), EVERYTHING, (mine[1].id,)) == 2, "not another's"
    seen: list[Id] = []
    after = None
    while True:
        with town.store.read() as view:
            page, after = my_notices(view, town.ids["ann"], EVERYTHING, after=after, limit=1)
        seen += [one.id for one in page]
        if after is None:
            break
    assert seen == [one.id for one in (*mine[1:], mine[0])]
    assert mark_read(town.store, town.context("ann"), EVERYTHING, None) == 0


def test_a_mail_server_is_named_without_recipients() -> None:
    server = open_mail("mailtos://user:secret@mail.example.com:465?from=QTEMS <q@example.com>&mode=ssl")
    assert (server.host, server.port, server.mode) == ("mail.example.com", 465, "ssl")
    assert (server.from_name, server.from_address) == ("QTEMS", "q@example.com")
    assert open_mail("mailto://127.0.0.1:2525?from=q@example.com&mode=insecure").mode == "insecure"
    for bad in (
        "mailtos://u:secret@h.example?to=x@example.com", "mailtos://u:secret@h.example?cc=x@example.com",
        "smtp://u:secret@h.example", "mailtos://",
    ):  # fmt: skip
        with pytest.raises(Invalid) as told:
            open_mail(bad)
        assert "secret" not in str(told.value)


def test_letters_travel_to_a_real_mail_server(town: Town) -> None:
    controller = pytest.importorskip("aiosmtpd.controller", reason="no mail server: make setup-dev installs aiosmtpd")
    mails: list[bytes] = []

    class Handler:
        async def handle_RCPT(
            self, server: object, session: object, envelope: Any, address: str, options: object
        ) -> str:
            if address.startswith("bob"):
                return "550 no such user"
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
            mails.append(envelope.content)
            return "250 OK"

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = controller.Controller(Handler(), hostname="127.0.0.1", port=port)
    running.start()
    try:
        mailing = Mailing(open_mail(f"mailto://127.0.0.1:{port}?from=q@example.com&mode=insecure"), "https://q", "zh")
        town.subscribe("ann", "bob")
        town.assign("ann")
        assert send_letters(town.store, mailing, lambda: town.now) == 1
    finally:
        running.stop()
    assert send_letters(town.store, mailing, lambda: town.now + FIRST_WAIT) == 0, "nobody is there any more"
    mail = message_from_bytes(mails[0], policy=default)
    assert str(mail["To"]) == "Ann <ann@example.com>"
    assert "已指派负责人" in str(mail["Subject"])
    assert mail["Auto-Submitted"] == "auto-generated"
    assert town.states() == {"ann": ["sent"], "bob": ["waiting"]}
    with town.store.read() as view:
        (waits,) = inbox.letters(view.connection, mail=Mail.WAITING)[0]
    assert "mail server 127.0.0.1" in waits.error


def test_a_letter_is_the_same_letter_at_every_attempt_and_no_header_is_forged() -> None:
    letter = Letter("5" * 32, "Ann\r\nBcc: x@example.org", "ann@example.com", "subject", "body 墙\n", "zh", NOW)
    for broken in ("\r\n", "\u2028", "\u2029", "\x85", "\x0b", "\x1c"):  # what str.splitlines breaks at
        named = replace(letter, to_name=f"Ann{broken}Bcc: x@example.org", subject=f"Crack{broken}Bcc: x@example.org")
        sent = BytesParser(policy=SMTP).parsebytes(compose(named, "qtems", "q@example.com").as_bytes())
        assert (sent["Bcc"], sent["Subject"]) == (None, "Crack Bcc: x@example.org"), "it is sent, and to nobody else"
        assert [address.addr_spec for address in sent["To"].addresses] == ["ann@example.com"]
    good = compose(replace(letter, to_name="安"), "qtems", "q@example.com")
    assert good["Message-ID"] == f"<{'5' * 32}@example.com>"
    assert good["Content-Language"] == "zh-CN"
