"""Pages that tests use one after the other: each begins with nothing that the last one left.

To load the viewer into a new process of the browser takes four times as much as into one that has compiled it before.
So a page that a test has done with is emptied (cookies, storage, routes, where the pointer is) and handed to the next
that asks for one of the same kind. What a test that fails used is not used again.
"""

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tests.api.web.world import PASSWORD

_Kind: TypeAlias = "tuple[str, bool]"
PATIENCE_MS = 60_000


@dataclass
class Pages:
    """Pages of one browser that nobody uses now, by language and whether they are touched."""

    browser: Any
    free: dict[_Kind, list[Any]] = field(default_factory=dict[_Kind, list[Any]])
    lent: dict[Any, _Kind] = field(default_factory=dict[Any, _Kind])

    def take(self, *, size: tuple[int, int], language: str, touch: bool) -> Any:
        """Return a page of somebody who has not signed in and has seen the tour."""
        kind = (language, touch)
        free = self.free.setdefault(kind, [])
        page = free.pop() if free else self._made(size, kind)
        page.set_viewport_size({"width": size[0], "height": size[1]})
        self.lent[page] = kind
        return page

    def _made(self, size: tuple[int, int], kind: _Kind) -> Any:
        return fresh(self.browser, size=size, language=kind[0], touch=kind[1])

    def leave(self, page: Any) -> None:
        """Empty a page for whoever comes next; one that was not taken here is closed with its context."""
        kind = self.lent.pop(page, None)
        if kind is None or len(page.context.pages) > 1:
            page.context.close()
            return
        origin = page.evaluate("location.origin")
        page.unroute_all()
        page.goto(f"{origin}/icon.svg")  # of the same site, so that its process stays; and nothing runs there
        devtools = page.context.new_cdp_session(page)
        devtools.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
        devtools.detach()
        page.context.clear_cookies()
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        page.mouse.move(0, 0)
        self.free[kind].append(page)


def fresh(
    browser: Any, *, size: tuple[int, int], language: str, touch: bool, worker: str = "block", toured: bool = True
) -> Any:
    """Return a page in a context of its own.

    Without a service worker (``worker="allow"`` lets it in): tests that stop requests on their way would not see those
    that it makes. The tour is not offered to who has ``toured``.
    """
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale=language, has_touch=touch, is_mobile=touch,
        reduced_motion="reduce", service_workers=worker,
    )  # fmt: skip
    context.set_default_timeout(PATIENCE_MS)
    if toured:
        context.add_init_script("localStorage.setItem('qtems.toured', '1')")
    return context.new_page()


def sign_in(page: Any, url: str, login: str) -> None:
    """Let somebody be signed in already, without the form."""
    asked = {"login": login, "password": PASSWORD}
    answer = page.context.request.post(f"{url}/api/v1/auth/sign-in", data=asked)
    assert answer.ok, answer.text()
