"""Authenticates requests by API key or signature, and writes when each key was last used."""

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import bindparam, or_, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.errors import AccessDeniedError, SeedgateError, ServiceUnavailableError
from app.http.client_address import is_within, network_of
from app.tenants.api_key import KeyParts, parse_key
from app.tenants.credentials import (
    Credential,
    authentication_failed,
    key_not_allowed_as_access_key_id,
    read_credential,
    signing_key_misplaced,
)
from app.tenants.key_cache import KeyCache
from app.tenants.models import ApiKeyRow
from app.tenants.principal import Principal
from app.tenants.stored_key import StoredKey, StoredSigner
from app.upstream.signature import SignatureHeader
from app.upstream.signed_request import SignedRequest, check_request, check_scope, read_claim

_BEARER = b"Bearer "
_MAX_PARSED = 20_000
_WRITE_LAST_USED = (
    update(ApiKeyRow)
    .where(ApiKeyRow.id == bindparam("key"))
    .where(or_(ApiKeyRow.last_used_at.is_(None), ApiKeyRow.last_used_at < bindparam("at")))
    .values(last_used_at=bindparam("at"))
)


class LastUsedWriter:
    """Keeps the latest use of each key in memory until ``flush`` writes it, every few seconds and at shutdown.

    Every process that serves requests needs one, even without background jobs.
    """

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions
        self._used: dict[str, datetime] = {}

    def note(self, key_id: str, at: datetime) -> None:
        """Notes the use of a key, without I/O."""
        known = self._used.get(key_id)
        if known is None or known < at:
            self._used[key_id] = at

    async def flush(self) -> None:
        """Writes the noted times, unless the stored one is later. After a failure they are kept for the next call.

        Rows are updated in the order of their ids, so that two processes cannot deadlock.
        """
        taken, self._used = self._used, {}
        if not taken:
            return
        try:
            async with self._sessions.begin() as session:
                connection = await session.connection()
                await connection.execute(
                    _WRITE_LAST_USED, [{"key": key, "at": at} for key, at in sorted(taken.items())]
                )
        except BaseException:
            for key, at in taken.items():
                self.note(key, at)
            raise


