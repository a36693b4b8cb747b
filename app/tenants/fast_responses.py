"""The responses of the fast path (``app.http.fast_path``), with what belongs to each: the log line and the metrics.

A response is byte for byte that of the route, and its log line and metrics are the same.
"""

import time
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from app.http.cors import EXPOSED
from app.http.errors import render_error, to_logged_error
from app.http.request_scope import CLIENT_REQUEST_ID, log_if_unexpected, write_line
from app.ids import new_request_id
from app.limits.counters import RateLimits
from app.observability.access_log import access_log
from app.observability.counters import REQUESTS
from app.tenants.fast_request import FastRequest, FastRoute

_START = b"HTTP/1.1 200 OK\r\n"


class FastResponses:
    """Writes the responses of the fast path. One per process.

    Args:
        rate_limits: tells what the limits of a caller leave.
        clock: the time in UTC.
        cors_origins: pages that may read the response; empty: no page, and no CORS header.
        region: for errors.
    """

    def __init__(
        self,
        rate_limits: RateLimits,
        clock: Callable[[], datetime],
        *,
        cors_origins: Collection[str],
        region: str,
    ) -> None:
        self._rate_limits = rate_limits
        self._clock = clock
        self._cors: dict[bytes | None, bytes] = {
            origin.encode("latin-1"): _cors_lines(origin) for origin in cors_origins
        }
        self._other_origin = _cors_lines(None) if cors_origins else b""
        self._region = region
        self._default_headers: object = None
        self._default_lines = b""

    def success(
        self,
        request: FastRequest,
        route: FastRoute,
        body: bytes,
        *,
        log_path: str,
        log_fields: str = "",
        header_lines: bytes | None = None,
        request_id: str | None = None,
        stale_seconds: int | None = None,
    ) -> bytes:
        """Returns a response of status 200; counts and logs the request.

        Args:
            request: what is answered.
            route: whose request it is.
            body: the JSON.
            log_path: the path as the log shows it, as JSON.
            log_fields: members of the log line after those of the caller, each with a comma and a space before it.
            header_lines: ``header_lines_of(body)``, if that is known.
            request_id: the one that stands in the body; None for a new one.
            stale_seconds: the age of the answer when it is stale.
        """
        now = self._clock()
        if request_id is None:
            request_id = new_request_id(now)
        first_lines, last_lines = self._lines_of_all(request)
        seconds = time.perf_counter() - request.started
        route.requests.inc()
        route.seconds.observe(seconds)
        if access_log.is_wanted:
            # The line that ``RequestScope`` would write.
            access_log.add(
                f'{{"request_id": "{request_id}", "method": "{route.method}", "path": {log_path}, "status": 200, '
                f'"code": null, "milliseconds": {seconds * 1000:.1f}, "client": "{request.address}", '
                f'"tenant": "{request.principal.tenant_id}", "key": "{request.principal.key_public_part}"{log_fields}, '
                f'"event": "request", "logger": "access", "level": "info", "timestamp": "{access_log.timestamp(now)}"}}'
            )
        return b"".join(
            (
                _START,
                first_lines,
                b"" if stale_seconds is None else b"x-seedgate-stale: %d\r\n" % stale_seconds,
                header_lines_of(body) if header_lines is None else header_lines,
                request_id.encode("ascii"),
                b"\r\n",
                last_lines,
                b"\r\n",
                body,
            )
        )

    def failure(
        self,
        request: FastRequest,
        route: FastRoute,
        error: Exception,
        *,
        request_id: str,
        log_fields: Mapping[str, str],
    ) -> bytes:
        """Returns the response for an error, as ``RequestScope`` does; counts and logs the request.

        Args:
            request: what is answered.
            route: whose request it is; a path without parameters.
            error: any exception.
            request_id: of the request.
            log_fields: of the log line.
        """
        shown = to_logged_error(error, route.method)
        log_if_unexpected(shown.status, error, request_id)
        state = {"request_id": request_id, "region": self._region}
        response = render_error(shown, {"path": route.template, "state": state})
        first_lines, last_lines = self._lines_of_all(request)
        seconds = time.perf_counter() - request.started
        REQUESTS.labels(route.template, route.method, f"{shown.status // 100}xx").inc()
        route.seconds.observe(seconds)
        write_line(
            request_id=request_id,
            method=route.method,
            path=route.template,
            status=shown.status,
            code=shown.code,
            seconds=seconds,
            client=request.address,
            fields=log_fields,
        )
        return b"".join(
            (
                STATUS_LINE[shown.status],
                first_lines,
                *(b"%b: %b\r\n" % field for field in response.raw_headers),
                b"x-request-id: %b\r\n" % request_id.encode("ascii"),
                last_lines,
                b"\r\n",
                bytes(response.body),
            )
        )

    def _lines_of_all(self, request: FastRequest) -> tuple[bytes, bytes]:
        """Returns the fields with which every response begins, and those after ``X-Request-Id``."""
        extra = self._cors.get(request.origin, self._other_origin)
        client_request_id = request.client_request_id
        if client_request_id is not None and CLIENT_REQUEST_ID.fullmatch(client_request_id.decode("latin-1")):
            extra = b"x-client-request-id: %b\r\n%b" % (client_request_id, extra)
        quotas = request.principal.quotas
        if quotas is not None:
            limits = f"ratelimit-policy: {quotas.policy}\r\nratelimit: {self._rate_limits.state(quotas)}\r\n"
            extra = limits.encode("ascii") + extra
        if request.default_headers is not self._default_headers:
            # The server makes new ones each second.
            self._default_headers = request.default_headers
            self._default_lines = b"".join(b"%b: %b\r\n" % pair for pair in request.default_headers)
        return self._default_lines, extra


def header_lines_of(body: bytes) -> bytes:
    """Returns the fields of a head that depend on a JSON body, up to the value of ``x-request-id``."""
    return b"content-length: %d\r\ncontent-type: application/json\r\nx-request-id: " % len(body)


def _cors_lines(origin: str | None) -> bytes:
    lines = ["vary: Origin"]
    if origin is not None:
        lines += [f"access-control-allow-origin: {origin}", f"access-control-expose-headers: {', '.join(EXPOSED)}"]
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1")
