"""``qtems serve`` and its worker with PostgreSQL, Redis, S3 and a company's sign-in, each a real server beside it."""

import os
from collections.abc import Generator
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlsplit

import httpx2
import pytest

from tests import servers
from tests.api.ifc_hall import write_ifc_hall
from tests.api.web.issuer import CLIENT, SECRET, LocalIssuer, running
from tests.api.web.test_serve import address_of, serving, signed_in

BUCKET = "records"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Generator[str]:
    server = pytest.importorskip("moto.server", reason="no S3 server: make setup-dev installs moto")
    pytest.importorskip("s3fs", reason="no S3 client: make setup-dev installs s3fs")
    answering = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    answering.start()
    host, port = answering.get_host_and_port()
    given = {"ENDPOINT_URL": f"http://{host}:{port}", "ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test"}
    for name, value in {**given, "DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    httpx2.put(f"http://{host}:{port}/{BUCKET}").raise_for_status()
    yield f"s3://{BUCKET}/qtems"
    answering.stop()


@pytest.mark.nightly
def test_one_command_serves_from_other_machines(tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    issuer = LocalIssuer()
    with running(issuer), servers.postgres_database(tables=False) as database:
        given = {"ISSUER": issuer.url, "CLIENT_ID": CLIENT, "CLIENT_SECRET": SECRET, "CREATE_ACCOUNTS": "true"}
        for name, value in given.items():
            monkeypatch.setenv(f"QTEMS_OIDC_{name}", value)
        places = ("--database-url", database, "--queue-url", servers.redis(), "--blob-url", s3)
        with serving(tmp_path / "data", *places) as (_, lines):
            url = address_of(lines)
            headers, admin = signed_in(url, lines[1].split()[-1])
            job, project = taken_in(headers, admin, tmp_path)
            assert job["state"] == "succeeded", job
            assert admin.get(f"{project}/models/{job['makes']}").status_code == 200
            browser = httpx2.Client(base_url=url)
            begun = browser.get("/api/v1/auth/oidc/start?next=/projects")
            back = issuer.authorise(begun.headers["location"])
            finished = browser.get(urlsplit(str(begun.url)).path.replace("start", "callback"), params=back)
            assert (finished.status_code, finished.headers["location"]) == (302, "/projects")
            assert browser.get("/api/v1/auth/me").json()["user"]["name"] == "Ann Wu"
    kept = httpx2.get(f"{os.environ['AWS_ENDPOINT_URL']}/{BUCKET}?list-type=2").text
    assert "<Key>qtems/" in kept, "the files are in the bucket"
    assert not (tmp_path / "data" / "qtems.db").exists()
    assert not (tmp_path / "data" / "blobs").exists()


def taken_in(headers: dict[str, str], admin: httpx2.Client, folder: Path) -> tuple[dict[str, str], str]:
    """Take a model in; return the job, once the worker has ended it, and the project's address."""
    model = write_ifc_hall(folder / "hall.ifc").read_bytes()
    firm = admin.post("/organisations", json={"name": "Firm"}, headers=headers).json()["id"]
    given = {"organisation": firm, "key": "TOWER", "name": "Tower"}
    project = f"/projects/{admin.post('/projects', json=given, headers=headers).json()['id']}"
    begun = {"name": "hall.ifc", "size": len(model), "sha256": sha256(model).hexdigest()}
    upload = admin.post(f"{project}/uploads", json=begun, headers=headers).json()["id"]
    sent = {**headers, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    admin.patch(f"{project}/uploads/{upload}", content=model, headers=sent).raise_for_status()
    admin.post(f"{project}/uploads/{upload}/finish", headers=headers).raise_for_status()
    job = admin.post(f"{project}/models", json={"upload": upload}, headers=headers).json()
    patience = monotonic() + 120
    while job["state"] in ("queued", "running") and monotonic() < patience:
        sleep(0.2)
        job = admin.get(f"{project}/jobs/{job['id']}").json()
    return job, project
