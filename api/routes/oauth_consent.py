"""Where a person says whether a program may act for them: a page of ours, without scripts, in English or Chinese.

What the page sends back is sealed and bound to the session that it was shown to, so that no other site can say yes.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from html import escape
from typing import Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import Query, Request
from fastapi.responses import RedirectResponse, Response

from api.auth.access import Access, Identity
from api.auth.clients import find_client
from api.auth.cookies import give_session, session_secret
from api.auth.device import device_of, remember_device
from api.auth.form import FORM, LARGEST, FormDep
from api.auth.identity import context_of, needs_own_password, require_own_site
from api.auth.pages import page, refusal, speaks_chinese
from api.auth.seal import sealed, unsealed
from api.deps import ServicesDep
from api.problem import BAD_REQUEST, ProblemError
from api.routing import ROOT, Routes
from api.schemas.oauth import AUTHORIZE_PATH, SIGN_IN_PATH
from api.services import Services
from twin.account import TokenScope
from twin.errors import NotIdentified, TooManyAttempts, TwinError
from twin.oauth import (
    SCOPES,
    OAuthClient,
    OAuthRefused,
    OAuthRequest,
    is_loopback,
    redirect_of,
    require_challenge,
    scope_of_words,
)
from twin.operations.oauth import allow
from twin.operations.sign_in import live_session, sign_in

routes = Routes("oauth")
_PURPOSE = "oauth consent"
_OPEN_FOR = timedelta(minutes=10)
_ASKED = (
    "response_type", "client_id", "redirect_uri", "redirect_url", "scope", "state", "code_challenge",
    "code_challenge_method",
)  # fmt: skip
_Text = Annotated[str, Query(max_length=8000)]

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Connect a program", "asks": "{name} asks to act for you, {who}, in qtems.",
        "read": "It may read what you may read.", "write": "It may read and change what you may.",
        "goes": "You are sent back to {place}.", "here": "It runs on this computer.",
        "self": "It registered by itself: nobody checked its name. Go on only if you have just started it yourself.",
        "vouched": "An administrator has registered it.",
        "ends": "It is among your tokens, where you can revoke it; its signatures would need your password.",
        "allow": "Allow", "allow_read": "Allow reading only", "deny": "Deny", "sign_in": "Sign in", "login": "Login",
        "password": "Password", "first": "{name} asks to act for you in qtems. Sign in first.",
        "wrong": "Login or password is wrong.", "wait": "Too many failed attempts; try again later.",
        "own": "The password was given for one use. Choose your own first, then let the program begin again.",
    },
    "zh": {
        "title": "连接程序", "asks": "{name} 请求在 qtems 中代表您（{who}）操作。",
        "read": "它可以读取您可以读取的内容。", "write": "它可以读取和更改您有权读取和更改的内容。",
        "goes": "之后您将返回 {place}。", "here": "它运行在这台电脑上。",
        "self": "它是自行注册的，名称未经核实。只有您刚刚亲自启动了它，才可以继续。",
        "vouched": "它由管理员注册。",
        "ends": "它会列在您的令牌中，可随时撤销；签名仍需要您的密码。",
        "allow": "允许", "allow_read": "只允许读取", "deny": "拒绝", "sign_in": "登录", "login": "账号",
        "password": "密码", "first": "{name} 请求在 qtems 中代表您操作。请先登录。",
        "wrong": "账号或密码不正确。", "wait": "失败次数过多，请稍后再试。",
        "own": "此密码仅供一次使用。请先设置您自己的密码，然后让程序重新开始。",
    },
}  # fmt: skip


@routes.get(
    AUTHORIZE_PATH, Access.PUBLIC, "Let a person connect a program", answers="text/html", also=(302,),
    example="<!doctype html>…",
)  # fmt: skip
def ask_for_consent(
    services: ServicesDep, request: Request, response_type: _Text = "", client_id: _Text = "",
    redirect_uri: _Text = "", redirect_url: _Text = "", scope: _Text = "", state: _Text = "",
    code_challenge: _Text = "", code_challenge_method: _Text = "",
) -> Response:  # fmt: skip
    """Show a person what a program asks for, after they have signed in; what they say is sent to its redirect address.

    `response_type` is `code`; `scope` is `read` or `write`. A program without a secret sends a `code_challenge` with
    `S256`. `redirect_url` is the same as `redirect_uri`.
    """
    return _readable(services, request, lambda: _shown(services, request))


@routes.post(
    AUTHORIZE_PATH, Access.PUBLIC, "Say whether a program may act for me", status=302, secret=True, sends=FORM,
    max_body_bytes=LARGEST, fields=("request", "decision"), also=(403,),
)  # fmt: skip
def decide_on_consent(form: FormDep, services: ServicesDep, request: Request) -> Response:
    """Send the person back to the program, with a code or with `access_denied`; only our own page can ask for this."""
    return _readable(services, request, lambda: _decided(services, request, form))


@routes.post(
    SIGN_IN_PATH, Access.PUBLIC, "Sign in to answer a program", status=302, secret=True, sends=FORM,
    max_body_bytes=LARGEST, fields=("next", "login", "password"), also=(401, 403, 429),
)  # fmt: skip
def sign_in_to_answer(form: FormDep, services: ServicesDep, request: Request) -> Response:
    """Begin a session on our own page and go on to the question; the limits are those of every sign-in."""
    return _readable(services, request, lambda: _signed_in(services, request, form))


def _shown(services: Services, request: Request) -> Response:
    asked = {name: request.query_params.get(name, "") for name in _ASKED}
    client = find_client(services, asked["client_id"])
    redirect = redirect_of(client, asked["redirect_uri"] or asked["redirect_url"])
    try:
        wanted = _wanted(client, redirect, asked)
    except OAuthRefused as error:
        told = {"error": error.code, "error_description": str(error)}
        return _back(services, redirect, {**told, "state": asked["state"]})
    words, language = _words(request)
    identity = _who(services, request)
    if identity is None:
        return _sign_in_page(services, request, asked, client.name)
    if needs_own_password(identity):
        home = escape(services.settings.base_url + "/")
        parts = (f"<h1>{words['title']}</h1><p>{words['own']}</p>", f'<p><a href="{home}">{home}</a></p>')
        return page(words["title"], parts, language=language)
    return _consent_page(services, request, identity, client, (wanted, asked["state"]))


def _wanted(client: OAuthClient, redirect: str, asked: Mapping[str, str]) -> OAuthRequest:
    if asked["response_type"] != "code":
        raise OAuthRefused("unsupported_response_type", "response_type must be code")
    challenge = require_challenge(asked["code_challenge"], asked["code_challenge_method"])
    if client.is_registered and not client.must_prove and not challenge:
        raise OAuthRefused("invalid_request", "code_challenge is missing: this program has no secret")
    return OAuthRequest(client.id, client.name, redirect, challenge, scope_of_words(asked["scope"]))


def _consent_page(
    services: Services, request: Request, identity: Identity, client: OAuthClient, asks: tuple[OAuthRequest, str]
) -> Response:
    assert identity.session is not None
    wanted, state = asks
    words, language = _words(request)
    until = services.now() + _OPEN_FOR
    kept = sealed(services.key, _PURPOSE, {
        "session": identity.session.id, "client": wanted.client, "client_name": wanted.client_name,
        "redirect_uri": wanted.redirect_uri, "challenge": wanted.challenge, "scope": wanted.scope.value,
        "state": state, "until": until.isoformat(),
    })  # fmt: skip
    place = words["here"] if is_loopback(wanted.redirect_uri) else ""
    host = urlsplit(wanted.redirect_uri).netloc
    button = '<button name="decision" value="{}">{}</button>'
    decisions = [wanted.scope.value] + (["read"] if wanted.scope is TokenScope.WRITE else [])
    labels = {"write": words["allow"], "read": words["allow_read"] if len(decisions) > 1 else words["allow"]}
    buttons = "".join(button.format(one, labels[one]) for one in decisions) + button.format("deny", words["deny"])
    who = f"{identity.user.name} ({identity.user.login})"
    parts = (
        f"<h1>{words['title']}</h1>",
        f"<p>{_said(words['asks'], name=client.name, who=who)}</p><p>{words[wanted.scope.value]}</p>",
        f"<p>{_said(words['goes'], place=host)} {place}</p>",
        f'<p class="small">{words["vouched" if client.is_registered else "self"]} {words["ends"]}</p>',
        f'<form method="post" action="{ROOT}{AUTHORIZE_PATH}"><input type="hidden" name="request" value="{kept}">',
        f"{buttons}</form>",
    )
    return page(words["title"], parts, language=language, goes_to=wanted.redirect_uri)


def _decided(services: Services, request: Request, form: Mapping[str, str]) -> Response:
    kept = unsealed(services.key, _PURPOSE, form.get("request", ""))
    identity = _who(services, request)
    if (
        kept is None
        or identity is None
        or identity.session is None
        or needs_own_password(identity)
        or kept["session"] != identity.session.id
        or services.now() >= datetime.fromisoformat(str(kept["until"]))
    ):
        raise ProblemError(BAD_REQUEST, "this answer is too old or not from here: let the program begin again")
    require_own_site(request, services.settings)
    redirect, state = str(kept["redirect_uri"]), str(kept["state"])
    decision = form.get("decision", "")
    if decision not in SCOPES:
        return _back(services, redirect, {"error": "access_denied", "state": state})
    client = find_client(services, str(kept["client"]))  # it may have been ended meanwhile
    scope = TokenScope.READ if "read" in (decision, kept["scope"]) else TokenScope.WRITE
    wanted = OAuthRequest(client.id, client.name, redirect, str(kept["challenge"]), scope)
    context = replace(context_of(services, request), actor=identity.user.actor)
    code = allow(services.store, context, services.secrets, identity.user.id, wanted)
    return _back(services, redirect, {"code": code, "state": state})


def _signed_in(services: Services, request: Request, form: Mapping[str, str]) -> Response:
    kept = unsealed(services.key, "oauth next", form.get("next", ""))
    if kept is None or "origin" not in request.headers:
        raise ProblemError(BAD_REQUEST, "this page is not from here: let the program begin again")
    require_own_site(request, services.settings)
    asked, settings = {name: str(value) for name, value in kept.items()}, services.settings
    try:
        begun = sign_in(
            services.store, context_of(services, request), services.hasher, services.secrets,
            login=form.get("login", "")[:64], password=form.get("password", "")[:1000],
            limits=settings.session_limits, previous=session_secret(request, settings),
            device=device_of(services, request),
        )  # fmt: skip
    except (NotIdentified, TooManyAttempts) as error:
        name = find_client(services, asked["client_id"]).name
        return _sign_in_page(services, request, asked, name, failed=error)
    response = RedirectResponse(f"{ROOT}{AUTHORIZE_PATH}?{_query(asked)}", 302)
    give_session(response, settings, begun.secret)
    remember_device(services, request, response, begun.user.id)
    return response


def _sign_in_page(
    services: Services, request: Request, asked: Mapping[str, str], name: str, failed: TwinError | None = None
) -> Response:
    words, language = _words(request)
    kept = sealed(services.key, "oauth next", {**asked})
    parts = [f"<h1>{words['title']}</h1><p>{_said(words['first'], name=name)}</p>"]
    if failed is not None:
        parts.append(f'<p class="error">{words["wait" if isinstance(failed, TooManyAttempts) else "wrong"]}</p>')
    parts.append(
        f'<form method="post" action="{ROOT}{SIGN_IN_PATH}"><input type="hidden" name="next" value="{kept}">'
        f'<label>{words["login"]} <input name="login" autocomplete="username" required></label>'
        f'<label>{words["password"]} <input name="password" type="password" autocomplete="current-password" required>'
        f"</label><button>{words['sign_in']}</button></form>"
    )
    if services.settings.oidc_issuer:
        after = urlencode({"next": f"{ROOT}{AUTHORIZE_PATH}?{_query(asked)}"})
        link = escape(f"{ROOT}/auth/oidc/start?{after}")
        parts.append(f'<p><a href="{link}">{escape(services.settings.oidc_name)}</a></p>')
    status = 200 if failed is None else 429 if isinstance(failed, TooManyAttempts) else 401
    return page(words["title"], parts, language=language, status=status)


def _back(services: Services, redirect: str, told: Mapping[str, str]) -> Response:
    """Send the person back to their program, which sees by ``iss`` who answers (RFC 9207)."""
    query = _query({**told, "iss": services.settings.base_url})
    joined = "&" if urlsplit(redirect).query else "?"
    return RedirectResponse(f"{redirect}{joined}{query}", 302, headers={"Referrer-Policy": "no-referrer"})


def _who(services: Services, request: Request) -> Identity | None:
    secret = session_secret(request, services.settings)
    if not secret:
        return None
    try:
        session, user = live_session(
            services.store, context_of(services, request), secret, services.settings.session_limits
        )
    except NotIdentified:
        return None
    return Identity(user.record, user.version, session=session)


def _readable(services: Services, request: Request, answer: Callable[[], Response]) -> Response:
    try:
        return answer()
    except (TwinError, ProblemError) as error:
        return refusal(request, services.settings, error)


def _words(request: Request) -> tuple[Mapping[str, str], str]:
    language = "zh" if speaks_chinese(request) else "en"
    return _WORDS[language], language


def _said(text: str, **values: str) -> str:
    return text.format(**{name: f"<strong>{escape(value)}</strong>" for name, value in values.items()})


def _query(values: Mapping[str, str]) -> str:
    return urlencode({name: value for name, value in values.items() if value})
