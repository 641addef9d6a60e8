"""The OpenID Connect provider. Imported only where one is set: Authlib and its parts take 15 MB of each worker."""

from typing import Any

from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import OAuth
from fastapi import FastAPI, Request
from fastapi.responses import Response
from httpx2 import HTTPError
from joserfc.errors import JoseError
from starlette.middleware.sessions import SessionMiddleware

from reports.review.configuration import Configuration
from reports.review.pages.provider import NotCheckedError, UnreachableError

MINUTES_TO_SIGN_IN = 10


class OpenId:
    """A provider as our routes use it: see `reports.review.pages.provider.Provider`."""

    def __init__(self, configuration: Configuration) -> None:
        """Its keys and addresses are read at the first sign-in."""
        oauth = OAuth()
        oauth.register(
            name="provider",
            client_id=configuration.oidc_client_id,
            client_secret=configuration.oidc_client_secret or None,
            server_metadata_url=f"{configuration.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256"},
        )
        self._client = oauth.provider

    async def leave(self, request: Request, back: str) -> Response:
        """On to the provider, which sends the browser `back`.

        Raises UnreachableError.
        """
        try:
            response: Response = await self._client.authorize_redirect(request, back)
        except HTTPError:
            raise UnreachableError from None
        return response

    async def claims(self, request: Request) -> dict[str, Any]:
        """What the provider says of who comes back, once state, nonce, signature, issuer and audience are checked.

        Raises NotCheckedError where one of them is wrong.
        """
        try:
            token = await self._client.authorize_access_token(request)
        except (OAuthError, JoseError, HTTPError):
            raise NotCheckedError from None
        return dict(token.get("userinfo") or {})


def connect(app: FastAPI, configuration: Configuration) -> None:
    """Make the provider known to the routes."""
    app.state.provider = OpenId(configuration)
    # Holds state, nonce and verifier between leaving and coming back; the session itself is ours.
    app.add_middleware(
        SessionMiddleware,
        secret_key=configuration.secret,
        session_cookie=configuration.cookie("weaksignals-provider"),
        max_age=60 * MINUTES_TO_SIGN_IN,
        same_site="lax",
        https_only=not configuration.is_local,
    )
