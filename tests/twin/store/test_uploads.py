"""Uploads: what came stays, a wrong offset is told the right one, and only what was declared becomes a blob."""

import hashlib
import random
import threading
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import twin.operations.uploads as operation
from twin.errors import Conflict, Invalid, NotFound, Refused
from twin.operations.uploads import (
    LIFETIME,
    abort_upload,
    append_to_upload,
    begin_upload,
    expire_uploads,
    find_upload,
    finish_upload,
)
from twin.record import Actor
from twin.store.blob_register import find_garbage, media_type
from twin.store.blobs import BlobStore, open_blobs
from twin.store.repository import Context, Store
from twin.store.trail import events

P = "1" * 32
ID = "2" * 32
CONTENT = random.Random(7).randbytes(10_000)
CONTEXT = Context(Actor("a" * 32, "Ann"), datetime.now(UTC))


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return open_blobs(f"file://{tmp_path}/blobs")


def named(store: Store) -> Store:
    return replace(store, new_id=lambda: ID)


def begin(store: Store, content: bytes = CONTENT, *, sha256: str | None = None) -> None:
    digest = sha256 or hashlib.sha256(content).hexdigest()
    begin_upload(named(store), CONTEXT, P, name="scan.e57", size=len(content), sha256=digest, media_type="model/e57")


def append(store: Store, blobs: BlobStore, start: int, stop: int, identifier: str = ID) -> int:
    piece = CONTENT[start:stop]
    stream = [piece[i : i + 700] for i in range(0, len(piece), 700)]
    return append_to_upload(store, blobs, CONTEXT, identifier, start, stream=stream).received


def files(blobs: BlobStore) -> list[str]:
    return list(blobs.listing("uploads")) + list(blobs.listing("incoming"))


def test_a_file_that_comes_in_pieces_is_one_blob(store: Store, blobs: BlobStore) -> None:
    begin(store)
    assert append(store, blobs, 0, 4000) == 4000
    assert append(store, blobs, 4000, 4001) == 4001
    assert find_upload(store, CONTEXT, ID).received == 4001
    assert append(store, blobs, 4001, 10_000) == 10_000
    content = finish_upload(store, blobs, CONTEXT, ID)
    assert b"".join(blobs.read(content.sha256)) == CONTENT
    assert finish_upload(store, blobs, CONTEXT, ID) == content
    assert files(blobs) == []
    with store.read() as view:
        assert media_type(view.connection, content.sha256) == "model/e57"
        (event,) = events(view.connection, P)
        assert event.event.after == {"name": "scan.e57", "sha256": content.sha256, "size": 10_000}


def test_a_wrong_offset_is_answered_with_the_right_one(store: Store, blobs: BlobStore) -> None:
    begin(store)
    append(store, blobs, 0, 4000)
    for offset in (0, 3999, 4001):
        with pytest.raises(Conflict, match="go on from offset 4000"):
            append(store, blobs, offset, offset + 10)
    append(store, blobs, 4000, 10_000)
    finish_upload(store, blobs, CONTEXT, ID)
    with pytest.raises(Conflict, match="go on from offset 10000"):
        append(store, blobs, 0, 10)


def test_what_came_before_the_line_broke_is_kept(store: Store, blobs: BlobStore) -> None:
    def broken() -> Iterator[bytes]:
        yield CONTENT[:1234]
        yield CONTENT[1234:2345]
        raise ConnectionResetError("peer is gone")

    begin(store)
    with pytest.raises(ConnectionResetError):
        append_to_upload(store, blobs, CONTEXT, ID, 0, stream=broken())
    assert find_upload(store, CONTEXT, ID).received == 2345
    append(store, blobs, 2345, 10_000)
    assert finish_upload(store, blobs, CONTEXT, ID).size == 10_000


def test_two_who_send_the_same_piece_do_not_double_it(store: Store, blobs: BlobStore) -> None:
    begin(store)
    gate = threading.Barrier(2, timeout=20)
    told: list[str] = []

    def waiting(piece: bytes) -> Iterator[bytes]:
        gate.wait()
        yield piece

    def send() -> None:
        try:
            append_to_upload(store, blobs, CONTEXT, ID, 0, stream=waiting(CONTENT))
            told.append("ok")
        except Conflict as error:
            told.append(str(error))

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told)[0] == "ok"
    assert "go on from offset 10000" in sorted(told)[1]
    assert finish_upload(store, blobs, CONTEXT, ID).size == 10_000
    assert files(blobs) == []


