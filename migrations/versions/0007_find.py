"""What finds a film again: notes, headers of files that cannot be read, when an attempt began, and a view for people.

The view ``films`` is described in docs/sql.md; within a version its columns are only added, at its end.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TEXT, INTEGER, FLOAT, MOMENT = sa.Text(), sa.Integer(), sa.Float(), sa.DateTime(timezone=True)
UID = sa.String(length=64)
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
QUARANTINED = sa.text("state = 'quarantined'")
NEWLY_FOUND_BY = ("study_instance_uid", "series_instance_uid", "patient_id")
FOUND_BY = ("sop_instance_uid", *NEWLY_FOUND_BY, "accession_number")
BASE_NAME = "substr({0}path, length(rtrim({0}path, replace({0}path, '/', ''))) + 1)"
FILE_NAME_INDEX = "ix_arrivals_file_name"

EITHER = "coalesce(screenings.{0}, headers.{0}) AS {0}"
FILMS = f"""
CREATE VIEW films AS
SELECT
    arrivals.id AS arrival_id,
    {BASE_NAME.format("arrivals.")} AS file_name,
    arrivals.path AS received_as,
    arrivals.stored_path AS stored_as,
    arrivals.inbox AS inbox,
    arrivals.sender AS sender,
    arrivals.size_bytes AS size_bytes,
    coalesce(arrivals.source_sha256, screenings.source_sha256) AS source_sha256,
    arrivals.priority AS priority,
    arrivals.state AS state,
    CASE WHEN arrivals.state = 'done' THEN screenings.outcome
         WHEN arrivals.state IN ('duplicate', 'quarantined', 'vanished') THEN arrivals.state
         ELSE 'pending' END AS outcome,
    screenings.label AS label,
    screenings.probability_covid19 AS probability_covid19,
    screenings.probability_viral_pneumonia AS probability_viral_pneumonia,
    screenings.probability_normal AS probability_normal,
    coalesce(arrivals.reason_code, screenings.reason_code) AS reason_code,
    coalesce(arrivals.reason, screenings.reason) AS reason,
    {EITHER.format("notes")},
    coalesce(screenings.conflict, false) AS conflict,
    models.model_version AS model_version,
    screenings.model_sha256 AS model_sha256,
    arrivals.received_at AS received_at,
    arrivals.queued_at AS queued_at,
    arrivals.started_at AS started_at,
    arrivals.finished_at AS finished_at,
    arrivals.attempts AS attempts,
    arrivals.transient_faults AS transient_faults,
    {EITHER.format("source_format")},
    {EITHER.format("sop_class_uid")},
    {EITHER.format("sop_instance_uid")},
    {EITHER.format("study_instance_uid")},
    {EITHER.format("series_instance_uid")},
    {EITHER.format("patient_id")},
    {EITHER.format("accession_number")},
    {EITHER.format("modality")},
    {EITHER.format("view_position")},
    {EITHER.format("body_part_examined")},
    {EITHER.format("patient_age_years")},
    {EITHER.format("patient_sex")},
    {EITHER.format("manufacturer")},
    {EITHER.format("station_name")},
    (SELECT reference FROM reference_labels
     WHERE reference_labels.source_sha256 = coalesce(arrivals.source_sha256, screenings.source_sha256)
     AND source = 'pcr') AS reference_pcr,
    (SELECT reference FROM reference_labels
     WHERE reference_labels.source_sha256 = coalesce(arrivals.source_sha256, screenings.source_sha256)
     AND source = 'reader') AS reference_reader,
    1 AS view_version
FROM arrivals
LEFT JOIN screenings ON screenings.id = arrivals.screening_id
LEFT JOIN models ON models.model_sha256 = screenings.model_sha256
LEFT JOIN headers ON headers.arrival_id = arrivals.id
"""  # noqa: S608  (of constants)


def upgrade() -> None:
    op.add_column("arrivals", sa.Column("started_at", MOMENT))
    op.add_column("screenings", sa.Column("notes", TEXT))
    create_headers()
    for column in NEWLY_FOUND_BY:
        op.create_index(f"ix_screenings_{column}", "screenings", [column])
    op.create_index(
        "ix_arrivals_quarantined",
        "arrivals",
        ["source_sha256"],
        sqlite_where=QUARANTINED,
        postgresql_where=QUARANTINED,
    )
    op.execute(f"CREATE INDEX {FILE_NAME_INDEX} ON arrivals ({BASE_NAME.format('')})")
    op.execute(FILMS)


def create_headers() -> None:
    op.create_table(
        "headers",
        sa.Column("arrival_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("source_format", TEXT),
        *_build_columns(UID, "sop_class_uid", "sop_instance_uid", "study_instance_uid", "series_instance_uid"),
        *_build_columns(TEXT, "patient_id", "accession_number", "modality", "view_position", "body_part_examined"),
        sa.Column("patient_age_years", FLOAT),
        *_build_columns(TEXT, "patient_sex", "manufacturer", "station_name"),
        sa.Column("transfer_syntax_uid", UID),
        *_build_columns(TEXT, "photometric_interpretation", "presentation_intent_type"),
        *_build_columns(INTEGER, "rows", "columns", "bits_stored"),
        sa.Column("notes", TEXT),
        sa.PrimaryKeyConstraint("arrival_id", name="pk_headers"),
    )
    for column in FOUND_BY:
        op.create_index(f"ix_headers_{column}", "headers", [column])


def _build_columns(kind: sa.types.TypeEngine[Any], *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind) for name in names]


def downgrade() -> None:
    op.execute("DROP VIEW films")
    op.drop_index(FILE_NAME_INDEX, "arrivals")
    op.drop_index("ix_arrivals_quarantined", "arrivals")
    op.drop_table("headers")
    for column in NEWLY_FOUND_BY:
        op.drop_index(f"ix_screenings_{column}", "screenings")
    op.drop_column("screenings", "notes")
    op.drop_column("arrivals", "started_at")
