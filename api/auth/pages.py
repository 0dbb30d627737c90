"""The few pages that the server writes itself, in English and Chinese: for people whom another program sent here."""

import logging
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import escape
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from api.errors import kind_of
from api.problem import ProblemError, problem_response, request_id
from api.settings import Settings
from twin.errors import TooManyAttempts, TwinError

_LOG = logging.getLogger("qtems.api")
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem;color:#1b1f24;"
    "background:#fff}h1{font-size:1.3rem}label{display:block;margin:.8rem 0}input{font:inherit;padding:.4rem;"
    "width:100%;box-sizing:border-box}button{font:inherit;padding:.5rem 1rem;margin:.5rem .5rem 0 0}"
    "p.small{font-size:.85rem;color:#57606a}p.error{color:#a40e26}"
    "@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}p.small{color:#9198a1}"
    "p.error{color:#ff7b72}a{color:#79c0ff}}"
)
_STYLE_SHA256 = b64encode(sha256(_STYLE.encode()).digest()).decode()
_CHINESE = {
    "issuer-failed": "公司登录没有给出可信的答复。请重试，或使用密码登录。",
    "not-allowed": "这里没有属于您的账户，或账户已被锁定或停用。请联系管理员。",
    "bad-request": "这次登录不是从这里开始的，或已超时。请重新开始。",
    "not-found": "没有配置其他登录方式。请使用账号和密码登录。",
    "too-many-attempts": "失败次数过多。请稍后再试。",
    "not-identified": "账号或密码不正确。",
}


def is_for_people(request: Request) -> bool:
    """Say whether a browser shows the answer to a person."""
    return "text/html" in request.headers.get("accept", "")


def speaks_chinese(request: Request) -> bool:
    """Say whether a person reads Chinese sooner than English, as their browser says."""
    first = request.headers.get("accept-language", "").partition(",")[0]
    return first.strip().lower().startswith("zh")


def page(title: str, parts: Iterable[str], *, language: str, status: int = 200, goes_to: str = "") -> HTMLResponse:
    """Return a page without scripts.

    Parameters
    ----------
    parts
        Pieces of HTML, with every text in them escaped.
    goes_to
        Another address that a form on it may lead to.
    """
    body = "\n".join(parts)
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    text = (
        f'<!doctype html><html lang="{language}"><head>{head}<style>{_STYLE}</style></head><body>{body}</body></html>'
    )
    place = urlsplit(goes_to)
    target = f" {place.scheme}://{place.netloc}" if place.netloc else ""
    policy = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_SHA256}'; form-action 'self'{target}; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    return HTMLResponse(text, status, headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"})


def refusal(request: Request, settings: Settings, error: TwinError | ProblemError) -> Response:
    """Return an error as a page in both languages where a person waits for it, else as any error is told."""
    kind = error.kind if isinstance(error, ProblemError) else kind_of(error)
    detail = error.detail if isinstance(error, ProblemError) else str(error)
    retry = {"Retry-After": str(error.retry_after)} if isinstance(error, TooManyAttempts) else {}
    if not is_for_people(request):
        return _plain(request, error, retry)
    if kind.status >= 500:
        _LOG.warning("request %s: %s: %r", request_id(request), detail, error.__cause__)
    home = escape(settings.base_url + "/")
    chinese = _CHINESE.get(kind.name, "请求无法完成。")
    made = page(
        kind.title,
        (
            f"<h1>{escape(kind.title)}</h1><p>{escape(detail)}</p>",
            f'<p lang="zh">{chinese}</p><p><a href="{home}">{home}</a></p>',
            f'<p class="small">{escape(kind.name)} · {escape(request_id(request))}</p>',
        ),
        language="en",
        status=kind.status,
    )
    made.headers.update(retry)
    return made


def _plain(request: Request, error: TwinError | ProblemError, headers: dict[str, str]) -> JSONResponse:
    if isinstance(error, ProblemError):
        return problem_response(request, error.kind, error.detail, headers=error.headers)
    return problem_response(request, kind_of(error), str(error), headers=headers)
