"""Who sent a film by DICOM."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("arrivals", sa.Column("sender", sa.Text))


def downgrade() -> None:
    op.drop_column("arrivals", "sender")
