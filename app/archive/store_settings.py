"""Where the archive is: the settings ``SEEDGATE_ARCHIVE_…``, read and checked. Pure."""

import re
from dataclasses import dataclass, field

from app.upstream.origins import parse_origin
from app.urls import split_url

PART_BYTES = 8 * 1024 * 1024
"""What of a file is in memory at a time, twice while the next part arrives. A shorter file takes one request."""

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9!_.*'()/-]*")


@dataclass(frozen=True)
class StoreSettings:
    """One bucket and the credentials for it.

    Attributes:
        bucket: its name.
        prefix: what all keys begin with, without slashes at its ends; may be empty.
        endpoint: the URL of the store, with the bucket before its host for a store that wants it there; None for AWS.
        public_endpoint: the same, as clients reach it; None: the gateway serves the files itself.
        region: of the bucket.
        access_key_id: the key pair.
        secret_access_key: its secret half.
        ca_certificate: PEM of authorities that are trusted beside the system's.
    """

    bucket: str
    prefix: str
    endpoint: str | None
    public_endpoint: str | None
    region: str
    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    ca_certificate: bytes | None = field(default=None, repr=False)


def read_archive_url(text: str) -> tuple[str, str]:
    """Returns bucket and prefix of ``s3://bucket/prefix``.

    Raises:
        ValueError: it is no such URL.
    """
    scheme, separator, rest = text.partition("://")
    bucket, _, prefix = rest.partition("/")
    prefix = prefix.strip("/")
    segments = prefix.split("/") if prefix else []
    if scheme != "s3" or not separator or not _BUCKET.fullmatch(bucket) or not _PREFIX.fullmatch(prefix):
        raise ValueError("it must be s3://bucket or s3://bucket/prefix")
    if {"", ".", ".."} & set(segments):
        raise ValueError("its prefix must not have the segments . and .. or empty ones")
    return bucket, prefix


def check_endpoint(text: str) -> str:
    """Returns the URL of a store, without a slash at its end.

    Raises:
        ValueError: it is no http or https URL, or has more than a host and a port.
    """
    origin = parse_origin(text)
    parts = split_url(text)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("it must have no path, query or fragment; the bucket stands in SEEDGATE_ARCHIVE_URL")
    return origin.text
