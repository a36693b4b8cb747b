"""Which admin may use which route of the admin API: the one table of roles.

Every route has a row; the program does not start while one is missing. Secrets are in no answer but the one that
issues them. What shows a clip or an asset is for owners and operators, and each look leaves a row in the audit log.
"""

from collections.abc import Iterable

from starlette.requests import Request
from starlette.routing import BaseRoute

from app.admins.models import AdminRole
from app.errors import AccessDeniedError

Roles = frozenset[AdminRole]

OWNERS: Roles = frozenset({AdminRole.OWNER})
OPERATORS: Roles = OWNERS | {AdminRole.OPERATOR}
READERS: Roles = OPERATORS | {AdminRole.VIEWER}
BILLING: Roles = OPERATORS | {AdminRole.BILLING}
BILLING_READERS: Roles = READERS | BILLING

ROLES: dict[str, Roles] = {
    "GET /admins": OWNERS,
    "POST /admins": OWNERS,
    "PATCH /admins/{admin_id}": OWNERS,
    "DELETE /admins/{admin_id}": OWNERS,
    # A billing admin is shown only what is spent.
    "GET /summary": BILLING_READERS,
    "GET /tenants": READERS,
    "POST /tenants": OPERATORS,
    "GET /tenants/{tenant_id}": READERS,
    "PATCH /tenants/{tenant_id}": OPERATORS,
    "DELETE /tenants/{tenant_id}": OPERATORS,
    "POST /tenants/{tenant_id}/keys": OPERATORS,
    "POST /tenants/{tenant_id}/adopt": OPERATORS,
    "POST /tenants/{tenant_id}/webhook-secret": OPERATORS,
    "GET /keys": READERS,
    "GET /keys/{key_id}": READERS,
    "PATCH /keys/{key_id}": OPERATORS,
    "DELETE /keys/{key_id}": OPERATORS,
    "POST /keys/{key_id}/rotate": OPERATORS,
    "POST /keys/{key_id}/signing-key": OPERATORS,
    "DELETE /keys/{key_id}/signing-key": OPERATORS,
    "GET /channels": READERS,
    "POST /channels": OPERATORS,
    "GET /channels/{channel_id}": READERS,
    "PATCH /channels/{channel_id}": OPERATORS,
    "DELETE /channels/{channel_id}": OPERATORS,
    "POST /channels/{channel_id}/check": OPERATORS,
    "GET /models": READERS,
    "PUT /models": OPERATORS,
    "GET /prices": BILLING_READERS,
    "PUT /prices": BILLING,
    "GET /budgets": BILLING_READERS,
    "POST /budgets": BILLING,
    "GET /budgets/{budget_id}": BILLING_READERS,
    "PATCH /budgets/{budget_id}": BILLING,
    "DELETE /budgets/{budget_id}": BILLING,
    "GET /tasks": READERS,
    "GET /tasks/{task_id}": READERS,
    "GET /tasks/{task_id}/media": OPERATORS,
    "POST /tasks/{task_id}/refresh": OPERATORS,
    "POST /tasks/{task_id}/cancel": OPERATORS,
    "POST /tasks/{task_id}/resolve": OPERATORS,
    "GET /orphans": READERS,
    "GET /groups": READERS,
    "GET /assets": READERS,
    "GET /assets/{asset_id}": READERS,
    "GET /assets/{asset_id}/media": OPERATORS,
    "GET /face-verifications": READERS,
    # It calls the upstream for minutes, at the account's call rate.
    "GET /reconcile": OPERATORS,
    "POST /webhook-secret": OPERATORS,
    "GET /deliveries": READERS,
    # The body of a message has links to a clip.
    "GET /deliveries/{delivery_id}": OPERATORS,
    "POST /deliveries/resend": OPERATORS,
    "POST /deliveries/{delivery_id}/resend": OPERATORS,
    "GET /usage": BILLING_READERS,
    "POST /usage/corrections": OPERATORS,
    "POST /usage/rebuild": OPERATORS,
    # It calls the upstream for minutes, at the account's call rate.
    "GET /usage/check": BILLING,
    "GET /audit": READERS,
    "GET /audit/{entry_id}": READERS,
    "GET /metrics": READERS,
}
"""The roles that may use a route, by its method and its path below ``/admin/v1``; ``/metrics`` is beside it."""


def check_role(request: Request, role: AdminRole) -> None:
    """Checks that an admin may use the route of a request.

    Raises:
        AccessDeniedError: 403, its role does not permit that.
    """
    if role not in ROLES[f"{request.method} {request.scope['route'].path}"]:
        raise AccessDeniedError(f"The role of this admin token, {role.value}, does not permit this.")


def check_complete(routes: Iterable[BaseRoute]) -> None:
    """Checks that each route of the admin API has its roles.

    Raises:
        LookupError: one has not; the text names it.
    """
    for route in routes:
        for method in getattr(route, "methods", ()):
            name = f"{method} {getattr(route, 'path', '')}"
            if name not in ROLES:
                raise LookupError(f"app.admin.roles has no row for {name}")
