"""The check before every route: who asks, whether the route's rule admits them, and the line in the log.

A refusal is raised as `Refused` and becomes a page. A firm outside the territory and a firm that does not exist are one
refusal, after one query.
"""

import secrets
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from fastapi import Depends, Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData

from reports.language import SOURCE, Language
from reports.review import audit, identity, sessions
from reports.review.access import SIGN_IN, Rule
from reports.review.audit import ADMITTED, LONGEST_ADDRESS, SIGNED_IN
from reports.review.data import NotPublishedError, PublishedList, Reader, Row
from reports.review.database import AuditEntry
from reports.review.firm import read_firm
from reports.review.identity import Account
from reports.review.services import Services

LANGUAGE_COOKIE = "weaksignals-language"
# Key in a request's scope: whether it came through a trusted proxy. The address that a header claims is no proof.
FROM_PROXY = "weaksignals.from_proxy"
# PostgreSQL keeps no text with this character.
NUL = "\x00"
NOTICE_FIRST = "Read and accept the confidentiality notice first."
NOT_UNDERSTOOD = "This request is not understood."


class Refused(Exception):  # noqa: N818 - an answer, not an error of ours
    """The request gets another answer than its page."""

    def __init__(self, status: int, message: str, location: str = "") -> None:
        """status: of HTTP; message: for the user; location: where to go instead."""
        super().__init__(message)
        self.status, self.message, self.location = status, message, location


@dataclass(frozen=True)
class Visit:
    """An admitted request; published and firm: where the route's rule names a firm."""

    services: Services
    request: Request
    language: Language
    account: Account | None
    form: FormData
    published: PublishedList | None = None
    firm: Row | None = None

    @property
    def who(self) -> Account:
        """Who is signed in; only on routes that are not public."""
        assert self.account is not None  # noqa: S101 - the guard admits nobody else
        return self.account

    def text(self, name: str) -> str:
        """A field of the form, empty where it is not there."""
        value = self.form.get(name, "")
        return value if isinstance(value, str) else ""


def published_of(visit: Visit) -> tuple[PublishedList, Row]:
    """The list and the firm that the visit is about; only on routes whose rule names a firm."""
    assert visit.published is not None  # noqa: S101 - the guard has read both
    assert visit.firm is not None  # noqa: S101
    return visit.published, visit.firm


def follows_of(visit: Visit) -> int:
    """The number of the entry that a form answers, 0 for none.

    Raises Refused where it is no number.
    """
    text = visit.text("follows")
    if not text.isdecimal() or len(text) > 9:
        raise Refused(400, "This form was not filled in as it should be. Go back and try again.")
    return int(text)


async def form_of(request: Request) -> FormData:
    """The fields of a change; none of a page.

    Raises Refused where they are written in what no form of ours is, or hold what no database keeps.
    """
    if request.method != "POST":
        return FormData()
    _, options = parse_options_header(request.headers.get("content-type", ""))
    if options.get(b"charset", b"utf-8").lower() not in (b"utf-8", b"utf8"):
        raise Refused(400, NOT_UNDERSTOOD)
    form = await request.form(max_files=0)
    if any(NUL in text for item in form.multi_items() for text in item if isinstance(text, str)):
        raise Refused(400, NOT_UNDERSTOOD)
    return form


class Admitted:
    """The dependency by which a route declares its rule."""

    def __init__(self, rule: Rule) -> None:
        """rule: what the route asks."""
        self.rule = rule

    def __call__(self, request: Request, form: Annotated[FormData, Depends(form_of)]) -> Visit:
        """The visit.

        Raises Refused where the rule does not admit it.
        """
        services: Services = request.app.state.services
        if NUL in unquote(address_asked(request)):
            raise Refused(400, NOT_UNDERSTOOD)
        account = None if self.rule.is_public and not self._needs_session(request, services) else who(request, services)
        visit = Visit(services, request, language_of(request), account, form)
        if self.rule.is_public:
            return visit
        try:
            admitted = self._admit(visit)
        except Refused as refusal:
            self._log(visit, str(refusal.status))
            raise
        self._log(visit, ADMITTED)
        return admitted

    def _log(self, visit: Visit, outcome: str) -> None:
        if self.rule.is_logged:
            log(
                visit,
                visit.account.name if visit.account else "",
                self.rule.action,
                address_asked(visit.request),
                outcome,
            )

    def _needs_session(self, request: Request, services: Services) -> bool:
        return services.cookie in request.cookies or bool(services.configuration.trusted_header)

    def _admit(self, visit: Visit) -> Visit:
        request, account = visit.request, visit.account
        if len(address_asked(request)) > LONGEST_ADDRESS:
            raise Refused(414, "The address of this page holds a value that it can't have. Go back to the list.")
        if account is None:
            raise Refused(401, "Sign in to go on.", location=_to("/sign-in", request))
        if request.method == "POST" and not is_same(visit.text("csrf"), account.csrf):
            raise Refused(403, "This form has expired. Go back, reload the page and send it again.")
        if not self.rule.admits(account.right):
            raise Refused(403, "Your account has no right to this page.")
        if not self.rule.is_before_notice and not account.has_accepted(visit.services.texts.notice):
            raise Refused(403, NOTICE_FIRST, location=_to("/confidentiality", request))
        if not self.rule.names_firm:
            return visit
        return self._with_firm(visit, account)

    def _with_firm(self, visit: Visit, account: Account) -> Visit:
        published = published_list(visit.services.reader, visit.request.query_params.get("list") or None)
        siren = str(visit.request.path_params["siren"])
        firm = read_firm(visit.services.reader, published, siren, account.right)
        if firm is None:
            raise Refused(404, "No firm of this SIREN is in this list, or it is outside your territory.")
        return Visit(visit.services, visit.request, visit.language, account, visit.form, published=published, firm=firm)


