"""Aliases of models, and their upstream ids in each region.

Revision 0006, after 0005. Models that an earlier version seeded get the aliases and regions that are seeded now;
changes by the operator are kept. No process of the version before may run: replacing the catalog through it would
delete the aliases and regions.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0006"
down_revision: str | Sequence[str] | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_ABROAD = ("ap-southeast-1", "eu-west-1")
# Version, kind, date, and whether BytePlus serves it.
_DATED = (
    ("2-5", "", "260628", True),
    ("2-0", "", "260128", True),
    ("2-0", "-fast", "260128", True),
    ("2-0", "-mini", "260615", True),
    ("1-5", "-pro", "251215", False),
    ("1-0", "-pro", "250528", True),
    ("1-0", "-pro-fast", "251015", True),
    ("1-0", "-lite-t2v", "250428", False),
    ("1-0", "-lite-i2v", "250428", False),
)
_NAMES_OF_THE_SPEC = {
    "doubao-seedance-2": "doubao-seedance-2-0-260128",
    "doubao-seedance-2-fast": "doubao-seedance-2-0-fast-260128",
}
_MODELS = sa.table(
    "models",
    sa.column("name", sa.Text()),
    sa.column("spec", postgresql.JSONB()),
    sa.column("aliases", postgresql.ARRAY(sa.Text())),
    sa.column("regions", postgresql.JSONB()),
)


def upgrade() -> None:
    op.add_column("models", sa.Column("aliases", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.add_column("models", sa.Column("regions", postgresql.JSONB(), server_default="{}", nullable=False))
    connection = op.get_bind()
    upstream_ids = {
        row.name: row.spec.get("upstream_id") for row in connection.execute(sa.select(_MODELS.c.name, _MODELS.c.spec))
    }
    for name, (seeded_id, aliases, regions) in _seeded().items():
        if name not in upstream_ids:
            continue
        # A model that the operator added may have the name of an alias. An operator's endpoint exists in one region.
        values: dict[str, Any] = {"aliases": [alias for alias in aliases if alias not in upstream_ids]}
        if upstream_ids[name] == seeded_id:
            values["regions"] = regions
        connection.execute(sa.update(_MODELS).where(_MODELS.c.name == name).values(values))


def downgrade() -> None:
    op.drop_column("models", "regions")
    op.drop_column("models", "aliases")
    # The version before refuses unknown members.
    op.execute(sa.text("UPDATE models SET spec = spec - 'generate_audio_default'"))


def _seeded() -> dict[str, tuple[str, list[str], dict[str, str | None]]]:
    """Returns the upstream id, the aliases and the regions of each model of a fresh installation, by name."""
    seeded: dict[str, tuple[str, list[str], dict[str, str | None]]] = {}
    for version, kind, date, is_abroad in _DATED:
        prefix = "dreamina-" if version.startswith("2") else ""
        name, abroad = f"doubao-seedance-{version}{kind}-{date}", f"{prefix}seedance-{version}{kind}-{date}"
        undated = [
            f"{each}seedance-{spelt}{kind}"
            for each in dict.fromkeys(("doubao-", prefix, ""))
            for spelt in (version, version.replace("-", "."))
        ]
        regions = {"cn-beijing": name, **dict.fromkeys(_ABROAD, abroad if is_abroad else None)}
        seeded[name] = (name, [abroad, *undated], regions)
    for name, dated in _NAMES_OF_THE_SPEC.items():
        seeded[name] = (dated, [], seeded[dated][2])
    return seeded
