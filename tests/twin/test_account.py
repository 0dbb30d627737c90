"""Accounts as values: statuses, logins, passwords, limits on guessing, scopes of tokens."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.access import Role
from twin.account import (
    PER_LOGIN,
    TRANSITIONS,
    AttemptLimit,
    Session,
    SystemAction,
    Token,
    TokenScope,
    User,
    UserEvent,
    UserStatus,
    apply_event,
    may_system,
    normal_login,
    normal_password,
    require_password,
)
from twin.errors import IllegalTransition, Invalid

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
USER = User("1" * 32, "ann", "Ann Wu", NOW)


@pytest.mark.parametrize(("status", "event"), list(product(UserStatus, UserEvent)))
def test_every_status_and_event(status: UserStatus, event: UserEvent) -> None:
    user = replace(USER, status=status)
    if (status, event) in TRANSITIONS:
        assert apply_event(user, event) == replace(user, status=TRANSITIONS[status, event])
    else:
        with pytest.raises(IllegalTransition, match=f"an account that is {status} cannot be {event.value[:4]}"):
            apply_event(user, event)


@pytest.mark.parametrize("login", ["ann", "ann@site.example", "a1", "x" * 64, "svc-import+night"])
def test_a_login_is_readable(login: str) -> None:
    assert replace(USER, login=login).login == login


@pytest.mark.parametrize("login", ["", "a", "Ann", "ann wu", "-ann", "x" * 65, "ann:1", "安娜", "ann\n"])
def test_what_is_no_login(login: str) -> None:
    with pytest.raises(Invalid, match="a login is"):
        replace(USER, login=login)


@pytest.mark.parametrize("change", [{"name": " "}, {"name": "x" * 201}, {"name": "a\nb"}, {"email": "ann"}])
def test_what_cannot_be_printed_beside_a_signature_or_written_to(change: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        replace(USER, **change)


def test_a_login_is_the_same_however_it_is_typed() -> None:
    assert normal_login("  \uff21nn@Site ") == "ann@site"


def test_a_password_is_the_same_however_its_letters_are_composed() -> None:
    assert normal_password("cafe\u0301") == normal_password("caf\u00e9")


@given(st.text(max_size=300))
def test_a_password_that_is_taken_is_long_and_never_around_the_login(text: str) -> None:
    try:
        taken = require_password(text, login="ann")
    except Invalid:
        return
    assert 12 <= len(taken) <= 256
    assert "ann" not in taken.casefold()
    assert len(set(taken)) >= 5


@pytest.mark.parametrize(
    "text", ["P4ssw0rd?a-n-n-x", "Passwort!!1234567", "qwertyuiop123", "2026 2026 2026 1", "A n n a likes tea"]
)
def test_passwords_that_are_guessed_first(text: str) -> None:
    with pytest.raises(Invalid):
        require_password(text, login="ann")


def test_after_the_limit_one_waits_until_the_oldest_failure_is_forgotten() -> None:
    limit = AttemptLimit(3, timedelta(minutes=10))
    failed = [NOW, NOW + timedelta(minutes=4), NOW + timedelta(minutes=5)]
    at = NOW + timedelta(minutes=6)
    assert limit.wait(failed[:2], at) == 0
    assert limit.wait(failed, at) == 4 * 60
    assert limit.wait(failed, NOW + timedelta(minutes=10)) == 0


@given(st.lists(st.integers(-2000, 0), max_size=30))
def test_never_more_than_the_limit_is_listened_to_within_the_window(seconds_ago: list[int]) -> None:
    failed = [NOW + timedelta(seconds=s) for s in seconds_ago]
    limit = PER_LOGIN[0]
    recent = [moment for moment in failed if moment > NOW - limit.window]
    wait = limit.wait(failed, NOW)
    assert (wait == 0) == (len(recent) < limit.failures)
    assert limit.wait(failed, NOW + timedelta(seconds=wait)) == 0


def test_a_session_ends_by_idleness_and_by_age() -> None:
    session = Session("1" * 32, USER.id, "c", NOW, NOW, NOW + timedelta(hours=12), "")
    idle = timedelta(hours=1)
    assert session.is_alive(NOW + timedelta(minutes=59), idle)
    assert not session.is_alive(NOW + idle, idle)
    used = replace(session, used_at=NOW + timedelta(hours=11, minutes=59))
    assert not used.is_alive(NOW + timedelta(hours=12), idle)


def test_each_scope_includes_those_before_it() -> None:
    token = Token("1" * 32, USER.id, "t", TokenScope.WRITE, NOW, NOW + timedelta(days=1))
    assert [token.covers(scope) for scope in TokenScope] == [True, True, False]
    assert not replace(token, revoked_at=NOW).is_alive(NOW)
    assert not token.is_alive(NOW + timedelta(days=1))


@pytest.mark.parametrize("action", list(SystemAction))
def test_above_projects_only_administrators_act_and_owners_look_for_people(action: SystemAction) -> None:
    assert may_system(action, administrator=True, roles=())
    assert not may_system(action, administrator=False, roles=set(Role) - {Role.OWNER})
    assert may_system(action, administrator=False, roles={Role.OWNER}) == (action is SystemAction.DIRECTORY_READ)
