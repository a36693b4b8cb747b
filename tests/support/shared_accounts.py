"""Sandbox accounts of which two may be the same main account with different keys."""

from dataclasses import dataclass

from app.sandbox.config import Account


@dataclass(frozen=True, slots=True, eq=False)
class KeyOfAccount(Account):
    """One key (Bearer and pair) of a main account; keys of one account see the same tasks and assets."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Account) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)


def key_of_account(account: str, key: str) -> KeyOfAccount:
    """Returns a key of a main account; its texts are made from the two names."""
    return KeyOfAccount(
        name=account,
        api_key=f"ark-{account}-{key}",
        access_key_id=f"AK{account}{key}".upper(),
        secret_access_key=f"secret-{account}-{key}",
    )


def ark_key(account: Account) -> dict[str, str]:
    """Returns the data plane's credential as the admin API takes it."""
    return {"ark_api_key": account.api_key}


def key_pair(account: Account) -> dict[str, str]:
    """Returns the control plane's credentials as the admin API takes them."""
    return {"access_key_id": account.access_key_id, "secret_access_key": account.secret_access_key}
