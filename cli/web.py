"""``web``: the page."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import exit_codes
from cli.opening import opened_installation
from installation.addresses import DEFAULT_WEB

if TYPE_CHECKING:
    from installation.installation import Installation


def web(
    address: Annotated[
        str | None, typer.Option(help=f"Where to serve, as HOST:PORT (XRAY_WEB); default: {DEFAULT_WEB}.")
    ] = None,
) -> None:
    """Serve the page: upload films, read the worklist, review; needs a user ('xray-cli user add').

    Example: xray-cli web --address 127.0.0.1:8080
    """
    with exit_codes():
        from installation.addresses import OFF
        from installation.sources import read_settings

        settings = read_settings(web=address)
        chosen = DEFAULT_WEB if settings.web == OFF else settings.web
        with opened_installation(web=chosen) as installation:
            _serve(installation)


def _serve(installation: "Installation") -> None:
    import logging

    from cli.doors import build_doors
    from inference.labels import NOTICE
    from installation.logs import configure_logging
    from web.app import create_app
    from web.server import check_users, serve

    configure_logging(installation.settings.log_format)
    check_users(installation)
    scheme = "https" if installation.settings.web_certificate_file else "http"
    message = f"the page is at {scheme}://{installation.settings.web}/; Ctrl-C stops. {NOTICE}"
    logger = logging.getLogger("xray_watch")
    serve(
        create_app(installation, build_doors(installation)),
        installation.settings,
        lambda: logger.info(message, extra={"action": "web_started"}),
    )
