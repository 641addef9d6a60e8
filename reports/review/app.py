"""The application put together: routes, strict headers, and a page for every refusal."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from features.folder import Snapshot
from reports.review import aggregates, audit, firm_rows, listing, news, past
from reports.review.access import Kind, Right
from reports.review.brand import read_logo
from reports.review.cases.briefs import follow_states
from reports.review.chains import RefusedAnswerError
from reports.review.configuration import Configuration, read_configuration
from reports.review.data import NotPublishedError, PublishedList, Reader, UnreadableError
from reports.review.database import open_database
from reports.review.edge import FIRST_READ, AnswersHead, BehindProxies, ReadsAgain, SmallBodies
from reports.review.guard import (
    NOT_UNDERSTOOD,
    Refused,
    address_asked,
    is_fragment,
)
from reports.review.identity import account_of, all_accounts
from reports.review.names import names_of
from reports.review.pages import (
    accounts,
    administration,
    firms,
    follow_ups,
    guidance,
    home,
    lineage,
    lists,
    log,
    provider,
    public,
    session,
    territory,
    texts,
)
from reports.review.rendering import render
from reports.review.routes import refuse_routes_without_rule
from reports.review.services import Services
from reports.review.texts import read_texts

STATIC = "static"
DAY = 24 * 3600
# Seconds after which a worker looks again whether a list was published.
BETWEEN_LOOKS = 5
# The rights whose first pages are computed before they are asked for; of 256, what was computed is kept.
MOST_RIGHTS = 200
# The server's own, which the operator reads.
LOG = logging.getLogger("uvicorn.error")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
FOR_HTTPS = {"Strict-Transport-Security": "max-age=31536000"}


def create_app(configuration: Configuration) -> FastAPI:
    """The application on a data folder.

    Raises RuntimeError where a route declares no rule.
    """
    app = FastAPI(title="weaksignals", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_running)
    engine = open_database(configuration.database_url)
    texts_found, logo = read_texts(configuration.texts), read_logo(configuration.logo)
    app.state.services = Services(configuration, engine, Reader(configuration.data), texts_found, logo)
    rooms = (session, provider, accounts, texts, guidance, home, lists, territory, firms, follow_ups, lineage, public)
    for room in (*rooms, administration, log):
        # Flat, so that the check below sees every route.
        app.router.routes.extend(room.router.routes)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / STATIC), name=STATIC)
    _answer_refusals(app)
    app.add_middleware(ReadsAgain)
    app.add_middleware(SmallBodies)
    if configuration.oidc_issuer:
        # Imported here: a worker without a provider does not need its 15 MB.
        from reports.review import open_id

        open_id.connect(app, configuration)
    app.middleware("http")(_strict)
    app.add_middleware(AnswersHead)
    app.add_middleware(BehindProxies, proxies=[str(network) for network in configuration.trusted_proxies])
    refuse_routes_without_rule(app, STATIC)
    return app


def _at_once(step: Callable[[], object]) -> None:
    step()


def _with_rests(step: Callable[[], object]) -> None:
    """Do a step, then rest for three times as long as it took: the processor stays with those who read."""
    start = time.monotonic()
    step()
    time.sleep(3 * (time.monotonic() - start))


def warm_up(
    reader: Reader, engine: Engine, among: Snapshot, do: Callable[[Callable[[], object]], None] = _at_once
) -> PublishedList | None:
    """Compute what every page of the newest list needs, before a visitor waits for it; nothing where that is done.

    engine: of the database, which knows the firms that are followed. among: what is published. do: does each step.
    Returns that list, None where there is none that can be read.
    """
    with suppress(NotPublishedError, UnreadableError, OSError):
        published = reader.published(None, among)
        everyone = territory.EVERYONE.place
        do(lambda: past.prepare(reader, published))
        do(lambda: aggregates.prepare(reader, published, everyone))
        do(lambda: news.prepare(reader, published, everyone))
        do(lambda: names_of(reader, published))
        followed: Iterable[str] = ()
        with suppress(SQLAlchemyError):
            followed = follow_states(engine)
        told = {*followed, *news.told_anywhere(reader, published)}
        do(lambda: firm_rows.prepare(reader, published, told))
        return published
    return None


@asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    warm_up(services.reader, services.engine, services.reader.folder.snapshot())
    months = services.configuration.log_months
    tasks = [asyncio.create_task(_await_lists(services))]
    if months:
        tasks.append(asyncio.create_task(_keep_the_log(services, months)))
    yield
    for task in tasks:
        task.cancel()
    services.engine.dispose()


def warm_up_for(reader: Reader, published: PublishedList, right: Right) -> None:
    """Compute what the first pages of a list need in a territory; nothing where that is done."""
    with suppress(UnreadableError, OSError):
        news.firms_in_the_news(reader, published, right)
        aggregates.by_month(reader, published, right.place)
        aggregates.on_alert_among(reader, published, right, ())
        listing.offered_codes(reader, published, right.place)


async def _await_lists(services: Services) -> None:
    """Look for new lists until the application ends."""
    reader, seen = services.reader, services.reader.folder.snapshot()
    reader.await_preparation()
    while True:
        await asyncio.sleep(BETWEEN_LOOKS)
        found = await run_in_threadpool(reader.folder.snapshot)
        # A run publishes one thing after the other: what still changes is not prepared yet.
        if found == seen:
            await run_in_threadpool(_prepare_lists, services)
        seen = found


def _prepare_lists(services: Services) -> None:
    """Compute what pages of what is newly published need, of everyone and of each territory; then show it."""
    reader = services.reader
    published = warm_up(reader, services.engine, reader.folder.snapshot(), _with_rests)
    if published is not None:
        with suppress(SQLAlchemyError):
            for right in _rights(services):
                _with_rests(partial(warm_up_for, reader, published, right))
        reader.show(published)


def _rights(services: Services) -> list[Right]:
    """The different rights of those who see risks, no more than are kept in memory."""
    rights = (account_of(user).right for user in all_accounts(services.engine))
    return list(dict.fromkeys(right for right in rights if right.may_see(Kind.SCORES)))[:MOST_RIGHTS]


async def _keep_the_log(services: Services, months: int) -> None:
    """Once a day, remove what the log no longer keeps."""
    while True:
        try:
            await run_in_threadpool(audit.shorten, services.engine, months)
        except SQLAlchemyError as error:
            LOG.error("The log could not be shortened (%s). It is tried again tomorrow.", str(error).splitlines()[0])
        await asyncio.sleep(DAY)


def from_environment() -> FastAPI:
    """The application as a server's worker starts it."""
    return create_app(read_configuration())


