"""A cut tail and a rewritten stream, which the chain alone does not show, are found by the heads kept elsewhere."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sqlalchemy import text

from twin.audit import GENESIS, chained
from twin.errors import Damaged, Invalid, NotFound
from twin.operations.anchors import (
    Ed25519Signer,
    HmacKey,
    Signer,
    read_anchors,
    read_checker,
    read_signer,
    verify_anchors,
    verify_streams,
    write_anchors,
)
from twin.record import Actor
from twin.store import trail
from twin.store.repository import Context, Store
from twin.store.trail import SYSTEM

P, Q = "1" * 32, "2" * 32
SECRET = HmacKey(b"x" * 32)
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def fill(store: Store, context: Context, count: int = 4, project: str | None = P) -> None:
    with store.write(context) as unit:
        for i in range(count):
            unit.note("step", f"thing:{i}", {"i": i}, project=project)


def as_the_ruler_of_the_database(store: Store, *statements: str) -> None:
    with store.database.engine.begin() as connection:
        for table in ("audit_event", "audit_anchor"):
            if store.database.is_sqlite:
                connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_update"))
                connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_delete"))
            else:
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        for statement in statements:
            connection.execute(text(statement))


def rewrite(store: Store) -> None:
    """Write a whole stream anew, with every hash right."""
    with store.read() as view:
        links = list(trail.events(view.connection, P))
    as_the_ruler_of_the_database(store, "DELETE FROM audit_event", "DELETE FROM audit_anchor")
    previous = GENESIS
    with store.database.write() as connection:
        for link in links:
            forged = chained(replace(link.event, actor=Actor("f" * 32, "Mallory")), previous)
            trail.append(store.database, connection, forged.event)
            previous = forged.hash


def cut(store: Store, after: int) -> None:
    """Remove the newest events, and what the database itself remembers of them."""
    as_the_ruler_of_the_database(store, f"DELETE FROM audit_event WHERE seq > {after}", "DELETE FROM audit_anchor")


FORGERIES: dict[str, tuple[Callable[[Store], None], int]] = {
    "tail": (lambda store: cut(store, 2), 3),
    "all": (lambda store: cut(store, 0), 1),
    "rewritten": (rewrite, 4),
}


@pytest.mark.parametrize("how", FORGERIES)
def test_what_the_chain_alone_does_not_show_is_found(how: str, store: Store, context: Context, tmp_path: Path) -> None:
    ledger = tmp_path / "elsewhere" / "anchors.jsonl"
    fill(store, context)
    write_anchors(store, context, ledger, SECRET)
    assert [(v.holds, v.events) for v in verify_anchors(store, ledger, SECRET)] == [(True, 4)]
    forge, first_bad = FORGERIES[how]
    forge(store)
    assert all(v.holds for v in verify_streams(store))
    (found,) = verify_anchors(store, ledger, SECRET)
    assert (found.holds, found.first_bad) == (False, first_bad)
    assert "anchor" in found.reason
    with pytest.raises(Damaged, match="event 4 of audit stream"):
        write_anchors(store, context, ledger, SECRET)


def test_each_stream_is_anchored_when_it_went_on(store: Store, context: Context, tmp_path: Path) -> None:
    ledger = tmp_path / "anchors.jsonl"
    fill(store, context)
    fill(store, context, 2, None)
    assert [(a.stream, a.seq) for a in write_anchors(store, context, ledger, SECRET)] == [(P, 4), (SYSTEM, 2)]
    assert write_anchors(store, context, ledger, SECRET) == []
    fill(store, context, 1, Q)
    fill(store, context, 1)
    later = replace(context, now=context.now + timedelta(days=1))
    assert [(a.stream, a.seq) for a in write_anchors(store, later, ledger, SECRET)] == [(P, 5), (Q, 1)]
    assert [(a.stream, a.seq) for a in read_anchors(ledger, SECRET)] == [(P, 4), (SYSTEM, 2), (P, 5), (Q, 1)]
    assert all(v.holds for v in verify_anchors(store, ledger, SECRET))
    with store.read() as view:
        assert [(a.seq, a.at) for a in trail.anchors(view.connection, P)] == [(4, context.now), (5, later.now)]


def test_a_line_that_a_crash_broke_off_is_none(store: Store, context: Context, tmp_path: Path) -> None:
    ledger = tmp_path / "anchors.jsonl"
    fill(store, context)
    write_anchors(store, context, ledger, SECRET)
    whole = ledger.read_bytes()
    fill(store, context)
    ledger.write_bytes(whole + b'{"at":"2026')
    assert [a.seq for a in read_anchors(ledger, SECRET)] == [4]
    write_anchors(store, context, ledger, SECRET)
    assert [a.seq for a in read_anchors(ledger, SECRET)] == [4, 8]
    assert ledger.read_bytes().startswith(whole)


@pytest.fixture
def lines(store: Store, context: Context, tmp_path: Path) -> Path:
    fill(store, context)
    write_anchors(store, context, tmp_path / "a.jsonl", Ed25519Signer(PRIVATE))
    return tmp_path / "a.jsonl"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # the file is the same whatever the database
def test_a_line_that_was_not_signed_so_is_refused(store: Store, lines: Path) -> None:
    good, signer = lines.read_bytes(), Ed25519Signer(PRIVATE)
    for bad in (good.replace(b'"seq":4', b'"seq":3'), b"{}\n", b"anchors\n", b"[]\n", good.replace(b"head", b"tail")):
        lines.write_bytes(bad)
        with pytest.raises(Damaged, match=r"a\.jsonl, line 1"):
            verify_anchors(store, lines, signer)
    lines.write_bytes(good)
    with pytest.raises(Damaged, match="not of this key"):
        verify_anchors(store, lines, Ed25519Signer(Ed25519PrivateKey.generate()))
    with pytest.raises(Invalid, match="give the right key"):
        verify_anchors(store, lines, SECRET)
    lines.unlink()
    with pytest.raises(NotFound, match="no list of anchors"):
        verify_anchors(store, lines, signer)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # keys are the same whatever the database
def test_keys_come_from_files(store: Store, lines: Path, tmp_path: Path) -> None:
    pem, plain = Encoding.PEM, NoEncryption()
    (tmp_path / "private").write_bytes(PRIVATE.private_bytes(pem, PrivateFormat.PKCS8, plain))
    (tmp_path / "public").write_bytes(PRIVATE.public_key().public_bytes(pem, PublicFormat.SubjectPublicKeyInfo))
    (tmp_path / "secret").write_bytes(SECRET.secret)
    (tmp_path / "short").write_bytes(b"x" * 31)
    (tmp_path / "broken").write_bytes(b"-----BEGIN PRIVATE KEY-----\nno\n-----END PRIVATE KEY-----\n")
    other = X25519PrivateKey.generate().private_bytes(pem, PrivateFormat.PKCS8, plain)
    (tmp_path / "other").write_bytes(other)
    signer: Signer = read_signer(tmp_path / "private")
    assert signer.holds(b"text", signer.sign(b"text"))
    assert not signer.holds(b"test", signer.sign(b"text"))
    for name in ("private", "public"):
        assert all(v.holds for v in verify_anchors(store, lines, read_checker(tmp_path / name)))
    assert read_signer(tmp_path / "secret") == read_checker(tmp_path / "secret") == SECRET
    for name, says in {"short": "32 bytes", "broken": "no key in PEM", "other": "no Ed25519", "public": "PEM"}.items():
        with pytest.raises(Invalid, match=says):
            read_signer(tmp_path / name)
    with pytest.raises(NotFound, match="no key"):
        read_signer(tmp_path / "nowhere")
