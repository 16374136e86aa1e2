"""The ledger: models, screenings, arrivals and audit events."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
IN_THE_INBOX = sa.text("fingerprint IS NOT NULL AND \"after\" = 'move'")
PROBABILITIES = ("probability_covid19", "probability_viral_pneumonia", "probability_normal")
PROBABILITIES_IN_RANGE = " AND ".join(f"{name} BETWEEN 0 AND 1" for name in PROBABILITIES)
PROBABILITIES_GIVEN = " AND ".join(f"{name} IS NOT NULL" for name in PROBABILITIES)
NO_PROBABILITIES = " AND ".join(f"{name} IS NULL" for name in PROBABILITIES)
ALL_PROBABILITIES_OR_NONE = f"({PROBABILITIES_IN_RANGE}) AND ({PROBABILITIES_GIVEN}) OR ({NO_PROBABILITIES})"


def upgrade() -> None:
    create_audit_events()
    create_models()
    create_screenings()
    create_arrivals()


def create_audit_events() -> None:
    op.create_table(
        "audit_events",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("arrival_id", ROW_ID, nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_events"),
    )
    op.create_index("ix_audit_events_arrival_id", "audit_events", ["arrival_id"])


def create_models() -> None:
    op.create_table(
        "models",
        sa.Column("model_sha256", sa.String(length=64), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("model_sha256", name="pk_models"),
    )


def create_screenings() -> None:
    op.create_table(
        "screenings",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("arrival_id", ROW_ID, nullable=False),
        sa.Column("source_sha256", sa.String(length=64), nullable=False),
        sa.Column("model_sha256", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("probability_covid19", sa.Float(), nullable=True),
        sa.Column("probability_viral_pneumonia", sa.Float(), nullable=True),
        sa.Column("probability_normal", sa.Float(), nullable=True),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("conflict", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("source_format", sa.Text(), nullable=True),
        sa.Column("sop_class_uid", sa.String(length=64), nullable=True),
        sa.Column("sop_instance_uid", sa.String(length=64), nullable=True),
        sa.Column("study_instance_uid", sa.String(length=64), nullable=True),
        sa.Column("series_instance_uid", sa.String(length=64), nullable=True),
        sa.Column("patient_id", sa.Text(), nullable=True),
        sa.Column("accession_number", sa.Text(), nullable=True),
        sa.Column("modality", sa.Text(), nullable=True),
        sa.Column("view_position", sa.Text(), nullable=True),
        sa.Column("body_part_examined", sa.Text(), nullable=True),
        sa.Column("patient_age_years", sa.Float(), nullable=True),
        sa.Column("patient_sex", sa.Text(), nullable=True),
        sa.Column("manufacturer", sa.Text(), nullable=True),
        sa.Column("station_name", sa.Text(), nullable=True),
        sa.Column("transfer_syntax_uid", sa.String(length=64), nullable=True),
        sa.Column("photometric_interpretation", sa.Text(), nullable=True),
        sa.Column("presentation_intent_type", sa.Text(), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("columns", sa.Integer(), nullable=True),
        sa.Column("bits_stored", sa.Integer(), nullable=True),
        sa.Column("screened_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("label IN ('covid19', 'viral_pneumonia', 'normal')", name=op.f("ck_screenings_label")),
        sa.CheckConstraint("outcome IN ('predicted', 'indeterminate', 'rejected')", name=op.f("ck_screenings_outcome")),
        sa.CheckConstraint("(outcome = 'predicted') = (label IS NOT NULL)", name=op.f("ck_screenings_predicted")),
        sa.CheckConstraint(ALL_PROBABILITIES_OR_NONE, name=op.f("ck_screenings_probabilities")),
        sa.CheckConstraint(
            f"outcome <> 'predicted' OR ({PROBABILITIES_GIVEN})", name=op.f("ck_screenings_predicted_probabilities")
        ),
        sa.ForeignKeyConstraint(["model_sha256"], ["models.model_sha256"], name="fk_screenings_model_sha256"),
        sa.PrimaryKeyConstraint("id", name="pk_screenings"),
        sa.UniqueConstraint("source_sha256", "model_sha256", name="uq_screenings_source_sha256_model_sha256"),
    )
    op.create_index("ix_screenings_sop_instance_uid", "screenings", ["sop_instance_uid"])


def create_arrivals() -> None:
    op.create_table(
        "arrivals",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=True),
        sa.Column("inbox", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("stored_path", sa.Text(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("transient_faults", sa.Integer(), server_default="0", nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source_sha256", sa.String(length=64), nullable=True),
        sa.Column("screening_id", ROW_ID, nullable=True),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("after IN ('move', 'keep')", name=op.f("ck_arrivals_after")),
        sa.CheckConstraint(
            "state IN ('waiting', 'queued', 'screening', 'failed', 'done', 'duplicate', 'quarantined', 'vanished')",
            name=op.f("ck_arrivals_state"),
        ),
        sa.CheckConstraint(
            "(state IN ('done', 'duplicate', 'quarantined', 'vanished')) = (finished_at IS NOT NULL)",
            name=op.f("ck_arrivals_finished"),
        ),
        sa.CheckConstraint("state <> 'done' OR screening_id IS NOT NULL", name=op.f("ck_arrivals_done")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name="fk_arrivals_screening_id"),
        sa.PrimaryKeyConstraint("id", name="pk_arrivals"),
        sa.UniqueConstraint("fingerprint", name="uq_arrivals_fingerprint"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_arrivals_finished_at", "arrivals", ["finished_at"])
    op.create_index("ix_arrivals_received_at", "arrivals", ["received_at"])
    op.create_index("ix_arrivals_screening_id", "arrivals", ["screening_id"])
    op.create_index("ix_arrivals_state_id", "arrivals", ["state", "id"])
    op.create_index(
        "ix_arrivals_unsettled", "arrivals", ["finished_at"], sqlite_where=IN_THE_INBOX, postgresql_where=IN_THE_INBOX
    )


def downgrade() -> None:
    for table in ("arrivals", "screenings", "models", "audit_events"):
        op.drop_table(table)
