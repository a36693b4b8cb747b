"""The check of ``doctor`` for the gateway's database role."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.cli.checks import CheckResult, failed, passed, warned
from app.db.roles import TABLES

_NAME = "database role"
_PAGE = "docs/operating.md, `Roles of the database`"
_FIX = f"run roles.sql, or give the gateway another role ({_PAGE})"

# A membership allows SET ROLE even without inheritance.
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

# Grants to PUBLIC count, too.
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


async def check_role(engine: AsyncEngine) -> CheckResult:
    """Checks that the role may read and write the rows of every table; warns if it may do more.

    An attacker who can inject SQL has the rights of this role. Tables that do not exist yet are ignored.
    """
    async with engine.connect() as connection:
        role = (await connection.execute(_RIGHTS)).one()
        tables = (await connection.execute(_TABLES, {"names": list(TABLES)})).all()
    if not role.may_use_schema:
        return failed(_NAME, f"{role.name} may not use the schema public: {_FIX}")
    lacking = [f"{table.name} ({', '.join(table.missing)})" for table in tables if table.missing]
    if lacking:
        return failed(_NAME, f"{role.name} lacks rights in {', '.join(lacking)}: {_FIX}")
    # For an owner or a superuser the rights per table would repeat this.
    on_tables = [f"may {', '.join(table.surplus)} on {table.name}" for table in tables if table.surplus]
    if more := list(_more_than_rows(role)) or on_tables:
        return warned(_NAME, f"{role.name} {'; '.join(more)}: {_FIX}")
    return passed(_NAME, f"{role.name} reads and writes rows")


def _more_than_rows(role: Row[Any]) -> Iterator[str]:
    """Yields the further rights of the role; for a superuser only that it is one."""
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
