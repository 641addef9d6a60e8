"""The OpenID Connect provider. Imported only where one is set: Authlib and its parts take 15 MB of each worker."""

import secrets
from typing import Any

from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import OAuth
from fastapi import FastAPI, Request
from fastapi.responses import Response
from httpx2 import HTTPError
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from starlette.middleware.sessions import SessionMiddleware

from reports.review.configuration import Configuration
from reports.review.pages.provider import NotCheckedError, UnreachableError

MINUTES_TO_SIGN_IN = 10
# Signatures that a provider alone can make: neither "none" nor one by a secret that we have too.
SIGNATURES = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
# The provider does not answer, or what it answers is not what providers say.
MISSING = (HTTPError, ValueError, KeyError, RuntimeError)


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
            client_kwargs={"scope": configuration.oidc_scope, "code_challenge_method": "S256"},
        )
        self._client = oauth.provider
        self._audience = configuration.oidc_client_id
        self._needed = {configuration.oidc_claim, configuration.oidc_rights_claim} - {""}
        if configuration.oidc_claim == "email" and not configuration.oidc_verifies_emails:
            self._needed.add("email_verified")

    async def leave(self, request: Request, back: str) -> Response:
        """On to the provider, which sends the browser `back`.

        Raises UnreachableError.
        """
        try:
            # Some providers (ProConnect) refuse tokens shorter than 32 characters.
            tokens = {name: secrets.token_urlsafe(32) for name in ("state", "nonce")}
            response: Response = await self._client.authorize_redirect(request, back, **tokens)
        except MISSING:
            raise UnreachableError from None
        return response

    async def claims(self, request: Request) -> dict[str, Any]:
        """What the provider says of who comes back, once state, nonce, signature, issuer and audience are checked.

        Raises NotCheckedError where one of them is wrong.
        """
        try:
            token = await self._client.authorize_access_token(request)
            claims = dict(token.get("userinfo") or {})
            more = {} if self._needed <= claims.keys() else await self._told_beside(token, claims)
        except (OAuthError, JoseError, *MISSING):
            raise NotCheckedError from None
        return {**more, **claims}

    async def _told_beside(self, token: dict[str, Any], claims: dict[str, Any]) -> dict[str, Any]:
        """What the provider tells at its `/userinfo` only, as JSON or as a signed token, of the same person."""
        metadata = await self._client.load_server_metadata()
        if "userinfo_endpoint" not in metadata:
            return {}
        response = await self._client.get(metadata["userinfo_endpoint"], token=token)
        response.raise_for_status()
        is_signed = response.headers.get("content-type", "").startswith("application/jwt")
        told = await self._signed(response.text, metadata) if is_signed else response.json()
        if not claims.get("sub") or told.get("sub") != claims["sub"]:
            raise NotCheckedError
        return dict(told)

    async def _signed(self, text: str, metadata: dict[str, Any]) -> dict[str, Any]:
        """The claims of a token that is signed by the provider, for us."""
        algorithms = metadata.get("userinfo_signing_alg_values_supported") or ["RS256", "ES256"]
        allowed = [name for name in algorithms if name in SIGNATURES]
        keys = KeySet.import_key_set(await self._client.fetch_jwk_set())
        found = jwt.decode(text, keys, algorithms=allowed)
        asked = {"essential": True}
        issuer, audience = {**asked, "value": metadata["issuer"]}, {**asked, "value": self._audience}
        jwt.JWTClaimsRegistry(iss=issuer, aud=audience).validate(found.claims)  # type: ignore[arg-type]  # TypedDicts
        return dict(found.claims)


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
