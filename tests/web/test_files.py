import json
from hashlib import sha256
from importlib.resources import files

from fastapi.testclient import TestClient

VENDOR = files("web").joinpath("static", "vendor")


def test_what_others_made_is_what_the_manifest_says_and_has_its_licence() -> None:
    manifest = json.loads(VENDOR.joinpath("manifest.json").read_text())
    listed = manifest["files"]
    assert {entry.name for entry in VENDOR.iterdir()} == {*listed, "manifest.json"}
    for name, expected in listed.items():
        assert sha256(VENDOR.joinpath(name).read_bytes()).hexdigest() == expected
    assert (manifest["package"], manifest["licence"]) == ("htmx.org", "0BSD")
    assert manifest["version"].startswith("4.")
    assert "Zero-Clause BSD" in VENDOR.joinpath("htmx.org-LICENSE.txt").read_text()


def test_files_come_with_their_kind_and_once(stranger: TestClient) -> None:
    for name, kind in (("page.css", "text/css"), ("vendor/htmx.min.js", "text/javascript"), ("style.css", "text/css")):
        answer = stranger.get(f"/static/{name}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)
        again = stranger.get(f"/static/{name}", headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_nothing_else_is_served(stranger: TestClient) -> None:
    for name in ("../app.py", "..%2fapp.py", "/etc/passwd", "vendor", "vendor/../../app.py", "nothing.css"):
        assert stranger.get(f"/static/{name}").status_code == 404
