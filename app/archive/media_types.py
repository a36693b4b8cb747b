"""What a file is, by its first bytes; what the sender says of it is not believed. Pure."""

SNIFFED_BYTES = 16
"""How many of its first bytes tell what a file is."""

_QUICKTIME_BRAND = b"qt  "
# The first box of a QuickTime file from before brands.
_QUICKTIME_BOXES = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip"})

VIDEO_TYPES = frozenset({"video/mp4", "video/quicktime"})
"""The types of clips."""

IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/webp"})
"""The types of last frames."""


def types_of(member: str) -> frozenset[str]:
    """Returns the types that the file of a member of ``content`` may have."""
    return VIDEO_TYPES if member == "video_url" else IMAGE_TYPES


def sniff(head: bytes) -> str | None:
    """Returns the type of a file with these first bytes; None when it is none that is served."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    box = head[4:8]
    if box == b"ftyp":
        return "video/quicktime" if head[8:12] == _QUICKTIME_BRAND else "video/mp4"
    return "video/quicktime" if box in _QUICKTIME_BOXES else None
