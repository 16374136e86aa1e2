import re

import pytest

from store.identifiers import build_protection

KEY = b"a secret of the site"


def test_an_identifier_is_hashed_and_the_same_each_time() -> None:
    protect = build_protection(store_identifiers=False, key=KEY)
    protected = protect("PAT-1")
    assert protected is not None
    assert re.fullmatch("hmac-sha256:[0-9a-f]{64}", protected)
    assert "PAT-1" not in protected
    assert build_protection(store_identifiers=False, key=KEY)("PAT-1") == protected
    assert protect("PAT-2") != protected


def test_the_hash_is_hmac_sha256_of_rfc_4231() -> None:
    protect = build_protection(store_identifiers=False, key=b"Jefe")
    assert protect("what do ya want for nothing?") == (
        "hmac-sha256:5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )


def test_what_is_a_hash_already_stays_as_it_is() -> None:
    protect = build_protection(store_identifiers=False, key=KEY)
    assert protect(protect("PAT-1")) == protect("PAT-1")
    assert protect("hmac-sha256:PAT-1") != "hmac-sha256:PAT-1"


def test_another_site_gives_another_hash() -> None:
    here, there = (build_protection(store_identifiers=False, key=key)("PAT-1") for key in (KEY, b"another"))
    assert here != there


@pytest.mark.parametrize("store_identifiers", [True, False])
def test_spaces_around_an_identifier_mean_nothing(store_identifiers: bool) -> None:
    protect = build_protection(store_identifiers=store_identifiers, key=KEY)
    assert protect(" PAT-1 ") == protect("PAT-1")
    assert protect(None) is protect("") is protect("  ") is None


def test_a_site_may_keep_identifiers_as_they_are() -> None:
    assert build_protection(store_identifiers=True, key=KEY)("Ω PAT-1") == "Ω PAT-1"
