"""``qtems serve`` as people start it: one command, one line with the address, one signal and all of it is gone."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

import httpx2
import pytest

from api.arguments import build_parser
from api.cli import main
from api.process import listen_on
from api.serve import way_in
from api.settings import load_settings, secret_key
from tests.api.web.world import PASSWORD, make_world
from twin.errors import Invalid

_PATIENCE_S = 60


@contextmanager
def serving(folder: Path, *options: str) -> Generator[tuple[subprocess.Popen[str], list[str]]]:
    """Start a server on a free port and give its output up to the line with its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "api.start", "serve", "--port", "0", "--data-dir", str(folder), *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("qtems "):
                break
        yield process, lines
    finally:
        process.kill()
        process.communicate()


def address_of(lines: Sequence[str]) -> str:
    found = re.search(r"at (http://\S+)", lines[-1])
    assert found, lines
    return found[1]


def children_of(process: subprocess.Popen[str]) -> list[int]:
    """Return whose parent a process is, as Linux tells: a bare system has no ps."""
    found: list[int] = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended meanwhile
            number, _, rest = status.read_text().partition(" ")
            if rest.rpartition(")")[2].split()[1] == str(process.pid):
                found.append(int(number))
    return found


def worker_of(process: subprocess.Popen[str], *, but: int = 0) -> int:
    """Return the one child of a server, as soon as there is one other than ``but``."""
    for _ in range(10 * _PATIENCE_S):
        alive = [pid for pid in children_of(process) if pid != but]
        if alive:
            (worker,) = alive
            return worker
        time.sleep(0.1)
    raise AssertionError("no worker was started")


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until_gone(pid: int) -> None:
    for _ in range(10 * _PATIENCE_S):
        if not is_alive(pid):
            return
        time.sleep(0.1)  # another process has no event to wait for
    pytest.fail(f"process {pid} is still there")


def test_one_command_serves_and_the_first_start_shows_a_password_once(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as (process, lines):
        password = lines[1].split()[-1]
        url = address_of(lines)
        client = httpx2.Client(base_url=f"{url}/api/v1", timeout=_PATIENCE_S)
        assert client.get("/ready").json()["status"] == "ready"
        signed = client.post("/auth/sign-in", json={"login": "admin", "password": password})
        assert signed.json()["user"]["must_change_password"] is True
        assert "server" not in signed.headers
        worker = worker_of(process)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=_PATIENCE_S)
        assert process.returncode == 0, err
        assert out == "qtems: stopped\n"
        assert "Traceback" not in err
        wait_until_gone(worker)
    others = [path for path in (tmp_path / "data", *(tmp_path / "data").rglob("*")) if path.stat().st_mode & 0o077]
    assert others == [], "the data hold password digests: they are their owner's alone"
    with serving(tmp_path / "data", "--no-worker") as (process, lines):
        assert len(lines) == 1, "no password on the second start"
        assert children_of(process) == []
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=_PATIENCE_S)
        assert process.returncode == 0, err
        assert "Traceback" not in err


def test_a_worker_that_dies_is_started_again_and_ends_with_a_killed_server(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, _):
        first = worker_of(process)
        os.kill(first, signal.SIGKILL)
        second = worker_of(process, but=first)
        assert process.poll() is None, "the server itself goes on"
        process.kill()
        wait_until_gone(second)
        assert not is_alive(first)
        assert not is_alive(second)


