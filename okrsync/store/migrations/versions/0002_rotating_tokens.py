"""A place for tokens that their source replaces when they are used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from okrsync.store.types import UTC, Words

revision = "0002"
down_revision = "0001"

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "rotating_token",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("origin", Words(), nullable=False, comment="Fingerprint of the token that was configured"),
        sa.Column("connection", Words(), nullable=False, comment="Connection that took a turn at it last"),
        sa.Column(
            "sealed",
            Words(),
            nullable=True,
            comment="The newest token, sealed with a key made from the configured one; "
            "null while that one is the newest",
        ),
        sa.Column("generation", IDENTITY, nullable=False, comment="How often it was replaced"),
        sa.Column("updated_at", UTC(), nullable=False, comment="When it was replaced, or first used"),
        sa.Column("holder", Words(), nullable=True, comment="Who has the turn at spending it; null is nobody"),
        sa.Column("held_until", UTC(), nullable=True, comment="When that turn ends, whatever becomes of its holder"),
        sa.CheckConstraint("(holder IS NULL) = (held_until IS NULL)", name=op.f("ck_rotating_token_held_for_a_time")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rotating_token")),
        sa.UniqueConstraint("origin", name=op.f("uq_rotating_token_origin")),
    )
