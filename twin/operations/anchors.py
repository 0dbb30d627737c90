"""Keeping the heads of the audit streams where whoever rules the database cannot reach, and checking against them.

The chain alone does not show that its newest events were cut off or that a whole stream was written anew; a head that
was signed and kept elsewhere does (21 CFR 11.10 c, e). Each line of the file is one head: JSON with its signature.
Keep the file on another machine, on write-once storage, or send it to a second party. With an Ed25519 key only who
anchors holds what can sign; with HMAC, whoever checks could sign, too.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from twin.audit import Anchor, Verification
from twin.errors import Damaged, Invalid, NotFound
from twin.record import Json, canonical_json, timestamp
from twin.store.reconcile import streams_and_projects, verify_stream_and_records
from twin.store.repository import Context, Store
from twin.store.trail import current_anchor, events, note_anchor, streams
from twin.store.view import View


class Checker(Protocol):
    """What can tell a signature."""

    @property
    def name(self) -> str:
        """Which kind it is: a line names it."""
        ...

    def holds(self, text: bytes, signature: bytes) -> bool:
        """Whether ``signature`` is that of ``text``."""
        ...


class Signer(Checker, Protocol):
    """What can sign, too."""

    def sign(self, text: bytes) -> bytes:
        """Return the signature of ``text``."""
        ...


@dataclass(frozen=True, slots=True)
class HmacKey:
    """A secret that signs and checks."""

    secret: bytes
    name: str = "hmac-sha256"

    def __post_init__(self) -> None:
        """Refuse a secret that can be guessed."""
        if len(self.secret) < 32:
            raise Invalid("the secret that signs anchors has 32 bytes or more")

    def sign(self, text: bytes) -> bytes:
        """Return the signature of ``text``."""
        return hmac.new(self.secret, text, hashlib.sha256).digest()

    def holds(self, text: bytes, signature: bytes) -> bool:
        """Whether ``signature`` is that of ``text``."""
        return hmac.compare_digest(self.sign(text), signature)


@dataclass(frozen=True, slots=True)
class Ed25519Checker:
    """A public key."""

    key: Ed25519PublicKey
    name: str = "ed25519"

    def holds(self, text: bytes, signature: bytes) -> bool:
        """Whether ``signature`` is that of ``text``."""
        try:
            self.key.verify(signature, text)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Ed25519Signer:
    """A private key."""

    key: Ed25519PrivateKey
    name: str = "ed25519"

    def sign(self, text: bytes) -> bytes:
        """Return the signature of ``text``."""
        return self.key.sign(text)

    def holds(self, text: bytes, signature: bytes) -> bool:
        """Whether ``signature`` is that of ``text``."""
        return Ed25519Checker(self.key.public_key()).holds(text, signature)


def read_signer(file: Path) -> Signer:
    """Return the key in a file: a PEM with an Ed25519 private key, or any 32 bytes or more as a secret for HMAC."""
    content = _content(file)
    if not content.startswith(b"-----BEGIN"):
        return HmacKey(content)
    key = _pem(file, lambda: load_pem_private_key(content, None))
    if isinstance(key, Ed25519PrivateKey):
        return Ed25519Signer(key)
    raise Invalid(f"{file} holds no Ed25519 private key; make one: openssl genpkey -algorithm ed25519 -out {file}")


def read_checker(file: Path) -> Checker:
    """Return what checks with the key in a file: a PEM with an Ed25519 key, public or private, or a secret for HMAC."""
    content = _content(file)
    if content.startswith(b"-----BEGIN PUBLIC"):
        key = _pem(file, lambda: load_pem_public_key(content))
        if isinstance(key, Ed25519PublicKey):
            return Ed25519Checker(key)
        raise Invalid(f"{file} holds no Ed25519 public key")
    return read_signer(file)


def write_anchors(store: Store, context: Context, file: Path, signer: Signer) -> list[Anchor]:
    """Append the head of every stream that went on since its last line, and return those heads.

    The file is on the disk before the database says that a head is kept there.

    Raises
    ------
    Damaged
        If the database no longer has the event that a stream's last line is of: nothing is anchored on top of that.
    """
    with store.write(context) as unit:
        store.database.lock(unit.connection, "anchors")  # one at a time writes the file, on whichever machine
        last = {anchor.stream: anchor for anchor in read_anchors(file, signer)} if file.exists() else {}
        for anchor in last.values():
            _require_kept(unit, anchor)
        heads = [current_anchor(unit.connection, stream, context.now) for stream in streams(unit.connection)]
        heads = [anchor for anchor in heads if anchor.stream not in last or last[anchor.stream].seq != anchor.seq]
        _append(file, [_line(anchor, signer) for anchor in heads])
        for anchor in heads:
            note_anchor(unit.connection, anchor, str(file))
    return heads


def read_anchors(file: Path, checker: Checker) -> Iterator[Anchor]:
    """Yield the heads in a file; a last line that a crash broke off is none.

    Raises
    ------
    Damaged
        If a line is none, or was not signed with this key.
    """
    if not file.is_file():
        raise NotFound(f"there is no list of anchors {file}")
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.endswith(b"\n"):
                return
            yield _read_line(line, checker, f"{file}, line {number}")


def verify_anchors(store: Store, file: Path, checker: Checker) -> list[Verification]:
    """Go through every stream from its beginning and hold it against the heads in the file and in the database.

    Every record is held against its stream, too. A stream that is in the file and no longer in the database comes out
    as one that was cut off.
    """
    kept: dict[str, dict[int, Anchor]] = {}
    for anchor in read_anchors(file, checker):
        known = kept.setdefault(anchor.stream, {}).setdefault(anchor.seq, anchor)
        if known.head != anchor.head:
            raise Damaged(
                f"{file} has two heads of event {anchor.seq} of stream {anchor.stream}: one was not the truth"
            )
    with store.read() as view:
        names = sorted({*streams_and_projects(view.connection), *kept})
    return [_verify(store, name, kept.get(name, {})) for name in names]


def verify_streams(store: Store) -> list[Verification]:
    """Go through every stream without a file: that shows bent and missing events and records, not a cut tail."""
    with store.read() as view:
        names = streams_and_projects(view.connection)
    return [_verify(store, name, {}) for name in names]


def _verify(store: Store, stream: str, kept: dict[int, Anchor]) -> Verification:
    with store.read() as view:
        return verify_stream_and_records(view.connection, stream, kept.values())


def _require_kept(view: View, anchor: Anchor) -> None:
    kept = next(events(view.connection, anchor.stream, after=anchor.seq - 1, limit=1), None)
    if kept is None or kept.hash != anchor.head:
        raise Damaged(
            f"event {anchor.seq} of audit stream {anchor.stream} is not the one that an anchor was kept of; "
            "run qtems audit verify and find out who had access to the database"
        )


def _append(file: Path, lines: list[bytes]) -> None:
    """Append whole lines, after the last one that is whole: a crash may have broken one off."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab") as out:
        out.truncate(file.read_bytes().rfind(b"\n") + 1)
        out.writelines(lines)
        out.flush()
        os.fsync(out.fileno())


