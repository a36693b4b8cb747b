"""Compares the upstream with the database after a restore, and gives tenants what the database forgot."""
