import stat

import pytest

from installation.errors import IdentifierKeyError
from installation.home import Home
from installation.identifiers import find_protection, make_identifier_key
from installation.settings import Settings

SETTINGS = Settings()


def test_the_key_is_made_once_and_is_private(home: Home) -> None:
    make_identifier_key(SETTINGS, home)
    key = home.identifier_key.read_bytes()
    assert len(key) >= 32
    make_identifier_key(SETTINGS, home)
    assert home.identifier_key.read_bytes() == key
    assert stat.S_IMODE(home.identifier_key.stat().st_mode) == 0o600


@pytest.mark.parametrize("settings", [Settings(store_identifiers=True), Settings(identifier_key="site")])
def test_where_no_key_of_the_home_is_used_none_is_made(home: Home, settings: Settings) -> None:
    make_identifier_key(settings, home)
    assert not home.identifier_key.exists()
    assert find_protection(settings, home)("4711")


def test_without_its_key_a_home_protects_nothing(home: Home) -> None:
    with pytest.raises(IdentifierKeyError, match="copy it from the service's home"):
        find_protection(SETTINGS, home)


def test_an_empty_key_hashes_nothing(home: Home) -> None:
    home.identifier_key.touch()
    for look in (make_identifier_key, find_protection):
        with pytest.raises(IdentifierKeyError, match="is empty"):
            look(SETTINGS, home)


def test_the_same_home_hashes_the_same(home: Home) -> None:
    make_identifier_key(SETTINGS, home)
    first, second = (find_protection(SETTINGS, home)("4711") for _ in range(2))
    assert first == second
    assert first is not None
    assert "4711" not in first
