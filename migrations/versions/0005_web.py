"""Users of the page, their sessions and reviews; audit events that name who and where, each with a hash."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SHA256 = sa.String(length=64)
MOMENT = sa.DateTime(timezone=True)
CHECK = "ck_reference_labels_reference"
FINDINGS = "('covid19', 'viral_pneumonia', 'normal', 'other_finding')"
BY_PCR = "source = 'pcr' AND reference IN ('covid19', 'not_covid19') OR "
OLD = f"{BY_PCR}source = 'reader' AND reference IN {FINDINGS}"
NEW = f"{BY_PCR}source IN ('reader', 'review') AND reference IN {FINDINGS}"


def upgrade() -> None:
    add_audit_columns()
    create_users()
    create_reviews()
    replace_check(NEW)


def downgrade() -> None:
    labels = sa.table("reference_labels", sa.column("source", sa.Text))
    op.execute(sa.delete(labels).where(labels.c.source == "review"))
    replace_check(OLD)
    for table in ("reviews", "sessions", "users", "login_failures"):
        op.drop_table(table)
    op.drop_index("ix_audit_events_at", "audit_events")
    for name in ("sha256", "previous_sha256", "address", "actor"):
        op.drop_column("audit_events", name)


def add_audit_columns() -> None:
    for name, kind in (("actor", sa.Text()), ("address", sa.Text()), ("previous_sha256", SHA256), ("sha256", SHA256)):
        op.add_column("audit_events", sa.Column(name, kind, nullable=True))
    op.create_index("ix_audit_events_at", "audit_events", ["at"])


def create_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("disabled", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("role IN ('viewer', 'reviewer', 'operator', 'admin')", name=op.f("ck_users_role")),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("name", name="uq_users_name"),
    )
    op.create_table(
        "sessions",
        sa.Column("token_sha256", SHA256, nullable=False),
        sa.Column("user_id", ROW_ID, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("active_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("token_sha256", name="pk_sessions"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sessions_user_id"),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_table(
        "login_failures",
        sa.Column("subject_sha256", SHA256, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.Column("locked_until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("subject_sha256", name="pk_login_failures"),
    )


def create_reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("arrival_id", ROW_ID, nullable=False),
        sa.Column("source_sha256", SHA256, nullable=False),
        sa.Column("user_id", ROW_ID, nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("corrects", ROW_ID, nullable=True),
        sa.CheckConstraint("verdict IN ('agree', 'another_label', 'unsure')", name=op.f("ck_reviews_verdict")),
        sa.CheckConstraint(
            f"(verdict = 'another_label') = (label IS NOT NULL) AND (label IS NULL OR label IN {FINDINGS})",
            name=op.f("ck_reviews_label"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_reviews"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_reviews_user_id"),
        sa.ForeignKeyConstraint(["corrects"], ["reviews.id"], name="fk_reviews_corrects"),
        sa.UniqueConstraint("corrects", name="uq_reviews_corrects"),
    )
    op.create_index("ix_reviews_arrival_id", "reviews", ["arrival_id"])
    op.create_index("ix_reviews_source_sha256", "reviews", ["source_sha256"])


def replace_check(condition: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f(CHECK), "reference_labels", type_="check")
        op.create_check_constraint(op.f(CHECK), "reference_labels", condition)
        return
    with op.batch_alter_table("reference_labels") as batch:  # a copy, which leaves the old CHECK behind
        batch.create_check_constraint(op.f(CHECK), condition)