def _signed(anchor: Anchor) -> dict[str, Json]:
    return {"at": timestamp(anchor.at), "head": anchor.head.hex(), "seq": anchor.seq, "stream": anchor.stream}


def _line(anchor: Anchor, signer: Signer) -> bytes:
    content = {**_signed(anchor), "key": signer.name}
    return canonical_json({**content, "signature": signer.sign(canonical_json(content)).hex()}) + b"\n"


def _read_line(line: bytes, checker: Checker, where: str) -> Anchor:
    try:
        told = json.loads(line)
        signature, name = bytes.fromhex(told.pop("signature")), told["key"]
        anchor = Anchor(told["stream"], told["seq"], bytes.fromhex(told["head"]), datetime.fromisoformat(told["at"]))
        text = canonical_json(told)
    except (ValueError, KeyError, TypeError, AttributeError, Invalid) as error:
        raise Damaged(f"{where}: this is no anchor; the line was cut or changed") from error
    if name != checker.name:
        raise Invalid(f"{where}: it was signed with {name}, the key given is one of {checker.name}; give the right key")
    if not checker.holds(text, signature):
        raise Damaged(f"{where}: its signature is not of this key; the line was changed, or the key is another one")
    return anchor


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise NotFound(f"there is no key in {file}: {error.strerror}") from error


def _pem(file: Path, load: Callable[[], object]) -> object:
    try:
        return load()
    except (ValueError, TypeError) as error:
        raise Invalid(f"{file} is no key in PEM without a password") from error
