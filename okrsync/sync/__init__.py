"""The steps of a sync as plain functions: what is due, ask, record, assess; and what stands on them."""