def test_what_is_not_what_was_declared_never_becomes_a_blob(store: Store, blobs: BlobStore) -> None:
    begin(store, sha256="0" * 64)
    append(store, blobs, 0, 10_000)
    with pytest.raises(Invalid, match="as declared"):
        finish_upload(store, blobs, CONTEXT, ID)
    assert list(blobs.list()) == []
    assert files(blobs) == []
    with pytest.raises(NotFound, match="begin again"):
        find_upload(store, CONTEXT, ID)


def test_a_part_is_not_the_whole(store: Store, blobs: BlobStore) -> None:
    begin(store)
    append(store, blobs, 0, 9_000)
    with pytest.raises(Refused, match="from offset 9000") as caught:
        finish_upload(store, blobs, CONTEXT, ID)
    assert caught.value.missing == ("1000 bytes",)


def test_more_than_was_declared_is_refused_and_not_kept(store: Store, blobs: BlobStore) -> None:
    begin(store)
    append(store, blobs, 0, 9_000)
    with pytest.raises(Invalid, match="more came"):
        append_to_upload(store, blobs, CONTEXT, ID, 9_000, stream=[CONTENT[9_000:], b"x"])
    assert find_upload(store, CONTEXT, ID).received == 9_000
    assert append(store, blobs, 9_000, 10_000) == 10_000
    assert finish_upload(store, blobs, CONTEXT, ID).size == 10_000


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": ""}, "name"), ({"name": "../x"}, "name"), ({"name": "a\nb"}, "name"), ({"name": "x" * 256}, "name"),
        ({"size": -1}, "bytes"), ({"size": 101}, "bytes"), ({"sha256": "A" * 64}, "hexadecimal"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(change: dict[str, str | int], says: str, store: Store) -> None:
    fields: dict[str, object] = {"name": "a.ifc", "size": 1, "sha256": "0" * 64, **change}
    with pytest.raises(Invalid, match=says):
        begin_upload(named(store), CONTEXT, P, largest=100, **fields)  # pyright: ignore[reportArgumentType]


def test_an_upload_is_its_users_alone(store: Store, blobs: BlobStore) -> None:
    begin(store)
    other = replace(CONTEXT, actor=Actor("b" * 32, "Bob"))
    for act in (
        lambda: find_upload(store, other, ID),
        lambda: append_to_upload(store, blobs, other, ID, 0, stream=[b"x"]),
        lambda: finish_upload(store, blobs, other, ID),
        lambda: abort_upload(store, blobs, other, ID),
    ):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(Conflict, match="already"):
        begin(store)


def test_what_is_given_up_or_over_leaves_nothing(store: Store, blobs: BlobStore) -> None:
    begin(store)
    append(store, blobs, 0, 4000)
    abort_upload(store, blobs, CONTEXT, ID)
    assert files(blobs) == []
    begin(store)
    append(store, blobs, 0, 4000)
    with blobs.create(blobs.new_path("uploads", "9" * 32)) as orphan:
        orphan.write(b"left by a crash")
    assert expire_uploads(store, blobs, CONTEXT) == 0
    assert len(files(blobs)) == 2
    later = replace(CONTEXT, now=CONTEXT.now + LIFETIME + timedelta(seconds=1))
    assert expire_uploads(store, blobs, later) == 1
    assert files(blobs) == []


def test_a_complete_upload_holds_its_file_until_a_record_does(store: Store, blobs: BlobStore) -> None:
    begin(store)
    append(store, blobs, 0, 10_000)
    finish_upload(store, blobs, CONTEXT, ID)
    assert find_garbage(store, blobs, CONTEXT.now + timedelta(days=3)) == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # the bytes go past the database: once is enough
def test_a_quarter_of_a_gigabyte_comes_in_with_flat_memory(
    store: Store, blobs: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operation, "_PIECE_FILE", 16 << 20)
    piece, count = bytes(64 << 10), 4096
    digest = hashlib.sha256()
    for _ in range(count):
        digest.update(piece)
    size = len(piece) * count
    begin_upload(named(store), CONTEXT, P, name="big.e57", size=size, sha256=digest.hexdigest())
    tracemalloc.start()
    try:
        append_to_upload(store, blobs, CONTEXT, ID, 0, stream=(piece for _ in range(count)))
        content = finish_upload(store, blobs, CONTEXT, ID)
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()
    assert blobs.size(content.sha256) == size == 256 << 20
