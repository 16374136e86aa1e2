import multiprocessing
from collections.abc import Mapping
from concurrent.futures import Future, ProcessPoolExecutor

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, event, inspect, text
from sqlalchemy.exc import IntegrityError

from inference.labels import Label
from store import HEAD_REVISION
from store.database import open_database
from store.errors import DatabaseEncodingError, SchemaMissingError, SchemaTooNewError
from store.schema import (
    build_alembic_config,
    check_encoding,
    check_schema,
    find_revision,
    upgrade_schema,
)
from store.tables import metadata
from tests.databases import lend_database
from tests.ledger import MODEL_SHA256, PROBABILITIES, arrive, digest, predict, register_model

TWO = {Label.COVID19: 0.25, Label.NORMAL: 0.75}


def set_revision(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def upgrade_in_process(database_url: str) -> None:
    engine = open_database(database_url)
    upgrade_schema(engine)
    engine.dispose()


def downgrade(engine: Engine, revision: str = "base") -> None:
    config = build_alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def test_the_revision_written_here_is_alembics_head() -> None:
    heads = ScriptDirectory.from_config(build_alembic_config()).get_heads()
    assert heads == [HEAD_REVISION]


def test_a_database_without_tables_is_told_apart_and_upgraded(empty_engine: Engine) -> None:
    assert find_revision(empty_engine) is None
    with pytest.raises(SchemaMissingError, match=r"no tables.*db upgrade"):
        check_schema(empty_engine)
    upgrade_schema(empty_engine)
    check_schema(empty_engine)
    assert find_revision(empty_engine) == HEAD_REVISION


def test_upgrading_twice_keeps_what_is_there(engine: Engine) -> None:
    ids = arrive(engine, "a.dcm")
    upgrade_schema(engine)
    assert arrive(engine, "a.dcm") == ids


def test_an_older_schema_asks_for_an_upgrade(engine: Engine) -> None:
    set_revision(engine, "0000")
    with pytest.raises(SchemaMissingError, match=f"schema 0000.*needs {HEAD_REVISION}"):
        check_schema(engine)


@pytest.mark.parametrize("revision", ["9999", "1975ea83b712"])
def test_a_schema_of_a_newer_or_another_program_is_left_alone(engine: Engine, revision: str) -> None:
    set_revision(engine, revision)
    for use in (check_schema, upgrade_schema):
        with pytest.raises(SchemaTooNewError, match=f"schema {revision}"):
            use(engine)
    assert find_revision(engine) == revision


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_the_migrations_make_the_tables_as_they_are_described(engine: Engine) -> None:
    with engine.begin() as connection:
        options = {"compare_type": True, "compare_server_default": True, "include_object": can_be_compared}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def can_be_compared(_object: object, name: str | None, *_: object) -> bool:
    return name != "ix_arrivals_file_name"  # on an expression: test_plans holds that it is used


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_migrations_make_the_constraints_as_they_are_described(kind: str, request: pytest.FixtureRequest) -> None:
    """Alembic compares no CHECK: make the tables both ways and read the constraints back."""
    migrated: Engine = request.getfixturevalue(f"{kind}_engine")
    described = open_database(request.getfixturevalue(f"empty_{kind}_url"))
    metadata.create_all(described)
    for table in metadata.tables:
        found, expected = read_checks(migrated, table), read_checks(described, table)
        assert found == expected
        assert (found != {}) == (
            table in {"arrivals", "screenings", "reference_labels", "users", "reviews", "deliveries"}
        )
    described.dispose()


def read_checks(engine: Engine, table: str) -> dict[str | None, str]:
    return {check["name"]: check["sqltext"] for check in inspect(engine).get_check_constraints(table)}


def test_the_way_back_leaves_nothing_and_the_way_forth_works_again(engine: Engine) -> None:
    downgrade(engine)
    assert set(inspect(engine).get_table_names()) <= {"alembic_version", "sqlite_sequence"}
    assert find_revision(engine) is None
    upgrade_schema(engine)
    arrive(engine, "a.dcm")


def test_rows_of_an_older_schema_stay_as_they_are_and_answers_of_two_classes_find_their_place(engine: Engine) -> None:
    downgrade(engine, "0003")
    register_model(engine)
    insert_answer(engine, "three.dcm", PROBABILITIES)
    with pytest.raises(IntegrityError):
        insert_answer(engine, "two.dcm", TWO)
    before = read_screenings(engine)
    upgrade_schema(engine)
    assert read_screenings(engine) == before
    arrival_id = predict(engine, "again.dcm", probabilities=TWO)
    assert len(read_screenings(engine)) == 2
    with pytest.raises(RuntimeError, match="know two classes"):
        downgrade(engine, "0003")
    assert find_revision(engine) == HEAD_REVISION
    assert arrival_id == 1


def insert_answer(engine: Engine, name: str, probabilities: Mapping[Label, float]) -> None:
    """Write an answer as any schema takes it: the functions of the store know the newest alone."""
    names = [f"probability_{label}" for label in probabilities]
    statement = (
        f"INSERT INTO screenings (arrival_id, source_sha256, model_sha256, outcome, label, {', '.join(names)}, "
        f"screened_at) VALUES (1, :film, :model, 'predicted', 'normal', {', '.join(map(':{}'.format, names))}, :at)"
    )
    shares = dict(zip(names, probabilities.values(), strict=True))
    values = {"film": digest(name), "model": MODEL_SHA256, "at": "2026-11-01 08:00:00.000000", **shares}
    with engine.begin() as connection:
        connection.execute(text(statement), values)


def read_screenings(engine: Engine) -> list[tuple[object, ...]]:
    shares = ", ".join(f"probability_{label}" for label in Label)
    with engine.connect() as connection:
        found = connection.execute(text(f"SELECT id, source_sha256, outcome, {shares} FROM screenings ORDER BY id"))
        return [tuple(row) for row in found]


def test_new_constraints_that_are_cut_off_half_way_leave_the_old_ones(sqlite_url: str) -> None:
    one, other = open_database(sqlite_url), open_database(sqlite_url)
    register_model(other)
    predict(other, "three.dcm")
    downgrade(one, "0003")

    @event.listens_for(one, "before_cursor_execute")
    def cut_off(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("PRAGMA schema_version ="):  # the table's text is changed by now
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        upgrade_schema(one)
    assert find_revision(other) == "0003"
    with pytest.raises(IntegrityError):
        insert_answer(other, "two.dcm", TWO)
    event.remove(one, "before_cursor_execute", cut_off)
    upgrade_schema(one)
    predict(other, "two again.dcm", probabilities=TWO)
    one.dispose()
    other.dispose()


@pytest.mark.filterwarnings("error")
def test_an_open_connection_sees_the_new_constraints_and_the_file_is_sound(sqlite_url: str) -> None:
    one, other = open_database(sqlite_url), open_database(sqlite_url)
    downgrade(one, "0003")
    register_model(other)
    upgrade_schema(one)
    predict(other, "two.dcm", probabilities=TWO)
    with one.connect() as connection:
        assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
        assert connection.scalar(text("PRAGMA writable_schema")) == 0
    one.dispose()
    other.dispose()


def test_a_migration_that_fails_half_way_leaves_no_tables(
    empty_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Operations, "create_index", refuse)
    with pytest.raises(OSError, match="disk full"):
        upgrade_schema(empty_engine)
    assert set(inspect(empty_engine).get_table_names()) <= {"sqlite_sequence"}


def test_an_upgrade_in_the_midst_of_another_waits_and_finds_the_work_done(
    empty_engine: Engine, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_table, second = Operations.create_table, list[Future[None]]()

    def start_another_first(self: Operations, *args: object, **kwargs: object) -> object:
        if not second:
            second.append(processes.submit(upgrade_in_process, empty_database_url))
            with pytest.raises(TimeoutError):
                second[0].result(4)  # time enough to start and to reach the lock
        return create_table(self, *args, **kwargs)

    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as processes:
        monkeypatch.setattr(Operations, "create_table", start_another_first)
        upgrade_schema(empty_engine)
        second[0].result(20)
    check_schema(empty_engine)


@pytest.mark.parametrize("encoding", ["LATIN1", "WIN1252", "SQL_ASCII", "EUC_JP"])
def test_a_database_that_is_not_utf8_is_refused(postgresql_server: str, encoding: str) -> None:
    options = f"ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0"
    for url in lend_database(postgresql_server, options):
        engine = open_database(url)
        with pytest.raises(DatabaseEncodingError, match=f"keeps its text as {encoding} .*UTF8 is accepted"):
            check_encoding(engine)
        for open_or_make in (check_schema, upgrade_schema):  # before it asks for tables, which would have to be moved
            with pytest.raises(DatabaseEncodingError):
                open_or_make(engine)
        engine.dispose()


def test_a_database_of_utf8_is_not(empty_engine: Engine) -> None:
    check_encoding(empty_engine)
    upgrade_schema(empty_engine)
    assert find_revision(empty_engine) == HEAD_REVISION
