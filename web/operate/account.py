"""The user's own page: who one is here, and logging off everywhere."""

from fastapi import Response

from documents.html.elements import element
from store.states import Role
from web.access.guard import Pages, Visitor
from web.frame import build_form, build_page

pages = Pages()

MAY = {
    Role.VIEWER: "look at films and reports",
    Role.REVIEWER: "look at films and reports, upload films, and say what they show",
    Role.OPERATOR: "look at films and reports, upload and review films, release them from quarantine and try again",
    Role.ADMIN: "do all of that, see who did what, and see who may log in",
}


@pages.page("/account", needs=Role.VIEWER)
def show_account(visit: Visitor) -> Response:
    """Show name, role, and how long one stays logged in."""
    settings = visit.installation.settings
    return build_page(
        visit,
        "Account",
        element("h1", visit.user.name),
        element("p", f"Your role is {visit.user.role}: you may {MAY[visit.user.role]}."),
        element(
            "p",
            f"Who does nothing for {settings.web_idle_minutes} minutes is logged off, and everybody "
            f"{settings.web_session_hours} hours after logging in.",
        ),
        element("p", f"A new password is given at the command line: xray-cli user password {visit.user.name}"),
        build_form(visit, "/logout/everywhere", element("button", "Log off everywhere"), class_="row"),
        layout="document",
    )
