"""The table of tokens that rotate."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from okrsync.store.base import Base, count, identity, moment, words


class RotatingToken(Base):
    """The newest of a token that its source replaces when it is used; of no use without the settings."""

    __tablename__ = "rotating_token"
    __table_args__ = (CheckConstraint("(holder IS NULL) = (held_until IS NULL)", name="held_for_a_time"),)

    id: Mapped[identity]
    origin: Mapped[words] = mapped_column(unique=True, comment="Fingerprint of the token that was configured")
    connection: Mapped[words] = mapped_column(comment="Connection that took a turn at it last")
    sealed: Mapped[words | None] = mapped_column(
        comment="The newest token, sealed with a key made from the configured one; null while that one is the newest"
    )
    generation: Mapped[count] = mapped_column(comment="How often it was replaced")
    updated_at: Mapped[moment] = mapped_column(comment="When it was replaced, or first used")
    holder: Mapped[words | None] = mapped_column(comment="Who has the turn at spending it; null is nobody")
    held_until: Mapped[moment | None] = mapped_column(comment="When that turn ends, whatever becomes of its holder")
