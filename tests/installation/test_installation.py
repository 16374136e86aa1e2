"""What is opened, when, and what is said where it cannot be."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from inference.bundle import SHIPPED_BUNDLE, BundleMismatchError, BundleNotFoundError, read_bundle
from installation.errors import ActiveModelUnknownError
from installation.home import Home
from store.errors import SchemaMissingError
from store.ledger.models import activate_model, record_model
from tests.bundles import change_manifest, copy_bundle
from tests.installation.conftest import Install

AWAY = "postgresql+psycopg://nobody:s3cret@127.0.0.1:9/x"


def activate(ledger: Engine, folder: Path) -> None:
    bundle = read_bundle(folder)
    with ledger.begin() as connection:
        record_model(connection, bundle.model_sha256, bundle.model_version, folder)
        activate_model(connection, bundle.model_sha256)


def test_without_a_ledger_the_bundle_that_ships_serves_and_nothing_is_made(install: Install, place: Home) -> None:
    assert install().model.folder == SHIPPED_BUNDLE
    assert not place.root.exists()


def test_the_one_that_is_set_goes_before_the_activated_one_and_that_before_the_one_that_ships(
    install: Install, tmp_path: Path
) -> None:
    one, other = (copy_bundle(tmp_path / name, model_version=name) for name in ("one", "other"))
    first = install()
    first.upgrade_ledger()
    assert install().model.folder == SHIPPED_BUNDLE
    activate(first.ledger, one)
    assert install().model.model_version == "one"
    assert install(model=other).model.model_version == "other"


def test_an_activated_bundle_that_was_replaced_does_not_serve(install: Install, tmp_path: Path) -> None:
    installation = install()
    installation.upgrade_ledger()
    activate(installation.ledger, copy_bundle(tmp_path / "one", model_version="one"))
    change_manifest(tmp_path / "one", model_version="two")
    with pytest.raises(BundleMismatchError, match="run 'xray-cli model activate' again"):
        assert install().model


def test_an_activated_bundle_that_has_gone_is_not_quietly_replaced_by_the_one_that_ships(
    install: Install, tmp_path: Path
) -> None:
    installation = install()
    installation.upgrade_ledger()
    activate(installation.ledger, copy_bundle(tmp_path / "one"))
    (tmp_path / "one").rename(tmp_path / "elsewhere")
    with pytest.raises(BundleNotFoundError, match=f"{tmp_path / 'one'}, which was activated: .* set XRAY_MODEL"):
        assert install().model


def test_in_a_worker_no_other_bundle_serves_than_the_service_began_with(install: Install) -> None:
    shipped = read_bundle(SHIPPED_BUNDLE)
    assert install(shipped.model_sha256).model == shipped
    with pytest.raises(BundleMismatchError, match="replaced since the service started"):
        assert install("0" * 64).model


def test_a_database_that_is_away_is_not_taken_for_one_in_which_nobody_has_chosen(install: Install) -> None:
    with pytest.raises(ActiveModelUnknownError, match="XRAY_MODEL") as caught:
        assert install(database_url=AWAY).model
    assert "s3cret" not in str(caught.value)
    assert install(database_url=AWAY, model=SHIPPED_BUNDLE).model.folder == SHIPPED_BUNDLE


def test_a_database_without_tables_has_no_model_and_says_what_makes_them(
    install: Install, empty_postgresql_url: str
) -> None:
    installation = install(database_url=empty_postgresql_url)
    assert installation.model.folder == SHIPPED_BUNDLE
    with pytest.raises(SchemaMissingError, match="xray-cli db upgrade"):
        assert installation.ledger


def test_a_ledger_is_made_where_it_is_wanted_and_nowhere_else(install: Install, place: Home) -> None:
    installation = install()
    with pytest.raises(SchemaMissingError, match="there is no ledger"):
        assert installation.ledger
    assert not place.root.exists()
    installation.upgrade_ledger()
    assert installation.ledger.dialect.name == "sqlite"
    assert installation.has_ledger


def test_each_part_is_opened_once(install: Install) -> None:
    installation = install()
    installation.upgrade_ledger()
    assert installation.ledger is installation.ledger
    assert installation.model is installation.model


def test_tls_comes_with_its_checks_unless_the_url_says_otherwise(install: Install, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    url = install(
        broker_url="rediss://broker/0?ssl_check_hostname=false", broker_ca_file=tmp_path / "ca.pem"
    ).broker_url
    assert url.startswith("rediss://broker/0?ssl_cert_reqs=required&ssl_check_hostname=false&ssl_ca_certs=")
    assert install(broker_url="redis://broker/0").broker_url == "redis://broker/0"


def test_the_embedded_broker_has_a_socket_outside_of_the_home(install: Install, place: Home) -> None:
    assert install().broker_url == f"redis+socket://{place.broker_socket}"
