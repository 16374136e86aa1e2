"""What keeps the page from being served, and visitors from what they ask for.

::

    WebError
    ├── PasswordError        too short or too long
    ├── NoUserError          nobody could log in: the page does not start
    ├── WebAddressError      the address cannot be served
    └── VisitError           an answer other than the page that was asked for
        ├── LoginNeededError     there is no session
        ├── RoleError            the user may not do this
        ├── TokenError           a change without the token of the session
        └── MissingError         there is no such film, report or user
"""

import os
from http import HTTPStatus


class WebError(Exception):
    """Base of every decision of this room."""


class PasswordError(WebError):
    """A password is too short or too long."""

    exit_code = os.EX_DATAERR


class NoUserError(WebError):
    """There is no user yet: nobody could log in."""

    exit_code = os.EX_CONFIG


class WebAddressError(WebError):
    """The address cannot be served: taken, or not this machine's."""

    exit_code = os.EX_UNAVAILABLE


class VisitError(WebError):
    """An answer other than the page that was asked for; the message is shown to the visitor."""

    status = HTTPStatus.BAD_REQUEST


class LoginNeededError(VisitError):
    """There is no session, or it has run out."""

    status = HTTPStatus.UNAUTHORIZED


class RoleError(VisitError):
    """The user's role does not include this."""

    status = HTTPStatus.FORBIDDEN


class TokenError(VisitError):
    """A change was asked for without the token of the session: by another site, or by a page that is too old."""

    status = HTTPStatus.FORBIDDEN


class MissingError(VisitError):
    """There is no such film, report or user."""

    status = HTTPStatus.NOT_FOUND
