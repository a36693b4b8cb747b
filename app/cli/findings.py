"""What ``doctor`` prints: a line for each thing that it looked at."""

from dataclasses import dataclass

from app.observability.escaping import escape


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, how it is, and the mend when it is broken."""

    name: str
    is_fine: bool
    text: str

    def __str__(self) -> str:
        """Returns the line, in which nothing that an upstream or an operator chose controls a terminal."""
        return escape(f"{'ok    ' if self.is_fine else 'BROKEN'}  {self.name}: {self.text}")


def fine(name: str, text: str) -> Finding:
    """Returns the line of something that is as it should be."""
    return Finding(name, is_fine=True, text=text)


def broken(name: str, text: str) -> Finding:
    """Returns the line of something that needs the mend that ``text`` ends with."""
    return Finding(name, is_fine=False, text=text)
