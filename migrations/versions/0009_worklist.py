"""Uploads, when a film was reviewed, and the indexes along which the worklist is read from its top."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SHA256 = sa.String(length=64)
UNREAD = sa.text("reviewed_at IS NULL")
LIKELY = sa.text("reviewed_at IS NULL AND label = 'covid19'")
READ = sa.text("reviewed_at IS NOT NULL")


def upgrade() -> None:
    make_uploads()
    op.add_column("screenings", sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True))
    for name, columns, condition in (
        ("ix_screenings_unread", ["outcome", "label", "screened_at", "id"], UNREAD),
        ("ix_screenings_likely", ["probability_covid19", "id", "screened_at"], LIKELY),
        ("ix_screenings_reviewed", ["reviewed_at", "id"], READ),
    ):
        op.create_index(name, "screenings", columns, sqlite_where=condition, postgresql_where=condition)


def downgrade() -> None:
    for name in ("reviewed", "likely", "unread"):
        op.drop_index(f"ix_screenings_{name}", "screenings")
    op.drop_column("screenings", "reviewed_at")
    op.drop_table("uploads")


def make_uploads() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("source_sha256", SHA256, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("after_arrival_id", ROW_ID, nullable=False),
        sa.Column("arrival_id", ROW_ID, nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_uploads"),
    )
    op.create_index("ix_uploads_user_name_id", "uploads", ["user_name", "id"])
