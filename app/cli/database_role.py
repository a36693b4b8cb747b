"""What ``doctor`` says of the role with which the gateway uses the database."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.cli.findings import Finding, fine, warned

_RIGHTS = text("""
    SELECT current_user AS name,
           (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_superuser,
           has_schema_privilege('public', 'CREATE') OR EXISTS (
               SELECT FROM pg_class
               WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND pg_has_role(relowner, 'USAGE')
           ) AS can_change_schema
""")
_MEND = "give the gateway a role that only reads and writes rows (docs/operating.md, `Roles of the database`)"


async def examine_role(engine: AsyncEngine) -> Finding:
    """Warns of a role that may do more than read and write rows: what it may, a hole in the gateway may too."""
    async with engine.connect() as connection:
        role = (await connection.execute(_RIGHTS)).one()
    if role.is_superuser:
        return warned("database role", f"{role.name} is a superuser, which also rules the server's files: {_MEND}")
    if role.can_change_schema:
        return warned("database role", f"{role.name} may change the schema: {_MEND}")
    return fine("database role", f"{role.name} reads and writes rows")