def test_a_server_that_ends_keeps_what_came_of_a_running_upload_and_ends_at_once(tmp_path: Path) -> None:
    """As with a line that breaks: what was sent is there, and the rest is sent to the next server."""
    whole, came = os.urandom(12 << 20), 9 << 20
    with serving(tmp_path, "--no-worker") as (process, lines):
        url = address_of(lines)
        headers, client = signed_in(url, lines[1].split()[-1])
        firm = client.post("/organisations", json={"name": "Firm"}, headers=headers).json()["id"]
        given = {"organisation": firm, "key": "TOWER", "name": "Tower"}
        project = client.post("/projects", json=given, headers=headers).json()["id"]
        given = {"name": "site.e57", "size": len(whole), "sha256": sha256(whole).hexdigest()}
        address = client.post(f"/projects/{project}/uploads", json=given, headers=headers).headers["Location"]
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        sent = {**headers, "Cookie": cookie, "Upload-Offset": "0", "Content-Length": str(len(whole)), "Host": "here"}
        head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as line:
            line.sendall(f"PATCH {address} HTTP/1.1\r\n{head}\r\n".encode() + whole[:came])
            path = address.removeprefix("/api/v1")
            while client.get(path).json()["received"] < 8 << 20:  # each question is another turn of its loop
                pass
            for _ in range(50):
                client.get("/health")
            begun = time.monotonic()
            process.send_signal(signal.SIGTERM)
            answer = line.recv(1 << 16).decode()
            _, err = process.communicate(timeout=_PATIENCE_S)
            took = time.monotonic() - begun
        assert (process.returncode, "Traceback" in err, "ERROR" in err) == (0, False, False), err
        assert took < 8, "less than it waits for what does not end"
        assert f"upload-offset: {came}" in answer.lower()
    with serving(tmp_path, "--no-worker") as (_, lines):
        client.base_url = f"{address_of(lines)}/api/v1"
        assert client.get(path).json()["received"] == came
        rest = {**headers, "Upload-Offset": str(came)}
        assert client.patch(path, content=whole[came:], headers=rest).status_code == 200
        assert client.post(f"{path}/finish", headers=headers).json()["complete"] is True


