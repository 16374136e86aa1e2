"""Priority of arrivals; indexes that hold what is in work and nothing of what is finished."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

READY = sa.text("state = 'waiting' OR state = 'failed'")
UNFINISHED = sa.text("finished_at IS NULL")


def upgrade() -> None:
    # written out: both databases add such a column without copying the table, and Alembic has no words for the CHECK
    op.execute(
        "ALTER TABLE arrivals ADD COLUMN priority TEXT DEFAULT 'routine' NOT NULL "
        "CONSTRAINT ck_arrivals_priority CHECK (priority IN ('stat', 'routine'))"
    )
    op.create_index("ix_arrivals_ready", "arrivals", ["priority", "id"], sqlite_where=READY, postgresql_where=READY)
    op.create_index(
        "ix_arrivals_unfinished", "arrivals", ["received_at"], sqlite_where=UNFINISHED, postgresql_where=UNFINISHED
    )
    op.drop_index("ix_arrivals_received_at", "arrivals")


def downgrade() -> None:
    op.create_index("ix_arrivals_received_at", "arrivals", ["received_at"])
    op.drop_index("ix_arrivals_unfinished", "arrivals")
    op.drop_index("ix_arrivals_ready", "arrivals")
    op.execute("ALTER TABLE arrivals DROP COLUMN priority")
