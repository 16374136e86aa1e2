"""The frame of every page: navigation by role, counters, notice; dark by default, light by choice."""

from collections.abc import Sequence
from http import HTTPStatus

from fastapi import Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from documents.html.elements import element, join
from inference.labels import NOTICE
from store.states import Role
from web.access.guard import THEME_COOKIE, TOKEN_FIELD, Visit

DARK, LIGHT = "dark", "light"
STYLES = ("style.css", "content.css", "page.css")
HTMX_SCRIPT = "vendor/htmx.min.js"
SCRIPTS = ("vendor/hx-sse.min.js", "page.js")
HTMX = (
    '{"includeIndicatorCSS": false, "history": false, "noSwap": [204, 304, "4xx", "5xx"], '
    '"sse": {"reconnectMaxDelay": 5000}}'  # by itself an open page waits up to a minute for a server that is back
)

NAVIGATION: Sequence[tuple[str, str, Role]] = (
    ("/worklist", "Worklist", Role.VIEWER),
    ("/upload", "Upload", Role.REVIEWER),
    ("/reports", "Reports", Role.VIEWER),
    ("/model", "Model", Role.VIEWER),
    ("/status", "Status", Role.VIEWER),
    ("/quarantine", "Quarantine", Role.OPERATOR),
    ("/audit", "Audit", Role.ADMIN),
    ("/users", "Users", Role.ADMIN),
)
"""Address, name and least role of what stands at the top of each page."""


def build_page(
    visit: Visit,
    title: str,
    *content: str,
    status: int = HTTPStatus.OK,
    styles: Sequence[str] = (),
    scripts: Sequence[str] = (),
    layout: str = "",
) -> HTMLResponse:
    """Build a whole page for a user.

    Parameters
    ----------
    title : str
        Of the window; the page's own heading is part of the content.
    *content : str
        Elements of ``documents.html``; other text is escaped.
    styles, scripts : sequence of str
        Further files below ``web/static`` that this page needs.
    layout : str
        A class for ``main``: ``document`` for what is read like a report, ``full`` for what fills the screen.
    """
    body = element(
        "body",
        element("a", "Skip to the content", href="#main", class_="skip"),
        _build_bar(visit),
        element("main", *content, id="main", class_=layout or None, tabindex="-1"),
        data_csrf=visit.csrf,
    )
    return render(visit.request, title, body, status=status, styles=styles, scripts=scripts)


def build_outer_page(request: Request, title: str, *content: str, status: int = HTTPStatus.OK) -> HTMLResponse:
    """Build a page for somebody who is not logged in: the log-in itself, and what went wrong."""
    main = element("main", *content, id="main", class_="narrow")
    body = element("body", main, element("footer", element("p", NOTICE, class_="notice")), class_="outer")
    return render(request, title, body, status=status)


def build_fragment(*content: str) -> HTMLResponse:
    """Build a part of a page, for htmx to put in."""
    return HTMLResponse(join(content))


def render(
    request: Request,
    title: str,
    body: Markup,
    *,
    status: int,
    styles: Sequence[str] = (),
    scripts: Sequence[str] = (),
) -> HTMLResponse:
    """Put head and body together; the head names its files, and holds no style and no script itself."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="htmx-config", content=HTMX),
        element("title", f"{title} · xray-watch"),
        element("link", rel="icon", href="/static/icon.svg", type="image/svg+xml"),
        *(element("link", rel="stylesheet", href=f"/static/{name}") for name in (*STYLES, *styles)),
        element("script", src=f"/static/{HTMX_SCRIPT}"),  # deferred, it might begin before its extension is there
        *(element("script", src=f"/static/{name}", defer="defer") for name in (*SCRIPTS, *scripts)),
    )
    theme = LIGHT if request.cookies.get(THEME_COOKIE) == LIGHT else DARK
    page = element("html", head, body, lang="en", data_theme=theme)
    return HTMLResponse(f"<!DOCTYPE html>\n{page}\n", status_code=status)


def _build_bar(visit: Visit) -> Markup:
    path = visit.request.url.path
    links = [
        element("li", element("a", name, href=address, aria_current="page" if path == address else None))
        for address, name, role in NAVIGATION
        if visit.may(role)
    ]
    return element(
        "header",
        element("a", "xray-watch", href="/", class_="home"),
        element("nav", element("ul", *links), aria_label="main"),
        _build_counters(),
        element("p", NOTICE, class_="notice"),
        _build_user(visit),
        class_="bar",
    )


def _build_counters() -> Markup:
    """Build the place of the counters, which the server keeps true by server-sent events."""
    connect = {"hx-sse:connect": "/counters"}
    return element("div", id="counters", class_="counters", aria_live="off", hx_swap="innerHTML", **connect)


def _build_user(visit: Visit) -> Markup:
    other = DARK if visit.request.cookies.get(THEME_COOKIE) == LIGHT else LIGHT
    here = visit.request.url.replace(scheme="", netloc="") if visit.request.method == "GET" else ""
    choice = element("button", other, name="theme", value=other, class_="quiet")
    return element(
        "div",
        element("a", visit.user.name, href="/account", class_="name", title=f"role: {visit.user.role}"),
        build_form(visit, "/theme", element("input", type="hidden", name="next", value=here), choice),
        build_form(visit, "/logout", element("button", "log off", class_="quiet")),
        class_="user",
    )


def build_form(visit: Visit, action: str, *content: Markup, **attributes: object) -> Markup:
    """Build a form that changes something, with its token."""
    token = element("input", type="hidden", name=TOKEN_FIELD, value=visit.csrf)
    return element("form", token, *content, method="post", action=action, **attributes)
