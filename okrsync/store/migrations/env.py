"""Runs migrations within the transaction that it is given."""

from __future__ import annotations

from alembic import context

# The models have to be known before they can be compared with a database.
import okrsync.store.goal_models
import okrsync.store.ledger_models
import okrsync.store.token_model  # noqa: F401
from okrsync.store.migrating import options

context.configure(**options(context.config.attributes["connection"]))
context.run_migrations()
