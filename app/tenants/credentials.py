"""Reads the credential of a request.

The first kind present is used, right or wrong: ``Authorization: Bearer KEY``, then ``X-Api-Key: KEY``, then
``Authorization: HMAC-SHA256 Credential=KEY/…``. The OpenAPI SDKs overwrite ``Authorization`` with a signature, so their
users send the API key as the access key id, or as ``X-Api-Key``. That signature is not verified, because the API key
itself is the secret (Source: SDK measurements, "Getting the API key through"). A signature made with a signing key
(``SGAK…``) is verified.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from app.errors import AuthenticationFailedError
from app.header_text import BLANKS, split_scheme, trim
from app.tenants.signing_key import is_access_key_id

# The same text for every failure, so that it does not help guessing; it says where the key belongs.
_MESSAGE = (
    "The API key in the request is missing or invalid. Send it as `Authorization: Bearer <key>` or `X-Api-Key: <key>`. "
    "With an OpenAPI SDK, which writes `Authorization` itself, set the key as AccessKeyId (with any SecretAccessKey) "
    "or add the header `X-Api-Key`."
)
# For programs that set a Bearer header before the SDK signs, as the specification's Go example does.
_OVERWRITTEN = (
    "No API key arrived: the signer of the OpenAPI SDK runs after the request hooks and has overwritten the header "
    "`Authorization` that was set there (Go: WithExtendHttpRequest). Do one of these instead: set the key as "
    "AccessKeyId, with any SecretAccessKey; set the header `X-Api-Key: <key>` in the same hook; or set "
    "`Authorization: Bearer <key>` after signing, in an interceptor (Go: Config.AddInterceptor)."
)
_MISPLACED = (
    "A signing key (SGAK…) works on the endpoint without a path only, `POST /?Action=…&Version=2024-01-01`. Use that "
    "endpoint, or send the API key itself here: `Authorization: Bearer <key>` or `X-Api-Key: <key>`."
)
_NO_ACCESS_KEY_ID = (
    "The operator does not allow API keys of this tenant to be used as AccessKeyId. Send the key as "
    "`Authorization: Bearer <key>` or `X-Api-Key: <key>`, or sign with a signing key (SGAK…) on the endpoint without "
    "a path."
)
_CREDENTIAL = re.compile(rf"(?:^|[{BLANKS},])credential=([^/,{BLANKS}]+)", re.IGNORECASE)
# What SDKs send when no key was set.
_PLACEHOLDERS = {"", "none", "null", "undefined", "unused"}


@dataclass(frozen=True)
class Credential:
    """The credential of a request.

    Attributes:
        text: the API key or the access key id.
        authorization: the whole header if it is a signature, else empty.
    """

    text: str = field(repr=False)
    authorization: str = field(default="", repr=False)

    @property
    def is_access_key_id(self) -> bool:
        """Whether the text was sent as the access key id of a signature."""
        return bool(self.authorization)

    @property
    def is_signing_key(self) -> bool:
        """Whether it is a signing key of ours, so that the signature must be verified."""
        return self.is_access_key_id and is_access_key_id(self.text)


def authentication_failed(*, internal: str | None = None) -> AuthenticationFailedError:
    """Returns the 401 for all wrong credentials; ``internal`` is only logged.

    The code must not be ``InvalidAccessKey``, on which the Go SDK retries three times.
    """
    return AuthenticationFailedError(_MESSAGE, internal=internal)


def signing_key_misplaced() -> AuthenticationFailedError:
    """Returns the 401 for a signing key on a route other than the native entry."""
    return AuthenticationFailedError(_MISPLACED)


def key_not_allowed_as_access_key_id() -> AuthenticationFailedError:
    """Returns the 401 for an API key as access key id where the tenant does not allow that."""
    return AuthenticationFailedError(_NO_ACCESS_KEY_ID)


def read_credential(headers: Iterable[tuple[bytes, bytes]]) -> Credential:
    """Returns the credential of a request.

    Args:
        headers: raw headers, names in lower case, as in ASGI.

    Raises:
        AuthenticationFailedError: 401, there is none, or a header occurs twice: a proxy may have checked the other one.
    """
    authorizations: list[str] = []
    api_keys: list[str] = []
    for name, value in headers:
        if name == b"authorization":
            authorizations.append(value.decode("latin-1"))
        elif name == b"x-api-key":
            api_keys.append(value.decode("latin-1"))
    if len(authorizations) > 1 or len(api_keys) > 1:
        raise authentication_failed()
    authorization = authorizations[0] if authorizations else ""
    scheme, rest = split_scheme(authorization)
    if scheme == "bearer":
        return Credential(_check_present(rest))
    if api_keys:
        return Credential(_check_present(trim(api_keys[0])))
    if scheme == "hmac-sha256":
        access_key_id = _access_key_id(rest)
        if access_key_id.lower() in _PLACEHOLDERS:
            raise AuthenticationFailedError(_OVERWRITTEN)
        return Credential(access_key_id, authorization)
    raise authentication_failed()


def _access_key_id(parameters: str) -> str:
    found = _CREDENTIAL.findall(parameters)
    return found[0] if len(found) == 1 else ""


def _check_present(key: str) -> str:
    if key.lower() in _PLACEHOLDERS:
        raise authentication_failed()
    return key
