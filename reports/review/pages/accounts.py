"""One's own account, and the review of everybody's rights by administrators."""

from datetime import date, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from features.errors import InputError
from reports.review import accounts, guessing, identity, passwords, sessions
from reports.review.access import CHANGE_PASSWORD, OWN_ACCOUNT, READ_RIGHTS, REVIEW_RIGHTS, SIGN_OUT
from reports.review.database import User, now
from reports.review.guard import Admitted, Refused, Visit, address_of, is_private
from reports.review.pages.session import TOO_MANY, forgetting, in_hashing_threads
from reports.review.rendering import render

router = APIRouter()
# Rights are reviewed twice a year; an account that nobody used for as long is told.
HALF_A_YEAR: Final = timedelta(days=182)
ROLE_WORDS: Final = {
    "agent": "agent",
    "team_lead": "team lead",
    "data_scientist": "data scientist",
    "administrator": "administrator",
}
KIND_WORDS: Final = {
    "scores": "risks and alerts",
    "social_debt": "social debt",
    "short_time_work": "short-time work",
    "confidential_accounts": "confidential accounts",
    "payment_delays": "payment delays",
    "protected_identities": "names of people who object to publication",
}


@router.get("/account")
def own_account(visit: Annotated[Visit, Depends(Admitted(OWN_ACCOUNT))]) -> HTMLResponse:
    """What the account may see, its password, and the browsers that are signed in."""
    return _own_page(visit, is_saved="saved" in visit.request.query_params)


def _own_page(visit: Visit, status: int = 200, problem: str = "", is_saved: bool = False) -> HTMLResponse:
    context: dict[str, Any] = {
        "user": identity.user_of(visit.services.engine, visit.who),
        "browsers": sessions.count(visit.services.engine, visit.who),
        "problem": problem,
        "is_saved": is_saved,
        "shortest": passwords.SHORTEST,
        "longest": passwords.LONGEST,
        "role_words": ROLE_WORDS,
        "kind_words": KIND_WORDS,
    }
    return render(visit.request, visit.services, visit.account, "account.html", status, **context)


@router.post("/account/password")
async def change_password(visit: Annotated[Visit, Depends(Admitted(CHANGE_PASSWORD))]) -> Response:
    """Another password, for who knows the present one: guesses of it wait as those of signing in do."""
    return await in_hashing_threads(_changed_if_right, visit)


def _changed_if_right(visit: Visit) -> Response:
    services, who = visit.services, visit.who
    has_passwords = services.configuration.local_passwords and is_private(visit.request)
    if not has_passwords or not identity.has_password(services.engine, who):
        raise Refused(404, "There is no such page.")
    if visit.text("new") != visit.text("again"):
        return _own_page(visit, 400, "The two new passwords differ.")
    try:
        attempt = guessing.begin(services.engine, who.name, address_of(visit.request))
    except guessing.TooManyAttemptsError:
        return _own_page(visit, 429, TOO_MANY)
    if not passwords.is_right(attempt.password_hash, visit.text("current")):
        return _own_page(visit, 400, "The present password is wrong.")
    guessing.succeed(services.engine, attempt)
    common = services.configuration.common_passwords
    try:
        accounts.set_password(services.engine, who.name, visit.text("new"), common, by=who.name, kept=who.digest)
    except passwords.RefusedPasswordError as refusal:
        return _own_page(visit, 400, refusal.message)
    return RedirectResponse("/account?saved", 303)


@router.post("/account/sign-out-everywhere")
def sign_out_everywhere(visit: Annotated[Visit, Depends(Admitted(SIGN_OUT))]) -> Response:
    """End the sessions of the account in all browsers, this one too."""
    sessions.close_sessions(visit.services.engine, visit.who)
    return forgetting(visit)


@router.get("/accounts")
def rights(visit: Annotated[Visit, Depends(Admitted(READ_RIGHTS))]) -> HTMLResponse:
    """Every account and what it may see, those to review first."""
    return _rights_page(visit)


def _rights_page(visit: Visit, status: int = 200, problem: str = "") -> HTMLResponse:
    limit = now() - HALF_A_YEAR
    found = sorted(identity.all_accounts(visit.services.engine), key=lambda user: not is_due(user))
    context: dict[str, Any] = {
        "users": found,
        "due": [user.id for user in found if is_due(user)],
        "unused": [user.id for user in found if (user.last_sign_in_at or user.created_at) < limit],
        "problem": problem,
        "role_words": ROLE_WORDS,
        "kind_words": KIND_WORDS,
    }
    return render(visit.request, visit.services, visit.account, "accounts.html", status, **context)


def is_due(user: User) -> bool:
    """Whether the right of an open account was given or reviewed more than half a year ago."""
    return user.is_open and (user.reviewed_at or user.created_at) < now() - HALF_A_YEAR


@router.post("/accounts/{number}")
def review(number: int, visit: Annotated[Visit, Depends(Admitted(REVIEW_RIGHTS))]) -> Response:
    """Confirm the right of an account, until a day or without end, or close the account."""
    engine, by = visit.services.engine, visit.who.name
    user = next((one for one in identity.all_accounts(engine) if one.id == number), None)
    if user is None:
        raise Refused(404, "There is no such page.")
    if visit.text("decision") == "close":
        if user.id == visit.who.user_id:
            return _rights_page(visit, 400, "You can't close your own account: another administrator must.")
        accounts.close_account(engine, user.name, by)
        return RedirectResponse(f"/accounts#account-{number}", 303)
    try:
        ends = visit.text("expires_on")
        accounts.confirm_right(engine, user.name, date.fromisoformat(ends) if ends else None, by)
    except (ValueError, InputError):
        return _rights_page(visit, 400, "A right ends today or later. Nothing was saved.")
    return RedirectResponse(f"/accounts#account-{number}", 303)
