"""What is kept of accounts, on both databases: one first administrator, secrets by digest, one executor per key."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from api.auth.passwords import Argon2
from twin.account import SYSTEM_ACTOR, SessionLimits, TokenScope, UserEvent
from twin.errors import NotIdentified, Overtaken, TooManyAttempts
from twin.operations.accounts import OneTimePassword, UserChange, begin, change_user, create_token, create_user
from twin.operations.sign_in import live_session, live_token, sign_in
from twin.store import accounts as kept
from twin.store.accounts import USER, Answer, Attempt
from twin.store.database import Database
from twin.store.repository import Context, Store
from twin.store.trail import SYSTEM, verify_stream

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
HASHER = Argon2(Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1))


def when(minutes: float = 0, origin: str = "192.0.2.1") -> Context:
    return Context(SYSTEM_ACTOR, NOW + timedelta(minutes=minutes), origin=origin)


def at_once(number: int, run: object) -> list[object]:
    """Run a function in several threads at the same time and return what each returned or raised."""
    assert callable(run)
    barrier, results = threading.Barrier(number), list[object]()

    def work() -> None:
        barrier.wait()
        try:
            results.append(run())
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=work) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_of_many_first_starts_at_once_one_shows_a_password(store: Store) -> None:
    found = at_once(4, lambda: begin(store, NOW, HASHER, lambda: "one time password"))
    assert sum(isinstance(one, OneTimePassword) for one in found) == 1
    assert sum(one is None for one in found) == 3
    with store.read() as view:
        assert len(view.list(USER).items) == 1


def test_sessions_tokens_and_their_ends(store: Store) -> None:
    made = create_user(store, when(), HASHER, lambda: "one time password", login="ann", name="Ann")
    secrets = iter(f"secret-{n}" for n in range(9))
    limits = SessionLimits()
    assert made.password is not None
    begun = sign_in(store, when(1), HASHER, lambda: next(secrets), login="ANN", password=made.password, limits=limits)
    session, user = live_session(store, when(2), begun.secret, limits)
    assert (session.id, user.record.login) == (begun.session.id, "ann")
    token = create_token(
        store, when(2), lambda: next(secrets), user.record, name="t", scope=TokenScope.READ,
        expires_at=NOW + timedelta(days=1),
    )  # fmt: skip
    assert live_token(store, when(3), token.secret)[0].name == "t"
    with store.read() as view:
        (listed,) = kept.tokens_of(view.connection, user.record.id)
        assert listed.used_at is not None
        assert kept.session_by_digest(view.connection, begun.secret) is None, "kept by digest, not as it is"
    change_user(store, when(4), user.record.id, UserChange(event=UserEvent.DISABLE), expected=user.version)
    with pytest.raises(NotIdentified):
        live_session(store, when(5), begun.secret, limits)
    with pytest.raises(NotIdentified):
        live_token(store, when(5), token.secret)
    with store.read() as view:
        assert verify_stream(view.connection, SYSTEM).holds


def test_guessing_at_once_is_no_more_than_the_limit(store: Store) -> None:
    create_user(store, when(), HASHER, lambda: "one time password", login="ann", name="Ann")

    def guess() -> object:
        return sign_in(store, when(1), HASHER, lambda: "s", login="ann", password="wrong", limits=SessionLimits())

    results = at_once(12, guess)
    assert sum(isinstance(one, NotIdentified) for one in results) == 5
    assert sum(isinstance(one, TooManyAttempts) for one in results) == 7


def test_a_key_is_reserved_by_one(store: Store) -> None:
    user = create_user(store, when(), HASHER, lambda: "one time password", login="ann", name="Ann").user.record.id
    database: Database = store.database

    def reserve() -> Answer | None:
        with database.write() as connection:
            return kept.reserve_key(connection, user, "k", "d" * 64, "r", NOW)

    results = at_once(6, reserve)
    assert results.count(None) == 1
    assert all(isinstance(one, Answer) and one.status == kept.IN_PROGRESS for one in results if one is not None)
    with database.write() as connection:
        kept.keep_answer(connection, user, "k", status=201, headers={"etag": '"1"'}, response=b"\x00\xff")
    again = reserve()
    assert again is not None
    assert (again.status, dict(again.headers), again.response) == (201, {"etag": '"1"'}, b"\x00\xff")
    with database.write() as connection:
        kept.release_key(connection, user, "k")
    assert reserve() is None


def test_a_change_made_from_an_older_version_is_refused(store: Store) -> None:
    user = create_user(store, when(), HASHER, lambda: "one time password", login="ann", name="Ann").user
    change_user(store, when(1), user.record.id, UserChange(name="Anna"), expected=1)
    with pytest.raises(Overtaken):
        change_user(store, when(2), user.record.id, UserChange(name="Anne"), expected=1)


def test_an_address_is_known_for_as_long_as_is_asked_and_to_its_login_alone(database: Database) -> None:
    origin, later = "192.0.2.1", NOW + timedelta(days=60)
    with database.write() as connection:
        for name, login, purpose in (("a", "ann", "sign_in"), ("b", "ben", "signature"), ("c", "eve", "sign_in")):
            kept.add_attempt(connection, Attempt(name * 32, purpose, login, origin, origin, False, NOW))
        kept.mark_succeeded(connection, "a" * 32)
        kept.mark_succeeded(connection, "b" * 32)
    with database.read() as connection:
        known = {
            (login, where, since): kept.has_signed_in_from(connection, login, where, since)
            for login in ("ann", "ben", "eve") for where in (origin, "192.0.2.2")
            for since in (NOW - timedelta(days=1), later - timedelta(days=30))
        }  # fmt: skip
    assert [place for place, holds in known.items() if holds] == [("ann", origin, NOW - timedelta(days=1))]
