"""A credential is recognised by its spelling on the wire: no byte but a blank may stand around it."""

from tests.support.gateway import Gateway, Tenant

# What Python's own idea of white space would swallow, in latin-1 and in UTF-8.
SWALLOWED = [b"\x85", b"\xa0", b"\xc2\x85", b"\xc2\xa0", b"\xe3\x80\x80", b"\xe2\x80\xa8"]
PLACES = [b"Bearer%s%s", b"Bearer %s%s", b"%sBearer %s", b"Bearer\t%s%s"]


def spellings(key: bytes) -> list[bytes]:
    """Returns the values of an ``Authorization`` header in which other bytes stand in place of blanks."""
    inside = [place % (blank, key) for blank in SWALLOWED for place in PLACES]
    behind = [b"Bearer " + key + blank for blank in SWALLOWED]
    signed = b"HMAC-SHA256%sCredential=%s/20261122/cn-beijing/ark/request, SignedHeaders=host, Signature=ce6b"
    around = [signed % (blank, key) for blank in SWALLOWED]
    within = [signed % (b" ", blank + key) for blank in SWALLOWED] + [
        signed % (b" ", key + blank) for blank in SWALLOWED
    ]
    return inside + behind + around + within


async def test_a_tenants_key_is_not_found_behind_other_white_space(gateway: Gateway) -> None:
    tenant: Tenant = await gateway.tenant()
    for value in spellings(tenant.key.encode()):
        answer = await gateway.anonymous.get("/api/v3/whoami", headers=[(b"authorization", value)])
        assert (answer.status_code, value) == (401, value)
    for blank in SWALLOWED:
        for value in (blank + tenant.key.encode(), tenant.key.encode() + blank):
            answer = await gateway.anonymous.get("/api/v3/whoami", headers=[(b"x-api-key", value)])
            assert (answer.status_code, value) == (401, value)
