"""The results of ``doctor``'s checks, which it prints a line each."""

from dataclasses import dataclass

from app.observability.escaping import escape


@dataclass(frozen=True)
class CheckResult:
    """The result of one check.

    Attributes:
        name: what was checked.
        is_ok: False makes ``doctor`` fail.
        text: the state; of a failure or warning also how to fix it.
        is_warning: it works, and should still be fixed.
    """

    name: str
    is_ok: bool
    text: str
    is_warning: bool = False

    def __str__(self) -> str:
        """Returns the line, with control characters from upstreams and operators escaped."""
        state = "BROKEN" if not self.is_ok else "warn  " if self.is_warning else "ok    "
        return escape(f"{state}  {self.name}: {self.text}")


def passed(name: str, text: str) -> CheckResult:
    """Returns the result of a check that passed."""
    return CheckResult(name, is_ok=True, text=text)


def warned(name: str, text: str) -> CheckResult:
    """Returns a warning; ``text`` ends with how to fix it."""
    return CheckResult(name, is_ok=True, text=text, is_warning=True)


def failed(name: str, text: str) -> CheckResult:
    """Returns a failure; ``text`` ends with how to fix it."""
    return CheckResult(name, is_ok=False, text=text)
