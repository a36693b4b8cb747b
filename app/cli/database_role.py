"""What ``doctor`` says of the role with which the gateway uses the database."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.cli.findings import Finding, broken, fine, warned
from app.db.roles import TABLES

_NAME = "database role"
_PAGE = "docs/operating.md, `Roles of the database`"
_MEND = f"run roles.sql, or give the gateway another role ({_PAGE})"

# SET ROLE needs membership alone, whether rights are inherited or not.
_RIGHTS = text("""
    SELECT rolname AS name,
           rolsuper AS is_superuser,
           ARRAY(
               SELECT attribute
               FROM (VALUES ('CREATEROLE', rolcreaterole), ('CREATEDB', rolcreatedb), ('REPLICATION', rolreplication),
                            ('BYPASSRLS', rolbypassrls)) AS attributes (attribute, is_held)
               WHERE is_held
           ) AS attributes,
           ARRAY(
               SELECT other.rolname::text FROM pg_roles AS other
               WHERE other.oid <> roles.oid AND other.rolname <> 'pg_database_owner'
                 AND pg_has_role(roles.oid, other.oid, 'MEMBER')
               ORDER BY 1
           ) AS memberships,
           has_schema_privilege(roles.oid, 'public', 'USAGE') AS may_use_schema,
           has_schema_privilege(roles.oid, 'public', 'CREATE')
               OR has_database_privilege(roles.oid, current_database(), 'CREATE')
               OR EXISTS (SELECT FROM pg_namespace WHERE nspname = 'public' AND nspowner = roles.oid)
               OR EXISTS (SELECT FROM pg_database WHERE datname = current_database() AND datdba = roles.oid)
               OR EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relowner = roles.oid)
               AS may_change_schema,
           has_database_privilege(roles.oid, current_database(), 'TEMPORARY') AS may_make_temporary_tables
    FROM pg_roles AS roles
    WHERE rolname = current_user
""")

# What is granted to everybody counts too.
_TABLES = text("""
    SELECT relname AS name,
           ARRAY(
               SELECT wanted FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS wanted
               WHERE NOT has_table_privilege(tables.oid, wanted)
           ) AS missing,
           ARRAY(
               SELECT DISTINCT privilege_type FROM aclexplode(relacl)
               WHERE grantee IN (0, (SELECT oid FROM pg_roles WHERE rolname = current_user))
                 AND (is_grantable OR privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE'))
           ) AS surplus
    FROM pg_class AS tables
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname = ANY (:names)
    ORDER BY relname
""")


async def examine_role(engine: AsyncEngine) -> Finding:
    """Says whether the role may read and write the rows of every table, and warns when it may do more.

    What the role may do, a hole in the gateway may do too. Tables that the schema has yet to get are left out.
    """
    async with engine.connect() as connection:
        role = (await connection.execute(_RIGHTS)).one()
        tables = (await connection.execute(_TABLES, {"names": list(TABLES)})).all()
    if not role.may_use_schema:
        return broken(_NAME, f"{role.name} may not use the schema public: {_MEND}")
    lacking = [f"{table.name} ({', '.join(table.missing)})" for table in tables if table.missing]
    if lacking:
        return broken(_NAME, f"{role.name} lacks rights in {', '.join(lacking)}: {_MEND}")
    # Of an owner or a superuser the rights in each table would only repeat what is said before.
    on_tables = [f"may {', '.join(table.surplus)} on {table.name}" for table in tables if table.surplus]
    if more := list(_more_than_rows(role)) or on_tables:
        return warned(_NAME, f"{role.name} {'; '.join(more)}: {_MEND}")
    return fine(_NAME, f"{role.name} reads and writes rows")


def _more_than_rows(role: Row[Any]) -> Iterator[str]:
    """Yields what the role may do besides; of a superuser, who may do everything, that alone."""
    if role.is_superuser:
        yield "is a superuser, which also rules the server's files"
        return
    if role.attributes:
        yield f"has {', '.join(role.attributes)}"
    if role.memberships:
        yield f"may become {', '.join(role.memberships)}"
    if role.may_change_schema:
        yield "may change the schema"
    if role.may_make_temporary_tables:
        yield "may make temporary tables"
