"""The page's own files, and what other people made (``static/vendor``): read once, and nothing else is served."""

import hashlib
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import Request, Response

from inference.labels import NOTICE
from web.access.guard import Pages
from web.errors import MissingError

KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".json": "application/json",
}
OF_DOCUMENTS = ("style.css", "content.css")

pages = Pages()


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it is served."""

    content: bytes
    kind: str
    etag: str


@pages.page("/static/{name:path}", needs=None)
def serve_file(request: Request, name: str) -> Response:
    """Serve a file; a browser that has it already is only assured that it is still the same."""
    found = read_files().get(name)
    if found is None:
        raise MissingError("there is no such file")
    headers = {"ETag": found.etag}
    if request.headers.get("if-none-match") == found.etag:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(found.content, headers=headers, media_type=found.kind)


@cache
def read_files() -> dict[str, StaticFile]:
    """Return all files by their name below ``/static/``."""
    found = dict(_walk(files("web").joinpath("static"), ""))
    for name in OF_DOCUMENTS:
        style = files("documents.html").joinpath(name).read_text("utf-8")
        found[name] = _as_file(name, style.replace('"NOTICE"', f'"{NOTICE}"').encode())
    return found


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, StaticFile]]:
    found: list[tuple[str, StaticFile]] = []
    for entry in folder.iterdir():
        name = f"{prefix}{entry.name}"
        if entry.is_dir():
            found += _walk(entry, f"{name}/")
        elif _suffix(name) in KINDS:
            found.append((name, _as_file(name, entry.read_bytes())))
    return found


def _as_file(name: str, content: bytes) -> StaticFile:
    return StaticFile(content, KINDS[_suffix(name)], f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def _suffix(name: str) -> str:
    return f".{name.rpartition('.')[2]}"
