"""The content security policy of the console's page."""

import re
from collections.abc import Iterable

_MEDIA = "'self' https: data: blob:"
# What a source may be spelled as; the policy has no form for the literal of an IPv6 address.
_PLAIN_ORIGIN = re.compile(r"http://[a-z0-9._-]+(?::[0-9]{1,5})?", re.ASCII)


def policy(origins: Iterable[str] = ()) -> str:
    """Returns the policy: only the console's own files, and media of tasks from any server over TLS.

    Args:
        origins: of upstreams; media may also come from those that are plain http, such as the sandbox.
    """
    plain = sorted({origin for origin in origins if _PLAIN_ORIGIN.fullmatch(origin)})
    media = " ".join([_MEDIA, *plain])
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            f"img-src {media}",
            f"media-src {media}",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        )
    )
