"""Which API key a request presents.

The first kind present decides, right or wrong: ``Authorization: Bearer KEY``, then ``X-Api-Key: KEY``, then
``Authorization: HMAC-SHA256 Credential=KEY/…``. The OpenAPI SDKs overwrite ``Authorization`` with a signature of
their own, so their users send the key as the access key id, or as ``X-Api-Key`` beside it; the signature is not
looked at, since the key alone is the secret (Source: SDK measurements, "Getting the API key through").
"""

import re
from collections.abc import Iterable

from app.errors import AuthenticationFailedError

# One text for every failure: who guesses learns nothing from it, and who misplaced the key learns where it goes.
_MESSAGE = (
    "The API key in the request is missing or invalid. Send it as `Authorization: Bearer <key>` or `X-Api-Key: <key>`. "
    "With an OpenAPI SDK, which writes `Authorization` itself, set the key as AccessKeyId (with any SecretAccessKey) "
    "or add the header `X-Api-Key`."
)
_CREDENTIAL = re.compile(r"(?:^|[\s,])credential=([^/,\s]+)", re.IGNORECASE)
# What SDKs send in place of a key that was never set.
_PLACEHOLDERS = {"", "none", "null", "undefined", "unused"}


def authentication_failed(*, internal: str | None = None) -> AuthenticationFailedError:
    """Returns the 401 of every wrong credential; ``internal`` is only logged.

    Its code is never ``InvalidAccessKey``, which makes the Go SDK try again three times.
    """
    return AuthenticationFailedError(_MESSAGE, internal=internal)


def presented_key(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Returns the text that stands where the API key belongs.

    Args:
        headers: raw headers, names in lower case, as ASGI gives them.

    Raises:
        AuthenticationFailedError: 401, there is none, or a header is there twice, so that a proxy in front might
            have looked at the other one.
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
    scheme, rest = _split(authorizations[0] if authorizations else "")
    if scheme == "bearer":
        return _check_present(rest)
    if api_keys:
        return _check_present(api_keys[0].strip())
    if scheme == "hmac-sha256":
        return _check_present(_access_key_id(rest))
    raise authentication_failed()


def _split(authorization: str) -> tuple[str, str]:
    scheme, *rest = authorization.split(maxsplit=1) or [""]
    return scheme.lower(), rest[0].strip() if rest else ""


def _access_key_id(parameters: str) -> str:
    found = _CREDENTIAL.findall(parameters)
    return found[0] if len(found) == 1 else ""


def _check_present(key: str) -> str:
    if key.lower() in _PLACEHOLDERS:
        raise authentication_failed()
    return key
