"""URLs, names and secrets of channels, and when a change has to be verified."""

from dataclasses import replace

import pytest

from app.channels.channel import ALL_PLANES, Channel
from app.channels.rules import (
    check_ark_base_url,
    check_name,
    check_openapi_url,
    check_secret,
    check_url,
    planes_to_verify,
)
from app.upstream.credentials import ArkAccount, OpenApiAccount

BEFORE = Channel(
    id="ch_a",
    name="a",
    ark=ArkAccount(base_url="https://ark/api/v3", api_key="k1"),
    openapi=OpenApiAccount(url="https://open", access_key_id="ak", secret_access_key="sk"),
    exclusive=False,
    region="cn-beijing",
    models={},
    projects=("default",),
    priority=0,
    weight=1,
    status="active",
    status_reason=None,
)
NEW_KEY = replace(BEFORE, ark=ArkAccount(base_url="https://ark/api/v3", api_key="k2"))
NEW_REGION = replace(
    BEFORE, openapi=OpenApiAccount(url="https://open", access_key_id="ak", secret_access_key="sk", region="eu")
)
BY_OPERATOR = replace(BEFORE, status="suspended")
BY_GATEWAY = replace(BEFORE, status="suspended", status_reason="its newest task is unknown")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://ark.cn-beijing.volces.com/api/v3", "https://ark.cn-beijing.volces.com/api/v3"),
        ("https://open.volcengineapi.com/", "https://open.volcengineapi.com"),
        ("http://127.0.0.1:8090/api/v3//", "http://127.0.0.1:8090/api/v3"),
        ("http://[::1]:8090", "http://[::1]:8090"),
    ],
)
def test_a_base_url_is_kept_without_its_last_slash(text: str, kept: str) -> None:
    assert check_url(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ark.cn-beijing.volces.com",
        "ftp://host/",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://user:secret@host/",
        "https://user@host/",
        "https://host/?a=b",
        "https://host/?",
        "https://host/#part",
        "https://host:0/",
        "https://host:99999/",
        "https://host:port/",
        "https://[::1/",
        "https://ho st/",
        "https://host/\r\nX-Evil: 1",
        "https://host\\@other/",
        "https://方舟.com/",
        "https://host/" + "a" * 3000,
    ],
)
def test_what_is_no_plain_http_url_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"it must|not a valid URL|its port"):
        check_url(text)


def test_a_name_cannot_be_mistaken_for_an_id() -> None:
    assert check_name("主账号") == "主账号"
    with pytest.raises(ValueError, match="ch_"):
        check_name("ch_abc")


@pytest.mark.parametrize("text", ["with blank", "line\n", "“quoted”", "tab\t", "nul\0"])
def test_what_was_copied_by_mistake_with_a_secret_is_refused(text: str) -> None:
    check_secret("sk-1/+=_.~")
    with pytest.raises(ValueError, match="printable ASCII"):
        check_secret(text)


@pytest.mark.parametrize(
    ("before", "after", "wanted", "planes"),
    [
        (BEFORE, BEFORE, None, frozenset()),
        (BEFORE, NEW_KEY, None, {"ark"}),
        (BEFORE, NEW_REGION, "active", {"openapi"}),
        (BEFORE, NEW_KEY, "suspended", None),
        (BY_OPERATOR, NEW_KEY, None, None),
        (BY_OPERATOR, BEFORE, "active", ALL_PLANES),
        (BY_GATEWAY, BEFORE, None, None),
        (BY_GATEWAY, BEFORE, "active", ALL_PLANES),
        (BY_GATEWAY, NEW_KEY, None, ALL_PLANES),
        (BY_GATEWAY, NEW_KEY, "suspended", None),
    ],
)
def test_what_is_verified_before_a_channel_is_active(
    before: Channel, after: Channel, wanted: str | None, planes: frozenset[str] | None
) -> None:
    assert planes_to_verify(before, after, wanted_status=wanted) == planes


CN = "https://ark.cn-beijing.volces.com"


