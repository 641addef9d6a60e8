"""What every request passes before the routes: proxies, HEAD, long bodies, and files that are replaced meanwhile."""

from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from reports.review.guard import FROM_PROXY

# In bytes: a form holds a note and a few choices.
LARGEST_BODY = 64 * 1024
# Key in a request's scope: whether it will be asked again where its files can't be read.
FIRST_READ = "weaksignals.first_read"


class BehindProxies:
    """Takes the visitor's address and scheme from the headers of trusted proxies, and of nobody else."""

    def __init__(self, app: ASGIApp, proxies: list[str]) -> None:
        """app: what is behind them; proxies: addresses and networks."""
        self.believing = ProxyHeadersMiddleware(app, proxies)  # type: ignore[arg-type]  # two names of one protocol

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note whether the connection is a proxy's, before its address is replaced by the visitor's."""
        peer = scope.get("client")
        scope[FROM_PROXY] = peer is not None and peer[0] in self.believing.trusted_hosts
        await self.believing(scope, receive, send)  # type: ignore[arg-type]


class SmallBodies:
    """Refuses a body longer than a form can be, without reading it to its end."""

    def __init__(self, app: ASGIApp) -> None:
        """app: what is protected."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the bytes as they come: the announced length may be false."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > LARGEST_BODY:
            await _too_long()(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > LARGEST_BODY:
                raise HTTPException(413)
            return message

        await self.app(scope, counted, send)


def _too_long() -> Response:
    text = "Ce texte est trop long : rien n'a été enregistré. / This text is too long: nothing was saved."
    return HTMLResponse(f"<!doctype html><title>413</title><p>{text}</p>", 413)


class AnswersHead:
    """Answers HEAD as GET, with its headers and without its body: no route declares HEAD."""

    def __init__(self, app: ASGIApp) -> None:
        """app: what answers GET."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask the page, and send its headers."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self.app({**scope, "method": "GET"}, receive, without_body)


class ReadsAgain:
    """Asks a page whose files could not be read once more: they are replaced when a table or a list is published."""

    def __init__(self, app: ASGIApp) -> None:
        """app: what answers 503 then."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hold the first such answer back; a change is never asked twice."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        is_held = False

        async def unless_held(message: Message) -> None:
            nonlocal is_held
            is_held = is_held or message.get("status") == 503
            if not is_held:
                await send(message)

        await self.app({**scope, FIRST_READ: True}, receive, unless_held)
        if is_held:
            await self.app(scope, receive, send)
