"""A client of another tool that speaks the BCF-API, for tests."""

from typing import Any

from tests.api.web.site import Site
from tests.api.web.world import ROOT

CAMERA = {
    "camera_view_point": {"x": 367012.123456, "y": 5432100.654321, "z": 118.25},
    "camera_direction": {"x": 0.6, "y": 0.8, "z": 0.0},
    "camera_up_vector": {"x": 0.0, "y": 0.0, "z": 1.0},
}


class Client:
    """A BCF client: it knows the server's address and a token, and nothing else of this server."""

    def __init__(self, site: Site, who: str, scope: str = "write") -> None:
        given = {"name": "bcf", "scope": scope, "expires_at": "2026-12-01T00:00:00Z"}
        made = site.browsers[who].post("/auth/tokens", given)
        assert made.status_code == 201, made.text
        self.site = site
        self.client = site.world.browser().client
        self.headers = {"Authorization": f"Bearer {made.json()['secret']}"}
        self.base = f"{ROOT}/bcf/3.0/projects/{site.project}"

    def __call__(self, method: str, path: str, *, status: int = 200, json: Any = None, **more: Any) -> Any:
        address = path if path.startswith("/") else f"{self.base}/{path}".rstrip("/")
        headers = {**self.headers, **more.pop("headers", {})}
        if json is not None:
            more["json"] = json
        answer = self.client.request(method, address, headers=headers, **more)
        assert answer.status_code == status, answer.text
        kind = answer.headers.get("content-type", "")
        return answer.json() if "json" in kind else answer

    def get(self, path: str, status: int = 200, **more: Any) -> Any:
        return self("GET", path, status=status, **more)

    def post(self, path: str, json: Any, status: int = 201) -> Any:
        return self("POST", path, json=json, status=status)

    def put(self, path: str, json: Any, status: int = 200, **more: Any) -> Any:
        return self("PUT", path, json=json, status=status, **more)
