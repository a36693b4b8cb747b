"""Who is calling, and what it may do."""

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
        allowed_models: public model names; None allows all. The tenant's and the key's list, intersected.
        allowed_channels: ids of channels; None allows all. Intersected likewise.
    """

    tenant_id: str
    tenant_name: str
    key_id: str
    key_public_part: str
    allowed_models: frozenset[str] | None
    allowed_channels: frozenset[str] | None

    def check_model(self, name: str) -> None:
        """Does nothing when the model is allowed.

        Raises:
            AccessDeniedError: 403, it is not.
        """
        if self.allowed_models is not None and name not in self.allowed_models:
            raise AccessDeniedError(f"This API key is not allowed to use the model {name}.")
