"""What ``doctor`` prints: a line for each thing that it looked at."""

from dataclasses import dataclass

from app.observability.escaping import escape


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, how it is, and the mend when it is broken.

    Attributes:
        name: what was looked at.
        is_fine: False makes ``doctor`` fail.
        text: how it is.
        is_warning: it works, and should still be mended.
    """

    name: str
    is_fine: bool
    text: str
    is_warning: bool = False

    def __str__(self) -> str:
        """Returns the line, in which nothing that an upstream or an operator chose controls a terminal."""
        state = "BROKEN" if not self.is_fine else "warn  " if self.is_warning else "ok    "
        return escape(f"{state}  {self.name}: {self.text}")


def fine(name: str, text: str) -> Finding:
    """Returns the line of something that is as it should be."""
    return Finding(name, is_fine=True, text=text)


def warned(name: str, text: str) -> Finding:
    """Returns the line of something that works and should be mended as ``text`` ends with."""
    return Finding(name, is_fine=True, text=text, is_warning=True)


def broken(name: str, text: str) -> Finding:
    """Returns the line of something that needs the mend that ``text`` ends with."""
    return Finding(name, is_fine=False, text=text)
