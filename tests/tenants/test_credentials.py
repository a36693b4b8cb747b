"""The credential of a request."""

import pytest

from app.errors import AuthenticationFailedError
from app.tenants.credentials import read_credential

SIGNED = "HMAC-SHA256 Credential=%s/20261122/cn-beijing/ark/request, SignedHeaders=content-type;host, Signature=ce6b"


def headers(*pairs: tuple[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode("latin-1")) for name, value in pairs]


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("authorization", "Bearer K")], "K"),
        ([("authorization", "bEaReR  K ")], "K"),
        ([("authorization", "Bearer\tK")], "K"),
        ([("x-api-key", "K")], "K"),
        ([("x-api-key", " K ")], "K"),
        ([("authorization", SIGNED % "K")], "K"),
        ([("authorization", (SIGNED % "K").replace("HMAC-SHA256", "hmac-sha256"))], "K"),
        ([("authorization", "HMAC-SHA256 SignedHeaders=host, Signature=a, Credential=K/d/r/s/request")], "K"),
        ([("authorization", "Bearer K"), ("x-api-key", "other")], "K"),
        ([("x-api-key", "other"), ("authorization", "Bearer K")], "K"),
        ([("authorization", SIGNED % "unused"), ("x-api-key", "K")], "K"),
        ([("authorization", SIGNED % "other"), ("x-api-key", "K")], "K"),
        ([("authorization", "Basic abc"), ("x-api-key", "K")], "K"),
        ([("accept", "*/*"), ("authorization", "Bearer K"), ("host", "gw/api/v3/assets")], "K"),
    ],
)
def test_the_first_kind_present_decides(pairs: list[tuple[str, str]], expected: str) -> None:
    assert read_credential(headers(*pairs)).text == expected


@pytest.mark.parametrize(
    "pairs",
    [
        [],
        [("authorization", "")],
        [("authorization", "Bearer")],
        [("authorization", "Bearer ")],
        [("authorization", "Bearer None")],
        [("authorization", "Bearer null")],
        [("authorization", "sg-key-without-scheme")],
        [("authorization", "Basic c2c6a2V5")],
        [("authorization", "Digest username=a")],
        [("x-api-key", "")],
        [("x-api-key", "None")],
        [("authorization", SIGNED % "unused")],
        [("authorization", SIGNED % "")],
        [("authorization", "HMAC-SHA256")],
        [("authorization", "HMAC-SHA256 Credential")],
        [("authorization", "HMAC-SHA256 Credential=K/d, Credential=L/d")],
        [("authorization", "HMAC-SHA256 NotACredential=K/d")],
        [("authorization", "Bearer K"), ("authorization", "Bearer L")],
        [("authorization", "Bearer K"), ("authorization", SIGNED % "K")],
        [("x-api-key", "K"), ("x-api-key", "L")],
        [("authorization", "Bearer K"), ("x-api-key", "K"), ("x-api-key", "L")],
        [("authorization", "Bearer "), ("x-api-key", "K")],
        [("authorization", "Bearer None"), ("x-api-key", "K")],
        [("x-api-key", ""), ("authorization", SIGNED % "K")],
        [("x-security-token", "K")],
    ],
)
def test_anything_else_is_a_401_that_says_where_the_key_belongs(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(AuthenticationFailedError) as caught:
        read_credential(headers(*pairs))

    assert (caught.value.status, caught.value.code) == (401, "AuthenticationError")
    assert "AccessKeyId" in caught.value.message
    assert "X-Api-Key" in caught.value.message


OVERWRITTEN = ["unused", "UNUSED", "None", "null", "undefined", ""]


@pytest.mark.parametrize("placeholder", OVERWRITTEN)
def test_a_signature_without_a_key_explains_that_the_signer_overwrote_it(placeholder: str) -> None:
    """The specification's Go program sets a Bearer header in ``WithExtendHttpRequest``, before the SDK signs."""
    with pytest.raises(AuthenticationFailedError) as caught:
        read_credential(headers(("authorization", SIGNED % placeholder)))
    assert (caught.value.status, caught.value.code) == (401, "AuthenticationError")
    for hint in ("overwritten", "WithExtendHttpRequest", "AccessKeyId", "`X-Api-Key: <key>`", "AddInterceptor"):
        assert hint in caught.value.message


@pytest.mark.parametrize(
    "pairs",
    [
        [],
        [("authorization", "Bearer None")],
        [("authorization", "Bearer unused")],
        [("x-api-key", "unused")],
        [("authorization", SIGNED % "unused"), ("x-api-key", "")],
    ],
)
def test_other_missing_keys_do_not_mention_a_signer(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(AuthenticationFailedError) as caught:
        read_credential(headers(*pairs))
    assert "WithExtendHttpRequest" not in caught.value.message


ACCESS_KEY_ID = "SGAK" + "0aZ9" * 5


@pytest.mark.parametrize(
    ("pairs", "is_signing_key"),
    [
        ([("authorization", SIGNED % ACCESS_KEY_ID)], True),
        ([("authorization", SIGNED % ACCESS_KEY_ID), ("x-api-key", "K")], False),
        ([("authorization", f"Bearer {ACCESS_KEY_ID}")], False),
        ([("x-api-key", ACCESS_KEY_ID)], False),
        ([("authorization", SIGNED % "sg-key")], False),
    ],
)
def test_an_access_key_id_of_ours_counts_in_a_signature_only(
    pairs: list[tuple[str, str]], *, is_signing_key: bool
) -> None:
    assert read_credential(headers(*pairs)).is_signing_key is is_signing_key


def test_a_credential_is_not_in_its_repr() -> None:
    assert "K-secret" not in repr(read_credential(headers(("authorization", SIGNED % "K-secret"))))
