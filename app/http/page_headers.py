"""Headers of the pages that the gateway serves to browsers."""

_OTHERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
UNCACHED = {"Cache-Control": "no-cache"}
"""The page is asked for again every time."""


def page_headers(*sources: str) -> dict[str, str]:
    """Returns headers under which a page loads, runs and calls nothing but what is named, and stands in no frame.

    Args:
        sources: directives of the content security policy that allow something, such as ``script-src 'self'``.
    """
    policy = ("default-src 'none'", *sources, "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'")
    return {"Content-Security-Policy": "; ".join(policy), **_OTHERS}
