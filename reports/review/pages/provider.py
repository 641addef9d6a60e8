"""Signing in by OpenID Connect: the provider says who comes, our accounts say what they may see."""

from collections.abc import Mapping
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from features.errors import InputError
from reports.review import accounts, identity
from reports.review.access import PUBLIC, SIGN_IN
from reports.review.guard import Admitted, Refused, Visit
from reports.review.identity import Account
from reports.review.pages.session import SHARED, local_path, log_sign_in, signed_in

router = APIRouter(prefix="/sign-in/provider")
TARGET = "target"


class UnreachableError(Exception):
    """The provider does not answer."""


class NotCheckedError(Exception):
    """The provider's word can't be believed."""


class Provider(Protocol):
    """A provider of identities; `reports.review.open_id` has the one of OpenID Connect."""

    async def leave(self, request: Request, back: str) -> Response:
        """On to the provider; raises UnreachableError."""
        ...

    async def claims(self, request: Request) -> dict[str, Any]:
        """What the provider says of who comes back; raises NotCheckedError."""
        ...


def _provider(visit: Visit) -> Provider:
    found: Provider | None = getattr(visit.request.app.state, "provider", None)
    if found is None:
        raise Refused(404, "There is no such page.")
    return found


def _account(visit: Visit, name: str, claims: Mapping[str, Any]) -> Account | None:
    """The account of that name; with the right that the provider gives, where the settings say that it gives them."""
    settings, engine = visit.services.configuration, visit.services.engine
    if not settings.oidc_rights_claim:
        return identity.account_named(engine, name)
    told = claims.get(settings.oidc_rights_claim) or ()
    values = {told} if isinstance(told, str) else set(map(str, told)) if isinstance(told, list) else set()
    given = next((right for right in settings.oidc_rights if right.value in values), None)
    if given is None:
        return None
    try:
        return accounts.provided(engine, name, given.role, given.territories, given.kinds, given.administration)
    except InputError:
        return None


@router.get("")
async def leave(visit: Annotated[Visit, Depends(Admitted(PUBLIC))]) -> Response:
    """On to the provider."""
    provider = _provider(visit)
    visit.request.session[TARGET] = local_path(visit.request.query_params.get("next", "/"))
    visit.request.session[SHARED] = SHARED in visit.request.query_params
    try:
        return await provider.leave(visit.request, str(visit.request.url_for("come_back")))
    except UnreachableError:
        raise Refused(503, "Your administration's account could not be checked. Try again.") from None


@router.get("/back")
async def come_back(visit: Annotated[Visit, Depends(Admitted(SIGN_IN))]) -> Response:
    """Back from the provider: its word is checked before it is believed."""
    provider = _provider(visit)
    try:
        claims = await provider.claims(visit.request)
    except NotCheckedError:
        log_sign_in(visit, "", "refused")
        raise Refused(401, "Your administration's account could not be checked. Try again.") from None
    settings = visit.services.configuration
    is_verified = (
        settings.oidc_claim != "email" or settings.oidc_verifies_emails or claims.get("email_verified") is True
    )
    name = str(claims.get(settings.oidc_claim) or "")
    account = await run_in_threadpool(_account, visit, name, claims) if name and is_verified else None
    if account is None:
        log_sign_in(visit, name, "refused")
        raise Refused(403, "You are known to your administration, but have no account here. Ask for one.")
    target, is_shared = visit.request.session.pop(TARGET, "/"), visit.request.session.pop(SHARED, False)
    return signed_in(visit, account.name, account.user_id, str(target), bool(is_shared))
