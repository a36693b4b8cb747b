from app.upstream.credentials import ArkAccount, OpenApiAccount


def test_no_account_shows_its_secrets() -> None:
    ark = ArkAccount("https://ark.test/api/v3", "hidden-1")
    openapi = OpenApiAccount("https://open.test", "hidden-4", "hidden-2", "hidden-3", "cn-beijing")
    assert "hidden" not in repr(ark) + str(ark) + repr(openapi) + str(openapi)
    assert ark.secrets == ("hidden-1",)
    assert openapi.secrets == ("hidden-4", "hidden-2", "hidden-3")
    assert OpenApiAccount("https://open.test", "hidden-4", "hidden-2").secrets == ("hidden-4", "hidden-2")
