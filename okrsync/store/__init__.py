"""The central database: its tables, migrations and views, and every statement that is made against it."""
