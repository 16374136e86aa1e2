"""Deliveries: answers on their way into the PACS."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("arrival_id", ROW_ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("sop_class_uid", sa.String(length=64), nullable=False),
        sa.Column("sop_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("not_before", MOMENT, nullable=True),
        sa.Column("queued_at", MOMENT, nullable=False),
        sa.Column("delivered_at", MOMENT, nullable=True),
        sa.Column("last_status", sa.Text(), nullable=True),
        sa.Column("last_words", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('sr', 'sc')", name=op.f("ck_deliveries_kind")),
        sa.CheckConstraint("state IN ('waiting', 'delivered', 'no_study')", name=op.f("ck_deliveries_state")),
        sa.CheckConstraint("(state = 'delivered') = (delivered_at IS NOT NULL)", name=op.f("ck_deliveries_delivered")),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("target", "sop_instance_uid", name="uq_deliveries_target_sop_instance_uid"),
        sa.UniqueConstraint("target", "kind", "arrival_id", name="uq_deliveries_target_kind_arrival_id"),
    )
    op.create_index("ix_deliveries_arrival_id", "deliveries", ["arrival_id"])
    op.create_index("ix_deliveries_state_id", "deliveries", ["state", "id"])
    op.create_table(
        "delivery_marks",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("queued_until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("target", "kind", name="pk_delivery_marks"),
    )


def downgrade() -> None:
    op.drop_table("delivery_marks")
    op.drop_table("deliveries")
