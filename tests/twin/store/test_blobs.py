"""Blobs: kept once, named by content, never handed out damaged; in a folder and in a real S3 server's words."""

import hashlib
import os
import tracemalloc
from collections.abc import Generator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twin.errors import Damaged, Invalid, NotFound
from twin.record import Actor
from twin.store.blob_register import find_garbage, keep, media_type, remove_garbage, require, scrub
from twin.store.blobs import PIECE, BlobStore, open_blobs
from twin.store.repository import Context, Store

HELLO = b"hello blob " * 1000
DAY = timedelta(days=1)


@pytest.fixture(scope="session")
def s3_address() -> Generator[str]:
    server = pytest.importorskip("moto.server", reason="no S3 server: make setup-dev installs moto")
    pytest.importorskip("s3fs", reason="no S3 client: make setup-dev installs s3fs")
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture(params=["folder", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BlobStore:
    if request.param == "folder":
        return open_blobs(f"file://{tmp_path}/blobs")
    address = request.getfixturevalue("s3_address")
    for name, value in {
        "AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    bucket = "b" + hashlib.sha256(str(tmp_path).encode()).hexdigest()[:20]
    store = open_blobs(f"s3://{bucket}/qtems")
    store.files.mkdir(bucket)
    return store


def damage(blobs: BlobStore, sha256: str) -> None:
    path = blobs.blob_path(sha256)
    content = bytearray(blobs.files.cat_file(path))
    content[len(content) // 2] ^= 1
    blobs.files.pipe_file(path, bytes(content))


def all_files(blobs: BlobStore) -> list[str]:
    return list(blobs.files.find(blobs.root))


def test_what_was_put_comes_back_and_the_same_content_is_kept_once(blobs: BlobStore, tmp_path: Path) -> None:
    content = blobs.put([HELLO[:10], HELLO[10:]])
    assert content.sha256 == hashlib.sha256(HELLO).hexdigest()
    (tmp_path / "file").write_bytes(HELLO)
    assert blobs.put_file(tmp_path / "file") == content
    assert list(blobs.list()) == [content]
    assert len(all_files(blobs)) == 1
    assert b"".join(blobs.read(content.sha256)) == HELLO
    assert (blobs.exists(content.sha256), blobs.size(content.sha256)) == (True, len(HELLO))
    with blobs.open(content.sha256) as stream:
        assert stream.read(5) == b"hello"
        assert stream.read() == HELLO[5:]
    with blobs.local_file(content.sha256, suffix=".ifc") as file:
        assert file.suffix == ".ifc"
        assert file.read_bytes() == HELLO
    assert not file.exists()


def test_nothing_at_all_is_content_too(blobs: BlobStore) -> None:
    content = blobs.put([])
    assert (content.size, list(blobs.read(content.sha256))) == (0, [])


def test_a_damaged_blob_never_comes_to_its_end(blobs: BlobStore) -> None:
    big = os.urandom(1000) * 3000
    content = blobs.put([big])
    damage(blobs, content.sha256)
    got: list[bytes] = []
    with pytest.raises(Damaged, match=f"{content.sha256} is damaged"):
        got.extend(blobs.read(content.sha256))
    assert sum(map(len, got)) < len(big)
    with pytest.raises(Damaged), blobs.open(content.sha256) as stream:
        stream.read()
    with pytest.raises(Damaged), blobs.local_file(content.sha256):
        raise AssertionError("a damaged blob was handed out as a file")
    assert blobs.put([big]) == content  # putting it again mends it
    assert b"".join(blobs.read(content.sha256)) == big


def test_a_shortened_blob_is_damaged_even_if_nothing_is_left(blobs: BlobStore) -> None:
    content = blobs.put([HELLO])
    blobs.files.pipe_file(blobs.blob_path(content.sha256), b"")
    with pytest.raises(Damaged):
        list(blobs.read(content.sha256))


def test_a_stream_that_breaks_leaves_no_blob(blobs: BlobStore) -> None:
    def broken() -> Iterator[bytes]:
        yield HELLO
        raise ConnectionError("the line went dead")

    with pytest.raises(ConnectionError):
        blobs.put(broken())
    assert all_files(blobs) == []


def test_what_a_killed_process_left_is_swept_after_a_day(blobs: BlobStore) -> None:
    path = blobs.path("incoming", "half")
    with blobs.create(path) as out:
        out.write(HELLO)
    now = datetime.now(UTC)
    assert list(blobs.list()) == []
    assert blobs.sweep_incoming(now) == 0
    assert blobs.sweep_incoming(now + 2 * DAY) == 1
    assert all_files(blobs) == []


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.integers(0, 12_000), length=st.integers(0, 12_000))
def test_ranges_are_the_slices_of_the_content(blobs: BlobStore, start: int, length: int) -> None:
    name = hashlib.sha256(HELLO).hexdigest()
    if not blobs.exists(name):
        blobs.put([HELLO])
    assert b"".join(blobs.read_range(name, start, length)) == HELLO[start : start + length]


def test_what_is_not_there_or_no_name_is_said_in_one_line(blobs: BlobStore) -> None:
    with pytest.raises(NotFound, match="no blob"):
        list(blobs.read("0" * 64))
    with pytest.raises(NotFound, match="no blob"):
        blobs.size("0" * 64)
    assert not blobs.exists("0" * 64)
    for name in ("../../etc/passwd", "A" * 64, "0" * 63):
        with pytest.raises(Invalid, match="64 hexadecimal"):
            list(blobs.read(name))
    with pytest.raises(Invalid, match="range"):
        list(blobs.read_range("0" * 64, -1, 5))


@pytest.mark.parametrize("url", ["blobs", "gopher://somewhere/blobs"])
def test_an_address_of_no_store_is_said_in_one_line(url: str) -> None:
    with pytest.raises(Invalid, match=r"write file:///FOLDER or s3://BUCKET/FOLDER") as caught:
        open_blobs(url)
    assert "\n" not in str(caught.value)


def test_gigabytes_go_through_in_flat_memory(tmp_path: Path) -> None:
    blobs = open_blobs(f"file://{tmp_path}/blobs")
    piece = bytes(range(256)) * 1024
    tracemalloc.start()
    try:
        content = blobs.put(piece for _ in range(1024))
        assert sum(len(p) for p in blobs.read(content.sha256)) == 256 << 20
        assert tracemalloc.get_traced_memory()[1] < 32 * PIECE  # of 256
    finally:
        tracemalloc.stop()


NOW = datetime.now(UTC)
"""The age of a file is what its own clock says, so these tests count from the real present."""
CONTEXT = Context(Actor("a" * 32, "Ann"), NOW)
LATER = Context(Actor("a" * 32, "Ann"), NOW + 3 * DAY)


@pytest.fixture
def folder(tmp_path: Path) -> BlobStore:
    return open_blobs(f"file://{tmp_path}/blobs")


def test_only_what_nothing_refers_to_is_collected_and_only_after_a_day(store: Store, folder: BlobStore) -> None:
    cited, in_trail, stray, unknown = (folder.put([text]) for text in (b"cited", b"trail", b"stray", b"unknown"))
    with store.write(CONTEXT) as unit:
        for content in (cited, in_trail, stray):
            keep(unit, folder, content, "text/plain")
            keep(unit, folder, content, "text/plain")
        require(unit, cited.sha256)
        unit.tell("1" * 32, "photo", {"sha256": cited.sha256})
        unit.note("looked_at", "photo:1", {"evidence": [{"sha256": in_trail.sha256}]})
        assert media_type(unit.connection, cited.sha256) == "text/plain"
    assert find_garbage(store, folder, NOW) == []
    garbage = sorted([stray, unknown], key=lambda c: c.sha256)
    assert find_garbage(store, folder, LATER.now) == garbage
    assert len(list(folder.list())) == 4
    with store.write(LATER) as unit:
        assert remove_garbage(unit, folder) == garbage
    assert {c.sha256 for c in folder.list()} == {cited.sha256, in_trail.sha256}
    with store.write(LATER) as unit:
        with pytest.raises(Invalid, match="upload it first"):
            require(unit, stray.sha256)
        with pytest.raises(NotFound, match="put it again"):
            keep(unit, folder, stray, "text/plain")


def test_a_row_that_lost_its_file_before_a_crash_is_collected_too(store: Store, folder: BlobStore) -> None:
    stray = folder.put([b"stray"])
    with store.write(CONTEXT) as unit:
        keep(unit, folder, stray, "text/plain")
    folder.remove(folder.blob_path(stray.sha256))
    with store.write(LATER) as unit:
        assert remove_garbage(unit, folder) == [stray]
    assert scrub(store, folder).holds


def test_the_scrub_finds_what_is_damaged_and_what_is_gone(store: Store, folder: BlobStore) -> None:
    good, bad, gone = (folder.put([text]) for text in (b"good", b"bad", b"gone"))
    with store.write(CONTEXT) as unit:
        for content in (good, bad, gone):
            keep(unit, folder, content, "text/plain")
    assert scrub(store, folder).holds
    damage(folder, bad.sha256)
    folder.remove(folder.blob_path(gone.sha256))
    found = scrub(store, folder)
    assert (found.checked, found.damaged, found.missing) == (2, (bad.sha256,), (gone.sha256,))
    assert not found.holds
