"""Validation of a channel's settings. Pure."""

import re
from urllib.parse import unquote

from app.channels.channel import ALL_PLANES, Channel, ChannelStatus, Plane
from app.upstream.origins import Origin, parse_origin
from app.urls import split_url

DEFAULT_CHANNEL = "default"
"""The name of the channel that the environment configures."""

DEFAULT_REGION = "cn-beijing"
"""The region of a channel that names none; Volcano Engine has it, BytePlus does not."""

_MAX_URL_LENGTH = 2048
# Routes of the data plane that do not belong into its base URL: these anywhere in the path, …
_ROUTES = (("contents", "generations"), ("chat", "completions"), ("images", "generations"))
# … and these at its end, or right after the version of the API.
_LAST_WORDS = frozenset({"contents", "responses", "embeddings", "models", "files", "bots"})
_VERSION = re.compile(r"v[0-9]")
_REPEATED = re.compile(r"(?<=/api/v[0-9])(/api/v[0-9])$")
_DATA_HOST = re.compile(r"ark\.([a-z0-9-]+)\.(?:volces|bytepluses)\.com")
_DATA_PATH = re.compile(r"/api(?:/[a-z]+)?/v[0-9]")
# Other hosts of these domains belong to other products.
_CONTROL_HOST = re.compile(r"(?:open|ark\.([a-z0-9-]+?)(?:-1)?)\.(?:volcengineapi|byteplusapi)\.com")


def check_url(text: str) -> str:
    """Returns a base URL with its origin in the canonical spelling and without a slash at its end.

    Raises:
        ValueError: it is not ``http(s)://host[:port][/path]``; credentials, a query or a fragment would be sent
            with every request and logged.
    """
    if len(text) > _MAX_URL_LENGTH or not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise ValueError("it must be an ASCII URL without blanks")
    authority, slash, path = text.partition("//")[2].partition("/")
    if "@" in authority:
        raise ValueError("it must not hold a user name or password")
    if "?" in text or "#" in text:
        raise ValueError("it must not hold a query or a fragment")
    return (parse_origin(text).text + slash + path).rstrip("/")


def check_ark_base_url(text: str) -> str:
    """Returns the base URL of a data plane, as ``check_url`` does.

    Raises:
        ValueError: it is none, and the text names the right one; or as ``check_url``.
    """
    url, origin, path = _split(text)
    if _CONTROL_HOST.fullmatch(origin.host):
        right = _data_plane_of(origin.host)
        raise ValueError(f"{origin.host} is the control plane, which `openapi_url` names; the data plane is {right}")
    route = _find_route(path)
    if route is not None:
        raise ValueError(f"it must end before {route[1]}: {origin.text}{route[0]}")
    found = _REPEATED.search(path)
    if found is not None:
        raise ValueError(f"it must end before {found[1]}: {url.removesuffix(found[1])}")
    if _DATA_HOST.fullmatch(origin.host) and not _DATA_PATH.fullmatch(path):
        raise ValueError(f"it must end in the version of the API: {origin.text}/api/v3")
    return url


def check_openapi_url(text: str) -> str:
    """Returns the URL of a control plane, as ``check_url`` does.

    Raises:
        ValueError: it is none, and the text names the right one; or as ``check_url``.
    """
    url, origin, path = _split(text)
    if _DATA_HOST.fullmatch(origin.host):
        right = _control_plane_of(origin.host)
        raise ValueError(f"{origin.host} is the data plane, which `ark_base_url` names; the control plane is {right}")
    if _CONTROL_HOST.fullmatch(origin.host) and path:
        raise ValueError(f"it must not have a path: {origin.text}")
    return url


def is_same_origin(url: str, other: str) -> bool:
    """Whether two URLs lead to the same server; false when one of them leads to none."""
    try:
        return parse_origin(url) == parse_origin(other)
    except ValueError:
        return False


