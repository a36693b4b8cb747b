"""The ids of Seedance models: of Volcano Engine, of BytePlus, and without the date, as programs write them. Pure.

Source: the models' pages of both (82379/1330310, docs.byteplus.com ModelArk); published samples and defaults of client
programs for ids without a date.
"""

from dataclasses import dataclass

CHINA = "cn-beijing"
"""Region of Volcano Engine."""

ABROAD = ("ap-southeast-1", "eu-west-1")
"""Regions of BytePlus."""


@dataclass(frozen=True, slots=True)
class SeedanceId:
    """The parts of a dated id, such as 2-0, fast and 260128 of ``doubao-seedance-2-0-fast-260128``."""

    version: str
    kind: str
    date: str

    @property
    def in_china(self) -> str:
        """The dated id of Volcano Engine."""
        return f"doubao-seedance-{self.family}-{self.date}"

    @property
    def abroad(self) -> str:
        """The dated id of BytePlus: ``dreamina-`` before 2.x, no prefix before 1.x."""
        return f"{self._prefix_abroad}seedance-{self.family}-{self.date}"

    def aliases(self) -> tuple[str, ...]:
        """Returns the other ids that clients send: BytePlus' id, and ids without a date.

        The latter have each prefix or none, and the version as 2-0 or 2.0.
        """
        prefixes = dict.fromkeys(("doubao-", self._prefix_abroad, ""))
        bodies = (self.family, self.family.replace(self.version, self.version.replace("-", "."), 1))
        return (self.abroad, *(f"{prefix}seedance-{body}" for prefix in prefixes for body in bodies))

    def everywhere(self) -> dict[str, str | None]:
        """Returns the dated id in each region, for a model that all of them serve."""
        return {CHINA: self.in_china, **dict.fromkeys(ABROAD, self.abroad)}

    def in_china_alone(self) -> dict[str, str | None]:
        """Returns the dated id in each region, for a model that BytePlus does not serve."""
        return {CHINA: self.in_china, **dict.fromkeys(ABROAD, None)}

    @property
    def family(self) -> str:
        """The id without prefix and date, by which ``app.create_parameters`` names the model."""
        return f"{self.version}-{self.kind}" if self.kind else self.version

    @property
    def _prefix_abroad(self) -> str:
        return "dreamina-" if self.version.startswith("2") else ""
