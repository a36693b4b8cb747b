"""PostgreSQL: the table base, the engine, schema versions and the embedded server."""