@pytest.mark.parametrize(
    ("url", "right"),
    [
        (f"{CN}/api/v3/contents/generations/tasks", f"{CN}/api/v3"),
        (f"{CN}/api/v3/contents/generations/tasks/", f"{CN}/api/v3"),
        (f"{CN}/api/v3/contents/generations/tasks/cgt-1", f"{CN}/api/v3"),
        (f"{CN}/api/v3/contents/generations", f"{CN}/api/v3"),
        (f"{CN}/api/v3/contents", f"{CN}/api/v3"),
        ("https://gw.example.com:8443/ark/contents/generations/tasks", "https://gw.example.com:8443/ark"),
        (f"{CN}/api/v3/chat/completions", f"{CN}/api/v3"),
        (f"{CN}/api/v3/api/v3", f"{CN}/api/v3"),
        (CN, f"{CN}/api/v3"),
        (f"{CN}/v1", f"{CN}/api/v3"),
        ("https://ark.ap-southeast.bytepluses.com/", "https://ark.ap-southeast.bytepluses.com/api/v3"),
        ("https://open.volcengineapi.com", f"{CN}/api/v3"),
        ("https://ark.cn-beijing.volcengineapi.com", f"{CN}/api/v3"),
        ("https://open.byteplusapi.com", "https://ark.ap-southeast.bytepluses.com/api/v3"),
        ("https://ark.ap-southeast-1.byteplusapi.com", "https://ark.ap-southeast.bytepluses.com/api/v3"),
        ("https://ark.eu-west-1.byteplusapi.com", "https://ark.eu-west.bytepluses.com/api/v3"),
        (f"{CN}/api/v3/contents/generations/tasks/x/y", f"{CN}/api/v3"),
        (f"{CN}/api/v3/contents/generations/%74asks", f"{CN}/api/v3"),
        (f"{CN}/api/v3/%63ontents%2Fgenerations/tasks", f"{CN}/api/v3"),
        (f"{CN}/api/v3/Contents/Generations/Tasks", f"{CN}/api/v3"),
        (f"{CN}/api/v3/contents/generations/tasks;a=1", f"{CN}/api/v3"),
        (f"{CN}/api/v3//contents/generations/tasks", f"{CN}/api/v3"),
        ("https://gw.example.com/api/v3/responses", "https://gw.example.com/api/v3"),
        ("https://gw.example.com/api/v3/embeddings", "https://gw.example.com/api/v3"),
        ("https://gw.example.com/api/v3/models/x", "https://gw.example.com/api/v3"),
        ("https://ark.cn-beijing.volces.com./v1", f"{CN}/api/v3"),
    ],
)
def test_what_cannot_be_a_base_url_is_refused_with_the_right_one(url: str, right: str) -> None:
    with pytest.raises(ValueError, match=f"{right}$"):
        check_ark_base_url(url)


@pytest.mark.parametrize(
    "url",
    [
        f"{CN}/api/v3",
        f"{CN}/api/plan/v3",
        "https://ark.eu-west.bytepluses.com/api/v3",
        "https://gw.example.com",
        "https://gw.example.com/contents-of-ark",
        "https://gw.example.com/models/ark/api/v3",
        "https://visual.volcengineapi.com/api/v3",
        "http://127.0.0.1:8090/api/v3",
    ],
)
def test_what_may_be_a_base_url_is_kept(url: str) -> None:
    assert check_ark_base_url(url) == url


def test_a_path_that_leads_back_is_refused() -> None:
    for url in (f"{CN}/api/v3/contents/generations/tasks/x/..", f"{CN}/api/./v3", "https://gw.example.com/x/%2e%2E"):
        with pytest.raises(ValueError, match="must not have the segments"):
            check_ark_base_url(url)


@pytest.mark.parametrize(
    ("url", "right"),
    [
        (f"{CN}/api/v3", "https://open.volcengineapi.com"),
        ("https://ark.eu-west.bytepluses.com/api/v3", "https://ark.eu-west-1.byteplusapi.com"),
        ("https://open.volcengineapi.com/api/v3", "https://open.volcengineapi.com"),
    ],
)
def test_what_cannot_be_the_control_planes_url_is_refused_with_the_right_one(url: str, right: str) -> None:
    with pytest.raises(ValueError, match=f"{right}$"):
        check_openapi_url(url)
    assert (
        check_openapi_url("https://ark.ap-southeast-1.byteplusapi.com/") == "https://ark.ap-southeast-1.byteplusapi.com"
    )
