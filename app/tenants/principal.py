"""Who is calling, and what it may do."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from app.errors import AccessDeniedError


@dataclass(frozen=True)
class Principal:
    """The tenant behind a request and the key that it used.

    Attributes:
        tenant_id: owner of everything that the request may see.
        tenant_name: its name, for people.
        key_id: the key's id.
        key_public_part: what may be logged of the key.
        allowed_models: the tenant's and the key's lists of names and aliases of models, as far as they have one. Each
            list must hold one of all that a model is called.
        allowed_channels: ids of channels; None allows all. The tenant's and the key's list, intersected.
    """

    tenant_id: str
    tenant_name: str
    key_id: str
    key_public_part: str
    allowed_models: tuple[frozenset[str], ...]
    allowed_channels: frozenset[str] | None

    def may_use(self, spellings: Collection[str]) -> bool:
        """Whether a model is allowed, of which these are all names and aliases."""
        return all(not allowed.isdisjoint(spellings) for allowed in self.allowed_models)

    def check_model(self, spellings: Sequence[str]) -> None:
        """Does nothing when a model is allowed, of which these are the name and the aliases.

        Raises:
            AccessDeniedError: 403, it is not.
        """
        if not self.may_use(spellings):
            raise AccessDeniedError(f"This API key is not allowed to use the model {spellings[0]}.")

    def models(self, names: Mapping[str, str]) -> frozenset[str] | None:
        """Returns what is allowed, each model by its name; None is everything.

        Args:
            names: the name of each model by all that it may be called; what is in no such place stays as it is.
        """
        if not self.allowed_models:
            return None
        return frozenset.intersection(
            *(frozenset(names.get(spelling, spelling) for spelling in allowed) for allowed in self.allowed_models)
        )
