"""The files of the page, as built from ``console/`` and shipped in ``static/``.

They are found once, at the start, by the paths under which they are served: no path of a request reaches the file
system.
"""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).with_name("static")
"""Where the build puts them."""

_INDEX = "index.html"
_HASHED_FOLDER = "files"
_GZIP_LEVEL = 6
_COMPRESSED = frozenset({".css", ".html", ".js", ".json", ".md", ".svg", ".txt", ".webmanifest"})
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".md": "text/plain; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True)
class StaticFile:
    """A file of the page.

    Attributes:
        path: where it is.
        media_type: the ``Content-Type``.
        is_hashed: its name contains a hash of its content.
    """

    path: Path
    media_type: str
    is_hashed: bool

    @property
    def is_compressed(self) -> bool:
        """Whether compressing it pays."""
        return self.path.suffix in _COMPRESSED


@cache
def static_files() -> Mapping[str, StaticFile]:
    """Returns the files by their paths below ``/console/``, without the page itself."""
    found = {path.relative_to(FOLDER): path for path in sorted(FOLDER.rglob("*")) if path.is_file()}
    return {
        name.as_posix(): StaticFile(
            path, _MEDIA_TYPES.get(path.suffix, "application/octet-stream"), name.parts[0] == _HASHED_FOLDER
        )
        for name, path in found.items()
        if name.as_posix() != _INDEX
    }


def index_file() -> StaticFile:
    """Returns the page itself."""
    return StaticFile(FOLDER / _INDEX, _MEDIA_TYPES[".html"], is_hashed=False)


@cache
def read(path: Path) -> bytes:
    """Returns a file's content."""
    return path.read_bytes()


@cache
def read_compressed(path: Path) -> bytes:
    """Returns a file's content compressed by gzip, which takes some 20 ms for the largest one, once in a process.

    It is not shipped, because the bytes depend on the version of zlib.
    """
    return gzip.compress(read(path), _GZIP_LEVEL, mtime=0)
