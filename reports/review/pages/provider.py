"""Signing in by OpenID Connect: the provider says who comes, our accounts say what they may see."""

from typing import Annotated, Any

from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import OAuth
from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import Response
from httpx2 import HTTPError
from joserfc.errors import JoseError
from starlette.middleware.sessions import SessionMiddleware

from reports.review import accounts
from reports.review.access import PUBLIC, SIGN_IN
from reports.review.configuration import Configuration
from reports.review.guard import Admitted, Refused, Visit
from reports.review.pages.session import local_path, log_sign_in, signed_in

router = APIRouter(prefix="/sign-in/provider")
TARGET = "target"
MINUTES_TO_SIGN_IN = 10


def connect(app: FastAPI, configuration: Configuration) -> None:
    """Make the provider known; its keys and addresses are read at the first sign-in."""
    oauth = OAuth()
    oauth.register(
        name="provider",
        client_id=configuration.oidc_client_id,
        client_secret=configuration.oidc_client_secret or None,
        server_metadata_url=f"{configuration.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256"},
    )
    app.state.provider = oauth.provider
    # Holds state, nonce and verifier between leaving and coming back; the session itself is ours.
    app.add_middleware(
        SessionMiddleware,
        secret_key=configuration.secret,
        session_cookie="weaksignals-provider",
        max_age=60 * MINUTES_TO_SIGN_IN,
        same_site="lax",
        https_only=not configuration.is_local,
    )


def _provider(visit: Visit) -> Any:
    found = getattr(visit.request.app.state, "provider", None)
    if found is None:
        raise Refused(404, "There is no such page.")
    return found


@router.get("")
async def leave(visit: Annotated[Visit, Depends(Admitted(PUBLIC))]) -> Response:
    """On to the provider."""
    provider = _provider(visit)
    visit.request.session[TARGET] = local_path(visit.request.query_params.get("next", "/"))
    back = str(visit.request.url_for("come_back"))
    try:
        response: Response = await provider.authorize_redirect(visit.request, back)
    except HTTPError:
        raise Refused(503, "Your administration's account could not be checked. Try again.") from None
    return response


@router.get("/back")
async def come_back(visit: Annotated[Visit, Depends(Admitted(SIGN_IN))]) -> Response:
    """Back from the provider: its word is checked (state, nonce, signature, issuer, audience) before it is believed."""
    provider = _provider(visit)
    try:
        token = await provider.authorize_access_token(visit.request)
    except (OAuthError, JoseError, HTTPError):
        log_sign_in(visit, "", "refused")
        raise Refused(401, "Your administration's account could not be checked. Try again.") from None
    claims = token.get("userinfo") or {}
    claim = visit.services.configuration.oidc_claim
    is_verified = claim != "email" or claims.get("email_verified") is True
    name = str(claims.get(claim) or "")
    account = accounts.account_named(visit.services.engine, name) if name and is_verified else None
    if account is None:
        log_sign_in(visit, name, "refused")
        raise Refused(403, "You are known to your administration, but have no account here. Ask for one.")
    return signed_in(visit, account.name, account.user_id, str(visit.request.session.pop(TARGET, "/")))