def is_region_missing(channel: Channel) -> bool:
    """Whether a channel of BytePlus, judged by its hosts, has the default region, which BytePlus does not have."""
    urls = [channel.ark.base_url if channel.ark else "", channel.openapi.url if channel.openapi else ""]
    return channel.region == DEFAULT_REGION and any(_is_byteplus(split_url(url).hostname or "") for url in urls)


def check_name(text: str) -> str:
    """Returns a channel's name.

    Raises:
        ValueError: it looks like an id; commands take a name or an id.
    """
    if text.startswith("ch_"):
        raise ValueError("it must not begin with ch_, as ids do")
    return text


def check_rename(before: str, after: str) -> None:
    """Refuses to rename the channel that the environment configures: the next start would create it again.

    Raises:
        ValueError: it is that channel, and its name would change.
    """
    if before == DEFAULT_CHANNEL != after:
        raise ValueError(f"the channel {DEFAULT_CHANNEL} is the one that the environment describes, and keeps its name")


def check_secret(text: str) -> None:
    """Refuses characters copied along with a secret by mistake: a blank, a line end, a typographic quote.

    Raises:
        ValueError: the text is not printable ASCII without blanks.
    """
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("it must be printable ASCII without blanks")


def changed_planes(before: Channel, after: Channel) -> frozenset[Plane]:
    """Returns the planes whose URL or credentials differ."""
    changed: set[Plane] = set()
    if before.ark != after.ark:
        changed.add("ark")
    if before.openapi != after.openapi:
        changed.add("openapi")
    return frozenset(changed)


def planes_to_verify(before: Channel, after: Channel, *, wanted_status: str | None) -> frozenset[Plane] | None:
    """Returns the planes that must answer for the channel to be active after a change; None: it stays suspended.

    An operator's suspension is lifted only by the operator, and both planes are verified then. The gateway's is also
    lifted by new credentials, once both planes answer.
    """
    changed = changed_planes(before, after)
    was_active = before.status == ChannelStatus.ACTIVE
    if wanted_status == ChannelStatus.SUSPENDED:
        return None
    if was_active:
        return changed
    if wanted_status == ChannelStatus.ACTIVE or (before.status_reason is not None and changed):
        return ALL_PLANES
    return None


def _split(text: str) -> tuple[str, Origin, str]:
    url = check_url(text)
    origin = parse_origin(url)
    path = url.removeprefix(origin.text)
    if {".", ".."} & set(unquote(path).split("/")):
        raise ValueError("its path must not have the segments . and ..")
    return url, origin, path


def _find_route(path: str) -> tuple[str, str] | None:
    """Returns the parts of a path before an API route and from it on, or None when it contains no route.

    A route is recognised in capitals, percent-encoded, or with parameters after a semicolon.
    """
    segments = unquote(path).split("/")
    words = [segment.partition(";")[0].lower() for segment in segments]
    for index, word in enumerate(words):
        is_last = index == len(words) - 1 or _VERSION.fullmatch(words[index - 1]) is not None
        if tuple(words[index : index + 2]) in _ROUTES or (word in _LAST_WORDS and is_last):
            return "/".join(segments[:index]).rstrip("/"), "/" + "/".join(segments[index:])
    return None


def _data_plane_of(control_host: str) -> str:
    found = _CONTROL_HOST.fullmatch(control_host)
    region = found[1] if found is not None else None
    if _is_byteplus(control_host):
        return f"https://ark.{region or 'ap-southeast'}.bytepluses.com/api/v3"
    return f"https://ark.{region or DEFAULT_REGION}.volces.com/api/v3"


def _control_plane_of(data_host: str) -> str:
    found = _DATA_HOST.fullmatch(data_host)
    if found is not None and _is_byteplus(data_host):
        return f"https://ark.{found[1]}-1.byteplusapi.com"
    return "https://open.volcengineapi.com"


def _is_byteplus(host: str) -> bool:
    return host.endswith((".bytepluses.com", ".byteplusapi.com"))
