"""Budgets count what the ledger says, and the holds of tasks end with them, by triggers.

Revision 0024, after 0023. By triggers, so that no way in which a task ends or is removed can forget its holds: not that
of a process of the version before, and not what an operator does with ``psql``.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0024"
down_revision: str | Sequence[str] | None = "0023"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# The periods of a task's budgets, by the time of its creation.
_COUNTED = """
    settled JOIN budgets AS b
        ON b.tenant_id = settled.tenant_id AND (b.key_id IS NULL OR b.key_id = settled.key_id)
            AND b.currency = settled.currency
    JOIN budget_periods AS c
        ON c.budget_id = b.id AND c.starts_at <= settled.created_at
            AND (c.ends_at IS NULL OR settled.created_at < c.ends_at)
"""
_RELEASED = "budget_holds AS h JOIN {ended} AS ended ON h.tenant_id = ended.tenant_id AND h.task_id = {task_id}"

# The lock waits for a period that is about to be made, which reads the ledger (app.money.budgets.periods); the bucket
# is computed there in the same way. Each statement sees what was committed before it, so that periods are changed as
# they are once they are locked; in one order, so that two transactions that settle do not wait for each other.
_SETTLE = f"""
    CREATE FUNCTION count_in_budgets() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock_shared(24302, bucket)
        FROM (SELECT DISTINCT hashtext(tenant_id) & 63 AS bucket FROM settled ORDER BY 1) AS buckets;
        IF NOT EXISTS (SELECT FROM settled JOIN budgets USING (tenant_id)) THEN
            RETURN NULL;
        END IF;
        PERFORM FROM budget_periods AS p
        WHERE (p.budget_id, p.starts_at) IN (
            SELECT c.budget_id, c.starts_at FROM {_COUNTED}
            UNION ALL
            SELECT h.budget_id, h.period_starts_at FROM {_RELEASED.format(ended="settled", task_id="ended.task_id")}
            WHERE ended.kind = 'settlement'
        )
        ORDER BY p.budget_id, p.starts_at FOR UPDATE;
        WITH released AS (
            DELETE FROM budget_holds AS h USING settled
            WHERE h.tenant_id = settled.tenant_id AND h.task_id = settled.task_id AND settled.kind = 'settlement'
            RETURNING h.budget_id, h.period_starts_at, h.amount_micros
        ), change AS (
            SELECT budget_id, starts_at, sum(used)::bigint AS used, sum(held)::bigint AS held
            FROM (
                SELECT c.budget_id, c.starts_at, coalesce(settled.cost_micros, 0) AS used, 0 AS held FROM {_COUNTED}
                UNION ALL
                SELECT budget_id, period_starts_at, 0, amount_micros FROM released
            ) AS part GROUP BY budget_id, starts_at
        )
        UPDATE budget_periods AS p SET used_micros = p.used_micros + change.used,
            held_micros = p.held_micros - change.held
        FROM change WHERE p.budget_id = change.budget_id AND p.starts_at = change.starts_at;
        RETURN NULL;
    END
    $$
"""  # noqa: S608 - constants

_RELEASE = f"""
    CREATE FUNCTION release_budget_holds() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM FROM budget_periods AS p
        WHERE (p.budget_id, p.starts_at) IN (
            SELECT h.budget_id, h.period_starts_at FROM {_RELEASED.format(ended="removed", task_id="ended.id")}
        )
        ORDER BY p.budget_id, p.starts_at FOR UPDATE;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
        WITH released AS (
            DELETE FROM budget_holds AS h USING removed
            WHERE h.tenant_id = removed.tenant_id AND h.task_id = removed.id
            RETURNING h.budget_id, h.period_starts_at, h.amount_micros
        ), change AS (
            SELECT budget_id, period_starts_at, sum(amount_micros)::bigint AS held FROM released GROUP BY 1, 2
        )
        UPDATE budget_periods AS p SET held_micros = p.held_micros - change.held
        FROM change WHERE p.budget_id = change.budget_id AND p.starts_at = change.period_starts_at;
        RETURN NULL;
    END
    $$
"""  # noqa: S608 - constants


def upgrade() -> None:
    op.execute(_SETTLE)
    op.execute("""
        CREATE TRIGGER ledger_counts_in_budgets AFTER INSERT ON ledger REFERENCING NEW TABLE AS settled
        FOR EACH STATEMENT EXECUTE FUNCTION count_in_budgets()
    """)
    op.execute(_RELEASE)
    op.execute("""
        CREATE TRIGGER tasks_release_holds AFTER DELETE ON tasks REFERENCING OLD TABLE AS removed
        FOR EACH STATEMENT EXECUTE FUNCTION release_budget_holds()
    """)


def downgrade() -> None:
    op.execute("DROP TRIGGER tasks_release_holds ON tasks")
    op.execute("DROP FUNCTION release_budget_holds()")
    op.execute("DROP TRIGGER ledger_counts_in_budgets ON ledger")
    op.execute("DROP FUNCTION count_in_budgets()")
