"""buildingSMART's Foundation API: which APIs are served, how programs sign in, who calls; also where 2.1 had it."""

from api.auth.access import Access
from api.deps import CallerDep, ServicesDep
from api.routing import ROOT, Routes
from api.schemas.bcf import ApiVersion, AuthOut, BcfVersion, BcfVersionsOut, CurrentUserOut, VersionsOut
from api.schemas.oauth import AUTHORIZE_PATH, TOKEN_PATH
from api.services import Services

routes = Routes("bcf")
_SPEC = "https://github.com/buildingSMART"
_SERVED = (("foundation", "1.0"), ("foundation", "1.1"), ("bcf", "2.1"), ("bcf", "3.0"))


@routes.get("/foundation/versions", Access.PUBLIC, "Which OpenCDE APIs are served")
def read_foundation_versions(services: ServicesDep) -> VersionsOut:
    """Return the APIs of buildingSMART that are served, and where."""
    base = services.settings.base_url + ROOT
    return VersionsOut(
        versions=[
            ApiVersion(
                api_id=api, version_id=version, api_base_url=f"{base}/{api}/{version}",
                detailed_version=_specification(api, version),
            )
            for api, version in _SERVED
        ]
    )  # fmt: skip


@routes.get("/bcf/versions", Access.PUBLIC, "Which versions of the BCF-API are served")
def read_bcf_versions() -> BcfVersionsOut:
    """Return the versions, as clients of BCF-API 2.1 ask for them."""
    served = [version for api, version in _SERVED if api == "bcf"]
    return BcfVersionsOut(
        versions=[BcfVersion(version_id=one, detailed_version=_specification("bcf", one)) for one in served]
    )


@routes.get("/bcf/version", Access.PUBLIC, "Which versions of the BCF-API are served (1.0)")
def read_bcf_version() -> BcfVersionsOut:
    """Return the versions, as the oldest clients ask for them."""
    return read_bcf_versions()


@routes.get("/foundation/1.1/auth", Access.PUBLIC, "How programs show who they are")
def read_foundation_auth(services: ServicesDep) -> AuthOut:
    """Return how: OAuth 2 with a person's consent, or an API token, as Bearer or as the password of HTTP Basic."""
    return _auth(services)


@routes.get("/foundation/1.0/auth", Access.PUBLIC, "How programs show who they are (1.0)")
def read_foundation_auth_10(services: ServicesDep) -> AuthOut:
    """Return the same as 1.1."""
    return _auth(services)


@routes.get("/bcf/2.1/auth", Access.PUBLIC, "How programs show who they are (2.1)")
def read_bcf_auth_21(services: ServicesDep) -> AuthOut:
    """Return the same as the Foundation API, where BCF-API 2.1 has it."""
    return _auth(services)


@routes.get("/foundation/1.1/current-user", Access.SIGNED_IN, "Who is calling")
def read_current_user(caller: CallerDep) -> CurrentUserOut:
    """Return the account that calls."""
    return CurrentUserOut(id=caller.user.email or caller.user.login, name=caller.user.name)


@routes.get("/foundation/1.0/current-user", Access.SIGNED_IN, "Who is calling (1.0)")
def read_current_user_10(caller: CallerDep) -> CurrentUserOut:
    """Return the account that calls."""
    return read_current_user(caller)


@routes.get("/bcf/2.1/current-user", Access.SIGNED_IN, "Who is calling (2.1)")
def read_bcf_current_user_21(caller: CallerDep) -> CurrentUserOut:
    """Return the account that calls, where BCF-API 2.1 has it."""
    return read_current_user(caller)


def _auth(services: Services) -> AuthOut:
    base = services.settings.base_url
    return AuthOut(
        oauth2_auth_url=f"{base}{ROOT}{AUTHORIZE_PATH}", oauth2_token_url=f"{base}{ROOT}{TOKEN_PATH}",
        oauth2_dynamic_client_reg_url=f"{base}{ROOT}/oauth/register", bearer_token_url=f"{base}/",
    )  # fmt: skip


def _specification(api: str, version: str) -> str:
    name = "foundation-API" if api == "foundation" else "BCF-API"
    return f"{_SPEC}/{name}/tree/release_{version.replace('.', '_')}"