def signed_in(url: str, password: str) -> tuple[dict[str, str], httpx2.Client]:
    """Return a client with a password of its own, and what it sends against forged requests."""
    client = httpx2.Client(base_url=f"{url}/api/v1", timeout=_PATIENCE_S)
    told = client.post("/auth/sign-in", json={"login": "admin", "password": password}).json()
    headers, own = {"X-CSRF-Token": told["csrf_token"]}, {"current": password, "new": PASSWORD}
    assert client.put("/auth/password", json=own, headers=headers).status_code == 204
    return headers, client


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Return what runs a command that ends by itself, and gives its status and what it said."""

    def here(*arguments: str) -> tuple[int, str]:
        status = main(list(arguments))
        captured = capsys.readouterr()
        assert captured.out == "", "it promises nothing"
        return status, captured.err

    return here


def test_what_stands_in_the_way_is_said_in_one_line(tmp_path: Path, run: Callable[..., tuple[int, str]]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        status, said = run("serve", "--port", port, "--data-dir", str(tmp_path))
    assert status == 2
    assert f"port {port} of 127.0.0.1 is taken by another program: choose another --port" in said
    assert "free space" not in said
    status, said = run("serve", "--host", "192.0.2.7", "--port", "0", "--data-dir", str(tmp_path))
    assert (status, "choose another --host" in said) == (2, True)
    status, said = run("serve", "--port", "0", "--data-dir", str(tmp_path), "--database-url", "mysql://x")
    assert (status, said.count("\n")) == (2, 1)
    assert "mysql is not supported" in said
    away = "postgresql://u:topsecret@127.0.0.1:9/x"
    status, said = run("serve", "--port", "0", "--data-dir", str(tmp_path), "--database-url", away)
    assert status == 2
    assert "the database cannot be reached" in said
    assert "topsecret" not in said


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--queue-url", "amqp://x", "no address of a queue"),
        ("--blob-url", "ftp://x/y", "no address of a blob store"),
        ("--blob-url", "file:///proc/nowhere", "files cannot be kept"),
    ],
)
def test_what_cannot_serve_promises_nothing(
    tmp_path: Path, option: str, value: str, says: str, run: Callable[..., tuple[int, str]]
) -> None:
    status, said = run("serve", "--port", "0", "--data-dir", str(tmp_path), option, value)
    assert (status, said.count("\n")) == (2, 1), said
    assert says in said


def test_a_kept_connection_does_not_wait_for_acknowledgements() -> None:
    with listen_on("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:  # else a small answer waits 40 ms until the client says that the one before has come
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_who_has_the_machine_gets_in_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = make_world(tmp_path)
    world.administrator()
    assert main(["password", "ADMIN", "--data-dir", str(tmp_path)]) == 0
    password = capsys.readouterr().out.split()[-1]
    assert world.browser().sign_in("admin").status_code == 401
    assert world.browser().sign_in("admin", password).json()["user"]["must_change_password"] is True
    assert main(["password", "nobody", "--data-dir", str(tmp_path)]) == 2
    assert "there is no account 'nobody'" in capsys.readouterr().err


def test_the_viewer_is_served_beside_the_interface_when_it_was_built(tmp_path: Path) -> None:
    static = tmp_path / "static"
    static.mkdir()
    (static / "index.html").write_text("<title>viewer</title>")
    (static / "app.js").write_text("go()")
    browser = make_world(tmp_path, static_dir=static).browser()
    page = browser.client.get("/")
    assert page.text == "<title>viewer</title>"
    assert "script-src 'self' 'wasm-unsafe-eval'" in page.headers["content-security-policy"]
    assert browser.client.get("/app.js").headers["content-type"].startswith("text/javascript")
    assert browser.client.get("/nothing.js").status_code == 404
    assert browser.client.get("/../qtems.db").status_code == 404
    assert browser.client.get("/api/v1/nothing").json()["type"] == "urn:qtems:problem:not-found"
    assert browser.get("/health").json() == {"status": "ok"}


def test_the_first_start_says_where_one_can_sign_in(tmp_path: Path) -> None:
    settings = load_settings({"QTEMS_STATIC_DIR": str(tmp_path / "static"), "QTEMS_BASE_URL": "https://q.example.com"})
    assert way_in(settings).endswith("sign in with POST https://q.example.com/api/v1/auth/sign-in")
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "index.html").write_text("<!doctype html>")
    assert way_in(settings) == "Sign in at https://q.example.com"


def test_help_says_how_to_point_it_elsewhere_and_how_to_run_it_apart(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build_parser("0").parse_args(["serve", "--help"])
    told = capsys.readouterr().out
    for word in (
        "postgresql://",
        "redis://",
        "s3://",
        "AWS_ENDPOINT_URL",
        "--no-worker",
        "qtems worker",
        "QTEMS_BASE_URL",
    ):
        assert word in told


def test_settings_come_from_the_environment_and_arguments_win(tmp_path: Path) -> None:
    environ = {"QTEMS_DATA_DIR": str(tmp_path), "QTEMS_PORT": "9000", "QTEMS_SESSION_HOURS": "4", "QTEMS_HOST": ""}
    settings = load_settings(environ, port=9001, base_url=None)
    assert settings.port == 9001
    assert settings.base_url == "http://127.0.0.1:9001"
    assert settings.session_limits.absolute.total_seconds() == 4 * 3600
    assert settings.database_url == f"sqlite:///{tmp_path}/qtems.db"
    assert not settings.is_https
    assert load_settings(environ, base_url="https://q.example.com/").is_https


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"QTEMS_PORT": "many"}, "QTEMS_PORT"),
        ({"QTEMS_PORT": "70000"}, "QTEMS_PORT"),
        ({"QTEMS_BASE_URL": "quality.example.com"}, "QTEMS_BASE_URL: is like https://"),
        ({"QTEMS_BASE_URL": "https://example.com/qtems"}, "without a path"),
        ({"QTEMS_OIDC_ISSUER": "http://issuer.example.com"}, "must begin with https://"),
        ({"QTEMS_OIDC_ISSUER": "https://issuer.example.com"}, "oidc_client_id is missing"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(environ: dict[str, str], says: str) -> None:
    with pytest.raises(Invalid, match=re.escape(says)):
        load_settings(environ)


def test_the_secret_key_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "secret.key"
    key = secret_key(file)
    assert (len(key), secret_key(file)) == (32, key)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [f.name for f in file.parent.iterdir()] == ["secret.key"]
    file.write_text("short")
    with pytest.raises(Invalid, match="is no secret key"):
        secret_key(file)


def test_no_secret_of_the_settings_is_shown(tmp_path: Path) -> None:
    settings = load_settings({}, data_dir=tmp_path, oidc_client_secret="hush")
    assert "hush" not in repr(settings)
