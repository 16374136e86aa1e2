"""Reference labels: what RT-PCR or a reader said of a film, and the index by which accession numbers find it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "reference_labels",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("source_sha256", sa.String(length=64), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("obtained_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "source = 'pcr' AND reference IN ('covid19', 'not_covid19') OR "
            "source = 'reader' AND reference IN ('covid19', 'viral_pneumonia', 'normal', 'other_finding')",
            name=op.f("ck_reference_labels_reference"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_reference_labels"),
        sa.UniqueConstraint("source_sha256", "source", name="uq_reference_labels_source_sha256_source"),
    )
    op.create_index("ix_screenings_accession_number", "screenings", ["accession_number"])


def downgrade() -> None:
    op.drop_index("ix_screenings_accession_number", "screenings")
    op.drop_table("reference_labels")
