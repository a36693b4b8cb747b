"""The authenticated caller and its rights."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from app.errors import AccessDeniedError
from app.limits.caps import Cap
from app.limits.quotas import Quotas
from app.tenants.permissions import ALL_PERMISSIONS, MEANINGS, Permission


@dataclass(frozen=True)
class Principal:
    """The tenant behind a request and the key that it used.

    Attributes:
        tenant_id: the tenant, whose objects the request may access.
        tenant_name: its name.
        key_id: the key.
        key_public_part: the part of the key that may be logged.
        allowed_models: the list of the tenant and that of the key, if they have one, of names and aliases of models. A
            model is allowed if each list contains its name or one of its aliases.
        allowed_channels: ids of channels, in both lists; None allows all.
        permissions: those that both the tenant and the key have.
        quotas: those of the key and of its tenant; None if nothing is limited.
        caps: how many unfinished tasks both may have.
    """

    tenant_id: str
    tenant_name: str
    key_id: str
    key_public_part: str
    allowed_models: tuple[frozenset[str], ...]
    allowed_channels: frozenset[str] | None
    permissions: frozenset[Permission] = ALL_PERMISSIONS
    quotas: Quotas | None = None
    caps: tuple[Cap, ...] = ()

    def check_permission(self, permission: Permission, *, param: str | None = None) -> None:
        """Checks that the caller has a permission; ``param`` is the parameter that needs it.

        Raises:
            AccessDeniedError: 403, it has not.
        """
        if permission not in self.permissions:
            text = f"This API key does not have the permission `{permission.value}`, {MEANINGS[permission]}."
            raise AccessDeniedError(text, param=param)

    def may_use(self, spellings: Collection[str]) -> bool:
        """Says whether a model with these names and aliases is allowed."""
        return all(not allowed.isdisjoint(spellings) for allowed in self.allowed_models)

    def check_model(self, spellings: Sequence[str]) -> None:
        """Checks that a model with this name and these aliases is allowed.

        Raises:
            AccessDeniedError: 403, it is not.
        """
        if not self.may_use(spellings):
            raise AccessDeniedError(f"This API key is not allowed to use the model {spellings[0]}.")

    def models(self, names: Mapping[str, str]) -> frozenset[str] | None:
        """Returns the names of the allowed models; None allows all.

        Args:
            names: the name of each model by its name and aliases; an unknown entry of a list stays as it is.
        """
        if not self.allowed_models:
            return None
        return frozenset.intersection(
            *(frozenset(names.get(spelling, spelling) for spelling in allowed) for allowed in self.allowed_models)
        )
