"""What every answer carries, and what every request keeps to: headers, host names, sizes, times."""

import asyncio
import logging
import traceback
from collections.abc import Callable, Collection
from http import HTTPStatus
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""What a page may load: files of this server that it names; nothing inline, nothing from elsewhere."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
MOST_BYTES = 64 * 1024  # of a request that is no upload
CHUNK_SECONDS = 20.0  # between two parts of a request or an answer


class SafetyMiddleware:
    """Puts the headers on every answer, and refuses hosts, sizes and times that are out of bounds.

    Parameters
    ----------
    hosts : collection of str
        Names under which the page may be asked for, in small letters and without the port.
    find_most_bytes : Callable
        How large the request of a path may be.
    count_answer : Callable
        Called with the status of each answer.
    """

    def __init__(
        self,
        app: ASGIApp,
        hosts: Collection[str],
        find_most_bytes: Callable[[str], int],
        count_answer: Callable[[int], None],
    ) -> None:
        self._app = app
        self._count_answer = count_answer
        self._hosts = frozenset(hosts)
        self._find_most_bytes = find_most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(scope, send, self._count_answer)
        refusal = self._refuse(Headers(scope=scope))
        if refusal is not None:
            await refusal(scope, receive, answer.send)
            return
        request = _Request(receive, self._find_most_bytes(scope["path"]))
        if scope["method"] == "HEAD":  # answered as GET is; uvicorn leaves the body out
            scope = {**scope, "method": "GET"}
        try:
            await self._app(scope, request.receive, answer.send)
        except _BoundError as error:
            await self._end(PlainTextResponse(f"{error}\n", error.status), scope, receive, answer)
        except TimeoutError:  # whoever asked does not read; the connection is closed
            pass
        except Exception as error:  # noqa: BLE001  (its traceback could hold what was asked for)
            _log_bug(error)
            said = PlainTextResponse("a fault of this program; its log says where\n", HTTPStatus.INTERNAL_SERVER_ERROR)
            await self._end(said, scope, receive, answer)

    async def _end(self, said: PlainTextResponse, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        if not answer.begun:
            await said(scope, receive, answer.send)

    def _refuse(self, headers: Headers) -> PlainTextResponse | None:
        host = headers.get("host", "").lower()
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
        if name not in self._hosts:
            return PlainTextResponse("this page has another name (XRAY_WEB_HOSTS)\n", HTTPStatus.MISDIRECTED_REQUEST)
        return None


def _log_bug(error: Exception) -> None:
    """Name kind and place: a message may hold what was asked for, such as a file's name."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}:{place.lineno}"
    logger.error("%s at %s", type(error).__name__, where, extra={"action": "bug"})


class _BoundError(Exception):
    """A request is too large or too slow."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Request:
    """Hands on a request's parts as long as they come in time and are not too many."""

    def __init__(self, receive: Receive, most_bytes: int) -> None:
        self._receive = receive
        self._left = most_bytes
        self._ended = False

    async def receive(self) -> Message:
        if self._ended:  # what comes now is the end of the connection, which may take long
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), CHUNK_SECONDS)
        except TimeoutError:
            raise _BoundError(HTTPStatus.REQUEST_TIMEOUT, "the request came too slowly") from None
        self._ended = not message.get("more_body", False)
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise _BoundError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the request is too large")
        return message


class _Answer:
    """Sends an answer with our headers; what nobody reads is not kept waiting for ever."""

    def __init__(self, scope: Scope, send: Send, count: Callable[[int], None]) -> None:
        self._count = count
        self._is_file = scope["path"].startswith("/static/")
        self._send = send
        self.begun = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            self._count(message["status"])
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "no-cache" if self._is_file else "no-store")
        await asyncio.wait_for(self._send(message), CHUNK_SECONDS)
