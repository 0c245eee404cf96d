"""Prefect, and nothing but Prefect: when things happen, and where one can watch them happen."""
