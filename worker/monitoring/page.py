"""``/metrics`` and ``/healthz`` over HTTP, in threads of their own: nothing here may keep a film waiting."""

import errno
import logging
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from socketserver import TCPServer
from threading import Thread

from prometheus_client import CollectorRegistry, MetricsHandler
from prometheus_client.process_collector import ProcessCollector

from installation.addresses import split_address
from worker.health.heartbeat import Health, ServiceState, describe_health

logger = logging.getLogger(__name__)

REQUEST_SECONDS = 10.0  # a client that says nothing is not waited for longer


class _Handler(MetricsHandler):
    """Answers one request; nothing is logged, since a scrape every few seconds is no news."""

    timeout = REQUEST_SECONDS
    health: Health

    def do_GET(self) -> None:  # noqa: N802  (the name of the base class)
        """Answer with the figures, or with 200 or 503 and how the service is."""
        path = self.path.partition("?")[0]
        if path == "/metrics":
            super().do_GET()
        elif path == "/healthz":
            state, reasons = type(self).health()
            ready = state is ServiceState.READY
            self._say(HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE, describe_health(state, reasons))
        else:
            self._say(HTTPStatus.NOT_FOUND, "there are /metrics and /healthz")

    def _say(self, status: HTTPStatus, text: str) -> None:
        content = f"{text}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class _Server(ThreadingHTTPServer):
    def __init__(self, address: str, handler: type[_Handler]) -> None:
        host, port = split_address(address)
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), handler)

    def server_bind(self) -> None:
        """Bind, and ask nobody for our name: a name server that is away would hold up the start."""
        TCPServer.server_bind(self)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say in a line that a request failed; the client has hung up, most of the time."""
        del request, client_address
        kind = type(sys.exception()).__name__
        logger.info("a request for metrics was not answered (%s)", kind, extra={"action": "metrics_request_failed"})


@contextmanager
def serve_page(address: str, registry: CollectorRegistry, health: Health) -> Iterator[None]:
    """Serve ``/metrics`` and ``/healthz`` meanwhile; where that cannot be done the log says so, and work goes on.

    Parameters
    ----------
    address : str
        ``HOST:PORT``.
    registry : CollectorRegistry
        Its figures are served, and those of this process.
    health : Callable
        Says how the service is.
    """
    handler = type("_BoundHandler", (_Handler,), {"registry": registry, "health": staticmethod(health)})
    try:
        server = _Server(address, handler)
    except OSError as error:
        logger.warning("no metrics: %s; work goes on", _describe(address, error), extra={"action": "metrics_off"})
        yield
        return
    ProcessCollector(registry=registry)
    thread = Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    logger.info("figures at http://%s/metrics, health at /healthz", address, extra={"action": "metrics_on"})
    with server:
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def _describe(address: str, error: OSError) -> str:
    if error.errno != errno.EADDRINUSE:
        return f"{address} cannot be served ({error.strerror})"
    host, _, port = address.rpartition(":")
    another = f"give this one an address of its own, such as XRAY_METRICS_ADDRESS={host}:{int(port) + 1}"
    return f"another program already serves {address}, such as a second service on this host: {another}, or 'off'"
