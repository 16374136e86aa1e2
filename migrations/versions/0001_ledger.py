"""The ledger: models, screenings, arrivals and audit events."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT, INTEGER, FLOAT, MOMENT = sa.Text(), sa.Integer(), sa.Float(), sa.DateTime(timezone=True)
SHA256 = UID = sa.String(length=64)
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
IN_THE_INBOX = sa.text("fingerprint IS NOT NULL AND \"after\" = 'move'")
PROBABILITIES = ("probability_covid19", "probability_viral_pneumonia", "probability_normal")
PROBABILITIES_IN_RANGE = " AND ".join(f"{name} BETWEEN 0 AND 1" for name in PROBABILITIES)
PROBABILITIES_GIVEN = " AND ".join(f"{name} IS NOT NULL" for name in PROBABILITIES)
NO_PROBABILITIES = " AND ".join(f"{name} IS NULL" for name in PROBABILITIES)
ALL_PROBABILITIES_OR_NONE = f"({PROBABILITIES_IN_RANGE}) AND ({PROBABILITIES_GIVEN}) OR ({NO_PROBABILITIES})"


def _build_columns(kind: sa.types.TypeEngine[Any], *names: str, nullable: bool = True) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=nullable) for name in names]


def upgrade() -> None:
    create_audit_events()
    create_models()
    create_screenings()
    create_arrivals()


def create_audit_events() -> None:
    op.create_table(
        "audit_events",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("arrival_id", ROW_ID),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_events"),
    )
    op.create_index("ix_audit_events_arrival_id", "audit_events", ["arrival_id"])


def create_models() -> None:
    op.create_table(
        "models",
        sa.Column("model_sha256", SHA256, nullable=False),
        *_build_columns(TEXT, "model_version", "folder", nullable=False),
        sa.Column("registered_at", MOMENT, nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("model_sha256", name="pk_models"),
    )


def create_screenings() -> None:
    op.create_table(
        "screenings",
        *_build_columns(ROW_ID, "id", "arrival_id", nullable=False),
        *_build_columns(SHA256, "source_sha256", "model_sha256", nullable=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("label", TEXT),
        *_build_columns(FLOAT, "probability_covid19", "probability_viral_pneumonia", "probability_normal"),
        *_build_columns(TEXT, "reason_code", "reason"),
        sa.Column("conflict", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("source_format", TEXT),
        *_build_columns(UID, "sop_class_uid", "sop_instance_uid", "study_instance_uid", "series_instance_uid"),
        *_build_columns(TEXT, "patient_id", "accession_number", "modality", "view_position", "body_part_examined"),
        sa.Column("patient_age_years", FLOAT),
        *_build_columns(TEXT, "patient_sex", "manufacturer", "station_name"),
        sa.Column("transfer_syntax_uid", UID),
        *_build_columns(TEXT, "photometric_interpretation", "presentation_intent_type"),
        *_build_columns(INTEGER, "rows", "columns", "bits_stored"),
        sa.Column("screened_at", MOMENT, nullable=False),
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
        sa.Column("fingerprint", SHA256),
        *_build_columns(TEXT, "inbox", "path", nullable=False),
        sa.Column("stored_path", TEXT),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        *_build_columns(TEXT, "after", "state", nullable=False),
        sa.Column("attempts", INTEGER, server_default="0", nullable=False),
        sa.Column("transient_faults", INTEGER, server_default="0", nullable=False),
        sa.Column("not_before", MOMENT),
        sa.Column("lease_owner", TEXT),
        sa.Column("lease_until", MOMENT),
        sa.Column("received_at", MOMENT, nullable=False),
        *_build_columns(MOMENT, "queued_at", "finished_at"),
        sa.Column("source_sha256", SHA256),
        sa.Column("screening_id", ROW_ID),
        *_build_columns(TEXT, "reason_code", "reason"),
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