def is_same(given: str, expected: str) -> bool:
    """Whether a token is the expected one; the time that it takes does not tell where they differ."""
    return secrets.compare_digest(given.encode(errors="replace"), expected.encode(errors="replace"))


def published_list(reader: Reader, key: str | None) -> PublishedList:
    """A list.

    Raises Refused where it is not published.
    """
    try:
        return reader.published(key)
    except NotPublishedError:
        raise Refused(404, "This list is not published.") from None


def who(request: Request, services: Services) -> Account | None:
    """The account behind a request, by its session or by the header of a trusted proxy."""
    settings = services.configuration
    if settings.trusted_header and request.scope[FROM_PROXY]:
        name = request.headers.get(settings.trusted_header, "")
        account = identity.account_named(services.engine, name) if name else None
        return account and sessions.with_token(services.engine, account)
    token = request.cookies.get(services.cookie)
    return sessions.session_of(services.engine, token, services.configuration.idle) if token else None


def address_of(request: Request) -> str:
    """The visitor's address, as trusted proxies tell it."""
    return request.client.host[:64] if request.client else ""


def is_private(request: Request) -> bool:
    """Whether nobody on the way reads what is typed: by HTTPS, as trusted proxies tell it, or on this machine."""
    services: Services = request.app.state.services
    return services.configuration.is_local or request.url.scheme == "https"


def language_of(request: Request) -> Language:
    """The language chosen, else the first that the browser prefers of ours, else French."""
    services: Services = request.app.state.services
    chosen = request.cookies.get(services.configuration.cookie(LANGUAGE_COOKIE))
    if chosen in ("fr", SOURCE):
        return Language(chosen)
    for part in request.headers.get("accept-language", "").lower().split(","):
        code = part.split(";")[0].strip()[:2]
        if code in ("fr", SOURCE):
            return Language(code)
    return Language("fr")


def log(visit: Visit, by: str, action: str, path: str, outcome: str) -> None:
    """Log who asked for what and whether they got it; of a form, only its address."""
    address = address_of(visit.request)
    entry = AuditEntry(by=by, address=address, action=action, path=path[:LONGEST_ADDRESS], outcome=outcome)
    is_known = visit.account is not None or outcome == SIGNED_IN
    # Apart: who floods pages hides no guess of a password.
    quota = visit.services.sign_ins if action == SIGN_IN.action else visit.services.strangers
    audit.write(visit.services.engine, entry, None if is_known else quota)


def is_fragment(request: Request) -> bool:
    """Whether htmx asks for a part of the page that is shown, and not for a page."""
    return "hx-request" in request.headers and "hx-history-restore-request" not in request.headers


def address_asked(request: Request) -> str:
    """The path and the query."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _to(page: str, request: Request) -> str:
    """A page from which one comes back to what was asked."""
    if request.method == "GET":
        return f"{page}?" + urlencode({"next": address_asked(request)})
    return f"{page}?" + urlencode({"next": _page_of_form(request), "unsaved": "yes"})


def _page_of_form(request: Request) -> str:
    """The page from which a form was sent, where `drafts.js` keeps what was typed; without what it said was saved."""
    try:
        page = urlsplit(request.headers.get("referer", "/"))
    except ValueError:
        return "/"
    query = [(name, value) for name, value in parse_qsl(page.query) if name != "said"]
    return urlunsplit(("", "", page.path, urlencode(query), ""))