async def _strict(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    return _with_headers(request, await call_next(request))


def _with_headers(request: Request, response: Response) -> Response:
    is_static = request.url.path.startswith("/static/")
    response.headers["Cache-Control"] = "public, max-age=3600" if is_static else "no-store"
    response.headers.update(HEADERS)
    if not request.app.state.services.configuration.is_local:
        response.headers.update(FOR_HTTPS)
    return response


def _in_header(address: str) -> str:
    """An address as headers hold it: without the letters that they can't."""
    return quote(address, safe=":/%#?=@[]!$&'()*+,;")


def _methods(request: Request) -> list[str]:
    """What the address may be asked, by whichever of its routes."""
    found = [route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE]
    methods = {method for route in found for method in getattr(route, "methods", None) or ()}
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))


def _answer_refusals(app: FastAPI) -> None:
    def answer(request: Request, status: int, message: str, location: str = "") -> Response:
        response = told(request, status, message, location)
        if status == 405:
            response.headers["Allow"] = ", ".join(_methods(request))
        return response

    def told(request: Request, status: int, message: str, location: str) -> Response:
        if request.url.path.endswith(".json"):
            return JSONResponse({"error": message}, status)
        if is_fragment(request):
            # A refusal has no place inside the page: the whole page is asked again, and tells.
            return Response(status_code=status, headers={"HX-Redirect": _in_header(location or address_asked(request))})
        if location:
            return RedirectResponse(location, 303)
        return render(request, request.app.state.services, None, "refusal.html", status, code=status, message=message)

    def refused(request: Request, error: Any) -> Response:
        return answer(request, error.status, error.message, error.location)

    def http(request: Request, error: Any) -> Response:
        messages = {404: "There is no such page.", 413: "This text is too long: nothing was saved."}
        return answer(request, error.status_code, messages.get(error.status_code, NOT_UNDERSTOOD))

    def invalid(request: Request, error: Any) -> Response:  # noqa: ARG001 - one answer for all
        return answer(request, 422, "The address of this page holds a value that it can't have. Go back to the list.")

    def unreadable(request: Request, error: Any) -> Response:
        if FIRST_READ not in request.scope:
            problem = str(error).splitlines()[0]
            LOG.error("A file behind a page can't be read (%s). See which: weaksignals doctor", problem)
        return answer(request, 503, "A file behind this page can't be read. The data team must look at it.")

    def not_published(request: Request, error: Any) -> Response:  # noqa: ARG001
        return answer(request, 404, "This list is not published.")

    def wrong_answer(request: Request, error: Any) -> Response:  # noqa: ARG001
        return answer(request, 400, "This form was not filled in as it should be. Go back and try again.")

    def failed(request: Request, error: Any) -> Response:  # noqa: ARG001
        message = "Something went wrong on our side. What you saved before this page is not lost."
        # Outside of every middleware.
        return _with_headers(request, answer(request, 500, message))

    handlers: dict[Any, Callable[[Request, Any], Response]] = {
        Refused: refused,
        HTTPException: http,
        RequestValidationError: invalid,
        UnreadableError: unreadable,
        NotPublishedError: not_published,
        RefusedAnswerError: wrong_answer,
        Exception: failed,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
