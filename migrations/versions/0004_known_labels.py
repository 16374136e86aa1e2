"""Answers of models that know two of the three classes: what a model does not know has no probability."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLE = "screenings"
LABELS = ("covid19", "viral_pneumonia", "normal")
IN_RANGE = " AND ".join(f"probability_{label} BETWEEN 0 AND 1" for label in LABELS)
ALL_GIVEN = " AND ".join(f"probability_{label} IS NOT NULL" for label in LABELS)
NONE_GIVEN = " AND ".join(f"probability_{label} IS NULL" for label in LABELS)
GIVEN = " + ".join(f"CASE WHEN probability_{label} IS NULL THEN 0 ELSE 1 END" for label in LABELS)
OF_THE_LABEL = " ".join(f"WHEN '{label}' THEN probability_{label}" for label in LABELS)
OLD = {
    "ck_screenings_probabilities": f"({IN_RANGE}) AND ({ALL_GIVEN}) OR ({NONE_GIVEN})",
    "ck_screenings_predicted_probabilities": f"outcome <> 'predicted' OR ({ALL_GIVEN})",
}
NEW = {
    "ck_screenings_probabilities": f"({IN_RANGE}) AND {GIVEN} <> 1",
    "ck_screenings_predicted_probabilities": f"outcome <> 'predicted' OR CASE label {OF_THE_LABEL} END IS NOT NULL",
}


SCREENINGS = sa.table(TABLE)
SQLITE_MASTER = sa.table("sqlite_master", sa.column("name", sa.Text), sa.column("sql", sa.Text))


def upgrade() -> None:
    replace_checks(OLD, NEW)


def downgrade() -> None:
    of_two_classes = sa.text(f"NOT ({ALL_GIVEN}) AND NOT ({NONE_GIVEN})")
    if op.get_bind().scalar(sa.select(sa.func.count()).select_from(SCREENINGS).where(of_two_classes)):
        raise RuntimeError("the ledger holds answers of models that know two classes: the older schema has no such")
    replace_checks(NEW, OLD)


def replace_checks(old: dict[str, str], new: dict[str, str]) -> None:
    if op.get_bind().dialect.name == "sqlite":
        rewrite_checks(old, new)
        return
    for name, condition in new.items():
        op.drop_constraint(op.f(name), TABLE, type_="check")
        op.create_check_constraint(op.f(name), TABLE, condition)


def rewrite_checks(old: dict[str, str], new: dict[str, str]) -> None:
    """Change the table's text as https://www.sqlite.org/lang_altertable.html#otheralter says: no row is copied."""
    connection = op.get_bind()
    this_table = SQLITE_MASTER.c.name == TABLE
    written = str(connection.scalar(sa.select(SQLITE_MASTER.c.sql).where(this_table)))
    for name, condition in old.items():
        before, after = f"{name} CHECK ({condition})", f"{name} CHECK ({new[name]})"
        if before not in written:
            raise RuntimeError(f"the table {TABLE} has no {before}")
        written = written.replace(before, after)
    version = connection.scalar(sa.text("PRAGMA schema_version"))
    connection.execute(sa.text("PRAGMA writable_schema = ON"))
    connection.execute(sa.update(SQLITE_MASTER).where(this_table).values(sql=written))
    # other connections read the table's text anew, and so does this one
    connection.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))
    connection.execute(sa.text("PRAGMA writable_schema = RESET"))
