"""What docs/api.md gives people to copy does what it says."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.api.web.live import live_server
from tests.api.web.world import ROOT, make_world
from twin.jobs.notify import TOLERANCE_S, sign

DOCUMENT = (Path(__file__).resolve().parents[3] / "docs" / "api.md").read_text()
SECRET = "a shared secret!"


def block(language: str, holding: str) -> str:
    (found,) = (one for one in re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL) if holding in one)
    return found


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl: apt install curl")
def test_the_way_from_the_first_start_to_a_token(tmp_path: Path) -> None:
    world = make_world(tmp_path / "world")
    world.clock.now = datetime.now(UTC)  # the token of the document ends 90 days from today
    given = block("sh", "ONCE=").replace("http://127.0.0.1:8080", "$SERVER").replace("ONCE=...", "ONCE=$GIVEN")
    assert given.count("$SERVER") == given.count("$GIVEN") == 1
    with live_server(world) as (host, port):
        once = world.first_password
        environment = {"PATH": "/usr/bin:/bin:/usr/local/bin", "SERVER": f"http://{host}:{port}", "GIVEN": once}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", given], cwd=tmp_path, env=environment, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
    world.services.store.database.close()
    assert done.returncode == 0, done.stdout + done.stderr
    projects = json.loads(done.stdout[done.stdout.index('{"items"') :])["items"]
    assert [(one["key"], one["name"]) for one in projects] == [("HOUSE", "House")]
    assert ROOT == "/api/v1"
    assert list(tmp_path.glob("*.jar")) == []


def test_the_check_of_a_webhooks_signature() -> None:
    names: dict[str, Any] = {}
    exec(block("python", "def is_from_qtems"), names)
    is_from_qtems: Callable[[str, bytes, str], bool] = names["is_from_qtems"]
    now = datetime.now(UTC)
    header = sign(SECRET, b'{"id": 1}', now)
    assert is_from_qtems(SECRET, b'{"id": 1}', header)
    assert not is_from_qtems(SECRET, b'{"id": 2}', header)
    assert not is_from_qtems("another secret!!", b'{"id": 1}', header)
    late = datetime.fromtimestamp(time.time() - TOLERANCE_S - 5, UTC)
    assert not is_from_qtems(SECRET, b"{}", sign(SECRET, b"{}", late))
    for odd in ("", "t=", "t=x,v1=y", "v1=" + "0" * 64, header.replace("v1", "v2"), "t=٣,v1=é", header + "0"):
        assert not is_from_qtems(SECRET, b'{"id": 1}', odd), odd
