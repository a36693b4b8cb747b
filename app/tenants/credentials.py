"""Which credential a request presents.

The first kind present decides, right or wrong: ``Authorization: Bearer KEY``, then ``X-Api-Key: KEY``, then
``Authorization: HMAC-SHA256 Credential=KEY/…``. The OpenAPI SDKs overwrite ``Authorization`` with a signature of
their own, so their users send the key as the access key id, or as ``X-Api-Key`` beside it; that signature is not
looked at, since the key alone is the secret (Source: SDK measurements, "Getting the API key through"). The signature
under a signing key (``SGAK…``) is.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from app.errors import AuthenticationFailedError
from app.header_text import BLANKS, split_scheme, trim
from app.tenants.signing_key import is_access_key_id

# One text for every failure: who guesses learns nothing from it, and who misplaced the key learns where it goes.
_MESSAGE = (
    "The API key in the request is missing or invalid. Send it as `Authorization: Bearer <key>` or `X-Api-Key: <key>`. "
    "With an OpenAPI SDK, which writes `Authorization` itself, set the key as AccessKeyId (with any SecretAccessKey) "
    "or add the header `X-Api-Key`."
)
# What the specification's Go program meets: it sets a Bearer header before the SDK signs.
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
# What SDKs send in place of a key that was never set.
_PLACEHOLDERS = {"", "none", "null", "undefined", "unused"}


@dataclass(frozen=True)
class Credential:
    """What a request presents.

    Attributes:
        text: what stands where the API key belongs.
        authorization: the whole header, when it is a signature; else empty.
    """

    text: str = field(repr=False)
    authorization: str = field(default="", repr=False)

    @property
    def is_access_key_id(self) -> bool:
        """Whether the text came as the access key id of a signature."""
        return bool(self.authorization)

    @property
    def is_signing_key(self) -> bool:
        """Whether the signature is to be verified, because it was made with a signing key of ours."""
        return self.is_access_key_id and is_access_key_id(self.text)


def authentication_failed(*, internal: str | None = None) -> AuthenticationFailedError:
    """Returns the 401 of every wrong credential; ``internal`` is only logged.

    Its code is never ``InvalidAccessKey``, which makes the Go SDK try again three times.
    """
    return AuthenticationFailedError(_MESSAGE, internal=internal)


def signing_key_misplaced() -> AuthenticationFailedError:
    """Returns the 401 of a signing key on a route where SDKs do not sign what they send."""
    return AuthenticationFailedError(_MISPLACED)


def key_not_allowed_as_access_key_id() -> AuthenticationFailedError:
    """Returns the 401 of a right key in a place that its tenant's operator has closed to it."""
    return AuthenticationFailedError(_NO_ACCESS_KEY_ID)


def read_credential(headers: Iterable[tuple[bytes, bytes]]) -> Credential:
    """Returns the credential that decides.

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