class Authenticator:
    """Authenticates the callers of tenant routes. One per process, shared by all requests.

    Args:
        keys: finds keys by their parts.
        signers: finds keys by their access key ids.
        clock: the time in UTC, which decides the expiry of keys and the age of signatures.
        last_used: notes every use of a key.
        region: for which requests must be signed.
    """

    def __init__(
        self,
        keys: KeyCache[KeyParts, StoredKey],
        signers: KeyCache[str, StoredSigner],
        clock: Callable[[], datetime],
        *,
        last_used: LastUsedWriter,
        region: str,
    ) -> None:
        self._keys = keys
        self._signers = signers
        self._clock = clock
        self._last_used = last_used
        self._region = region
        self._parsed: dict[bytes, KeyParts] = {}

    async def principal(self, headers: Iterable[tuple[bytes, bytes]], client_address: str) -> Principal:
        """Returns the principal of a request with an API key, and notes the use of the key.

        Args:
            headers: raw headers, names in lower case.
            client_address: the client's, behind trusted proxies; empty when unknown.

        Raises:
            AuthenticationFailedError: 401, no key; a key that is unknown, revoked or expired, with the same message;
                a signing key, which only the native entry accepts; a key as access key id that its tenant forbids.
            AccessDeniedError: 403, the tenant is suspended, or the key may not be used from this address.
            RateLimitedError: 429, too many keys that were not seen lately are waiting to be looked up.
            ServiceUnavailableError: 503, the database is not available.
        """
        credential = read_credential(headers)
        stored = await self._find(credential, client_address)
        now = self._clock()
        self._check(stored, now, client_address)
        if credential.is_access_key_id and not stored.is_allowed_as_access_key_id:
            raise key_not_allowed_as_access_key_id()
        self._last_used.note(stored.principal.key_id, now)
        return stored.principal

    async def holder(self, headers: Iterable[tuple[bytes, bytes]], client_address: str) -> Principal:
        """Returns the principal of a refused request with an API key, though its tenant may be suspended.

        The use of the key is not noted. The arguments are those of ``principal``.

        Raises:
            SeedgateError: as ``principal``, but for the 403 of a suspended tenant.
        """
        credential = read_credential(headers)
        stored = await self._find(credential, client_address)
        _check_valid(stored, self._clock())
        check_address(stored, client_address)
        if credential.is_access_key_id and not stored.is_allowed_as_access_key_id:
            raise key_not_allowed_as_access_key_id()
        return stored.principal

    async def _find(self, credential: Credential, client_address: str) -> StoredKey:
        if credential.is_signing_key:
            raise signing_key_misplaced()
        parts = parse_key(credential.text)
        stored = None if parts is None else await self._keys.find(parts, network_of(client_address))
        if stored is None:
            raise authentication_failed()
        return stored

    def principal_of(self, stored: StoredKey, client_address: str) -> Principal:
        """Returns the principal of a request on behalf of a key that was proven before, and notes its use.

        Raises:
            AuthenticationFailedError: 401, the key is revoked or expired.
            AccessDeniedError: 403, as for ``principal``.
        """
        now = self._clock()
        self._check(stored, now, client_address)
        self._last_used.note(stored.principal.key_id, now)
        return stored.principal

    def recall(self, authorization: bytes, client_address: str, now: datetime) -> Principal | None:
        """Does what ``recall_key`` does for an ``Authorization``; there is no ``X-Api-Key``."""
        parts = self.parse(authorization)
        return None if parts is None else self.recall_key(parts, client_address, now)

    def recall_key(self, parts: KeyParts, client_address: str, now: datetime) -> Principal | None:
        """Returns what ``principal`` does, and notes the use of the key, if that is known without waiting; else None.

        Args:
            parts: the key, from ``parse``.
            client_address: as for ``principal``.
            now: the present moment.
        """
        stored = self._keys.recall(parts)
        if stored is None:
            return None
        try:
            self._check(stored, now, client_address)
        except SeedgateError:
            return None
        self._last_used.note(stored.principal.key_id, now)
        return stored.principal

    def recall_later(self, authorization: bytes, on_looked_up: Callable[[], None]) -> bool:
        """Looks up a key that is not in memory, if it was found within the last hour, for the next ``recall``.

        Args:
            authorization: as for ``recall``.
            on_looked_up: called afterwards, in any case; must not raise.

        Returns:
            Whether ``on_looked_up`` will be called.
        """
        parts = self.parse(authorization)
        return parts is not None and self._keys.recall_later(parts, on_looked_up)

    def recall_signature(
        self, request: SignedRequest, client_address: str, now: datetime, *, body: bytes, is_native: bool
    ) -> Principal | None:
        """Does what ``recall`` does for an ``Authorization: HMAC-SHA256 …``; there is no ``X-Api-Key``.

        Args:
            request: the head of the request.
            client_address: as for ``principal``.
            now: the present moment.
            body: as received.
            is_native: it came to the native entry, which alone takes signing keys.
        """
        [authorization] = request.headers["authorization"]
        try:
            credential = read_credential([(b"authorization", authorization.encode("latin-1"))])
            if credential.is_signing_key:
                key = self._recall_signer(authorization, request, now, body) if is_native else None
            else:
                parts = parse_key(credential.text)
                key = None if parts is None else self._keys.recall(parts)
                if key is not None and not key.is_allowed_as_access_key_id:
                    key = None
            if key is None:
                return None
            self._check(key, now, client_address)
        except SeedgateError:
            return None
        self._last_used.note(key.principal.key_id, now)
        return key.principal

    def _recall_signer(
        self, authorization: str, request: SignedRequest, now: datetime, body: bytes
    ) -> StoredKey | None:
        """Returns the API key of a signing key, if that is in memory and the signature is right.

        Raises:
            SeedgateError: as ``signer``.
        """
        claim = read_claim(authorization)
        found = self._signers.recall(claim.access_key_id)
        if found is None or found.secret_access_key is None:
            return None
        check_scope(claim, request, region=self._region, now=now)
        body_hash = hashlib.sha256(body).hexdigest()
        check_request(claim, request, secret_access_key=found.secret_access_key, body_hash=body_hash)
        return found.key

    def parse(self, authorization: bytes) -> KeyParts | None:
        """Returns the key in an ``Authorization: Bearer …``; None if there is none that could exist.

        Finds the parts of one that was parsed before by its hash, which saves 3 µs.
        """
        if not authorization.startswith(_BEARER):
            return None
        digest = hashlib.sha256(authorization).digest()
        parts = self._parsed.get(digest)
        if parts is None:
            parts = parse_key(authorization[len(_BEARER) :].decode("latin-1"))
            if parts is not None:
                if len(self._parsed) >= _MAX_PARSED:
                    self._parsed.clear()
                self._parsed[digest] = parts
        return parts

    async def admit_signer(self, authorization: str, request: SignedRequest, client_address: str) -> Principal | None:
        """Checks what can be checked of a signed request before its body is read.

        With ``X-Content-Sha256``, the hash of the body, that is the whole signature. Some SDKs do not send it: then the
        access key id exists and may be used, but the caller is not authenticated yet.

        Returns:
            The principal, or None if the signature could not be verified yet.

        Raises:
            SeedgateError: as ``signer`` does.
        """
        claim = read_claim(authorization)
        key, secret = await self._find_signer(claim, request, client_address)
        body_hash = request.claimed_body_hash
        if body_hash is None:
            return None
        check_request(claim, request, secret_access_key=secret, body_hash=body_hash)
        return key.principal

    async def signer(
        self, authorization: str, request: SignedRequest, client_address: str, *, body_hash: str
    ) -> Principal:
        """Returns the principal of a signed request, and notes the use of the key.

        Raises:
            InvalidAuthorizationError: 400, the header cannot be parsed.
            AuthenticationFailedError: 401, the signing key is unknown, or its API key is revoked or expired.
            AccessDeniedError: 403, as for ``principal``.
            InvalidTimestampError: 403, signed too long ago or in the future.
            InvalidCredentialError: 400, signed for another region or service.
            SignatureMismatchError: 401, the signature does not match.
            RateLimitedError: 429, as for ``principal``.
            ServiceUnavailableError: 503, the database is not available, or the secret does not open.
        """
        claim = read_claim(authorization)
        key, secret = await self._find_signer(claim, request, client_address)
        check_request(claim, request, secret_access_key=secret, body_hash=body_hash)
        self._last_used.note(key.principal.key_id, self._clock())
        return key.principal

    async def _find_signer(
        self, claim: SignatureHeader, request: SignedRequest, client_address: str
    ) -> tuple[StoredKey, str]:
        """Returns the API key of a signing key, and the secret that verifies the signature."""
        found = await self._signers.find(claim.access_key_id, network_of(client_address))
        if found is None:
            raise authentication_failed()
        now = self._clock()
        self._check(found.key, now, client_address)
        check_scope(claim, request, region=self._region, now=now)
        if found.secret_access_key is None:
            raise ServiceUnavailableError(
                internal=f"the signing key of {found.key.principal.key_id} does not open: a sealing key is missing"
            )
        return found.key, found.secret_access_key

    def _check(self, stored: StoredKey, now: datetime, client_address: str) -> None:
        _check_valid(stored, now)
        if stored.is_suspended:
            raise AccessDeniedError("The tenant of this API key is suspended.")
        check_address(stored, client_address)


def check_address(stored: StoredKey, client_address: str) -> None:
    """Checks that a key may be used from an address; an empty one is unknown.

    Raises:
        AccessDeniedError: 403, it may not.
    """
    if stored.allowed_networks is not None and not is_within(client_address, stored.allowed_networks):
        raise AccessDeniedError("This API key is not allowed to be used from this address.")


def _check_valid(stored: StoredKey, now: datetime) -> None:
    key_id = stored.principal.key_id
    if stored.is_revoked:
        raise authentication_failed(internal=f"{key_id} is revoked")
    if stored.ends_at is not None and stored.ends_at <= now:
        raise authentication_failed(internal=f"{key_id} has expired")
