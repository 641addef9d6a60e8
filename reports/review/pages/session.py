"""Signing in and out, and the choice of language."""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Annotated, ParamSpec, TypeVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from reports.review import guessing, passwords, sessions
from reports.review.access import PUBLIC, SIGN_IN, SIGN_OUT
from reports.review.audit import SIGNED_IN
from reports.review.guard import (
    LANGUAGE_COOKIE,
    Admitted,
    Refused,
    Visit,
    address_of,
    is_private,
    is_same,
    log,
)
from reports.review.rendering import render
from reports.review.services import Services

router = APIRouter()
P = ParamSpec("P")
T = TypeVar("T")
# Ties the sign-in form to the browser that asked for it.
FORM_COOKIE = "weaksignals-sign-in"
# The field that says that others use this computer too.
SHARED = "shared"
YEAR = 365 * 24 * 3600
# Apart from the threads that answer pages: many sign-ins at once would take all of these.
_HASHING = ThreadPoolExecutor(2, "hashing")
# What a browser forgets with the session: pages, and drafts of answers.
STORED = '"cache", "storage"'
TOO_MANY = "Too many attempts. Wait a little, a quarter of an hour at most."
NOT_PRIVATE = (
    "This page did not come by HTTPS: others could read a password on its way, so none is taken. "
    "Tell whoever runs this application."
)
UNSAVED = (
    "Your session had ended: your answer is not saved yet. Sign in, then send it again: this tab kept what you typed."
)


def local_path(target: str) -> str:
    """A path of this site, / for anything else."""
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) else "/"


@router.get("/sign-in")
def sign_in_form(visit: Annotated[Visit, Depends(Admitted(PUBLIC))]) -> HTMLResponse:
    """The form, and the provider's button where there is one."""
    problem = UNSAVED if "unsaved" in visit.request.query_params else ""
    problem = problem if is_private(visit.request) else NOT_PRIVATE
    return _form(visit, visit.request.query_params.get("next", "/"), problem)


def _form(visit: Visit, target: str, problem: str = "", status: int = 200) -> HTMLResponse:
    token = secrets.token_urlsafe(24)
    services = visit.services
    response = render(
        visit.request,
        services,
        None,
        "sign_in.html",
        status,
        token=token,
        target=local_path(target),
        problem=problem,
        has_passwords=services.configuration.local_passwords and is_private(visit.request),
        has_provider=bool(services.configuration.oidc_issuer),
    )
    set_cookie(services, response, services.configuration.cookie(FORM_COOKIE), token, 3600)
    return response


@router.post("/sign-in")
async def sign_in(visit: Annotated[Visit, Depends(Admitted(SIGN_IN))]) -> Response:
    """Check name and password; neither tells which was wrong.

    An attempt counts as a wrong one until its password is checked: so it begins on its turn only, or an office that
    signs in together at nine would take itself for someone who guesses.
    """
    return await in_hashing_threads(_signed_in_if_right, visit)


async def in_hashing_threads(work: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
    """What work on passwords gives: two at a time, apart from the threads that answer pages."""
    return await asyncio.get_running_loop().run_in_executor(_HASHING, partial(work, *args, **more))


def _signed_in_if_right(visit: Visit) -> Response:
    _refuse_other_forms(visit)
    name, target, engine = visit.text("name"), visit.text("next"), visit.services.engine
    try:
        attempt = guessing.begin(engine, name, address_of(visit.request))
    except guessing.TooManyAttemptsError:
        log_sign_in(visit, name, "too many")
        return _form(visit, target, TOO_MANY, 429)
    is_right = passwords.is_right(attempt.password_hash, visit.text("password"))
    if not is_right or attempt.user_id is None:
        log_sign_in(visit, name, "refused")
        return _form(visit, target, "Unknown name or wrong password.", 401)
    guessing.succeed(engine, attempt)
    return signed_in(visit, name, attempt.user_id, target, is_shared=bool(visit.text(SHARED)))


def _refuse_other_forms(visit: Visit) -> None:
    if not visit.services.configuration.local_passwords:
        raise Refused(403, "Passwords are not used here: sign in with your administration's account.")
    if not is_private(visit.request):
        raise Refused(403, NOT_PRIVATE)
    cookie = visit.request.cookies.get(visit.services.configuration.cookie(FORM_COOKIE), "")
    if not cookie or not is_same(visit.text("token"), cookie):
        log_sign_in(visit, visit.text("name"), "refused")
        raise Refused(403, "This form has expired. Go back, reload the page and send it again.")


def log_sign_in(visit: Visit, name: str, outcome: str) -> None:
    """Write down who tried to sign in; not the query, in which a provider sends its code."""
    log(visit, name.lower()[:200], SIGN_IN.action, visit.request.url.path, outcome)


def signed_in(visit: Visit, name: str, user_id: int, target: str, is_shared: bool) -> Response:
    """A new session, and on to the page that was asked for; on a shared computer it ends with the browser."""
    services = visit.services
    hours = services.configuration.session_hours
    response = RedirectResponse(local_path(target), 303)
    token = sessions.open_session(services.engine, user_id, hours)
    set_cookie(services, response, services.cookie, token, None if is_shared else hours * 3600)
    log_sign_in(visit, name, SIGNED_IN)
    return response


def set_cookie(services: Services, response: Response, name: str, value: str, seconds: int | None) -> None:
    """A cookie that scripts can't read and other sites can't send; seconds: None until the browser is closed."""
    is_secure = not services.configuration.is_local
    response.set_cookie(name, value, max_age=seconds, httponly=True, secure=is_secure, samesite="lax", path="/")


@router.post("/sign-out")
def sign_out(visit: Annotated[Visit, Depends(Admitted(SIGN_OUT))]) -> Response:
    """End the session, here and in the database."""
    sessions.close_session(visit.services.engine, visit.who)
    return forgetting(visit)


def forgetting(visit: Visit) -> Response:
    """On to the sign-in page, once the session is over: the browser forgets what it kept of it."""
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(visit.services.cookie, path="/", secure=not visit.services.configuration.is_local)
    response.headers["Clear-Site-Data"] = STORED
    return response


@router.get("/language/{code}")
def choose_language(code: str, request: Request, visit: Annotated[Visit, Depends(Admitted(PUBLIC))]) -> Response:
    """Remember French or English in this browser."""
    if code not in ("fr", "en"):
        raise Refused(404, "There is no such page.")
    response = RedirectResponse(local_path(request.query_params.get("back", "/")), 303)
    set_cookie(visit.services, response, visit.services.configuration.cookie(LANGUAGE_COOKIE), code, YEAR)
    return response
