"""The counters and histograms for Prometheus.

Gauges (tasks by state, ages, queue depths) are in ``app.admin.metrics``: they are read from the database when the
metrics are fetched, so that they hold for all processes. Labels have a bounded number of values: route templates
instead of paths, and classes instead of tenants, tasks or channels.

The objects are module-level because the client library has one registry per process.
"""

from prometheus_client import Counter, Histogram
from prometheus_client.metrics import disable_created_metrics

# The series with creation times would double the number of series without being useful.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no annotation there

REQUESTS = Counter("seedgate_requests", "Answered requests.", ["route", "method", "status"])
REQUEST_SECONDS = Histogram(
    "seedgate_request_seconds",
    "Time from the head of a request to the end of its answer.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180),
)
UPSTREAM_CALLS = Counter(
    "seedgate_upstream_calls",
    "Calls to upstream accounts by outcome: ok, rejected, account_fault, throttled, not_sent, unknown.",
    ["operation", "outcome"],
)
UPSTREAM_SECONDS = Histogram(
    "seedgate_upstream_seconds",
    "Duration of calls to the upstream, from the request for the call to its outcome.",
    ["operation"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180),
)
TASK_CHANGES = Counter("seedgate_task_changes", "Changes of a task's status, by the new one.", ["status"])
STALE_ANSWERS = Counter(
    "seedgate_stale_answers", "Answers of the upstream that arrived after a newer one and were not applied."
)
UNKNOWN_STATUSES = Counter(
    "seedgate_unknown_upstream_statuses", "Task statuses of the upstream that the gateway does not know."
)
OWNERSHIP_CONFLICTS = Counter(
    "seedgate_ownership_conflicts", "Attempts to give a task an upstream id that another task owns."
)
LEASE_LOSSES = Counter(
    "seedgate_lease_losses", "Work whose lease had passed to another process before it ended.", ["job"]
)
DELIVERIES = Counter("seedgate_deliveries", "Attempts to deliver a message to a tenant's address.", ["outcome"])
ARCHIVE_COPIES = Counter("seedgate_archive_copies", "Attempts to copy a clip, or to delete a copy.", ["outcome"])
BREAKERS_OPENED = Counter("seedgate_breakers_opened", "Times that the circuit breaker of a channel opened.")
CONNECTIONS_CUT = Counter(
    "seedgate_connections_cut",
    "Client connections that were cut: for room (longest idle), no_room (all busy), budget (unread or unfinished), or "
    "source (a file that was being passed on broke off).",
    ["reason"],
)
RATE_LIMITED = Counter("seedgate_rate_limited", "Requests beyond a limit of their key or tenant.", ["limit"])
SHARED_LIMIT_FAILURES = Counter(
    "seedgate_shared_limit_failures",
    "Calls to the server of SEEDGATE_REDIS_URL that failed; meanwhile each process limits for itself.",
)
