"""A text for every setting that its reader takes and that is not its default, to see whether it arrives."""

from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge
from pydantic import SecretStr

from app.settings import NOT_BUILT, Settings

# Texts of a form of their own; a setting with another form, when it is added, fails until it has its line here.
_OF_OWN_FORM = {
    "admin_token": "an admin token of at least 32 characters",
    "archive_endpoint": "https://store.internal:9000",
    "archive_public_endpoint": "https://clips.example",
    "archive_url": "s3://clips/seedgate",
    "ark_base_url": "https://ark.example/api/v3",
    "callback_allow": "10.1.0.0/16",
    "channel_allow": "ark.internal,10.2.0.0/16",
    "cors_origins": "https://app.example.com",
    "database_host": "db.internal",
    "database_password": "a@b:/%#?c",
    "database_url": "postgresql://u:p@db.internal/n",
    "egress_proxy": "http://proxy.internal:3128",
    "openapi_url": "https://open.example",
    "operator_webhook": "https://alerts.internal/hooks/a-token",
    "public_url": "https://gateway.example",
    "redis_url": "redis://:a-password@redis.internal:6379/0",
    "retention_days": "tasks=90,audit=400",
    "secret_key": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "trusted_proxies": "10.3.0.0/16",
}

DATABASE_PARTS = tuple(
    name for name in Settings.model_fields if name.startswith("database_") and name != "database_url"
)


def samples(*, by_parts: bool = False) -> dict[str, str]:
    """Returns a text for each setting that is built, by its field; either of the database's URL or of its parts."""
    left_out = {*NOT_BUILT, "secrets_dir", *(["database_url"] if by_parts else DATABASE_PARTS)}
    return {field: _sample(field) for field in Settings.model_fields if field not in left_out}


def plain(value: object) -> object:
    """Returns a value of a setting in a form that can be compared and shown."""
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _sample(field: str) -> str:
    if field in _OF_OWN_FORM:
        return _OF_OWN_FORM[field]
    info = Settings.model_fields[field]
    default = info.get_default(call_default_factory=True)
    kinds = (info.annotation, *get_args(info.annotation))
    if get_origin(info.annotation) is Literal:
        return str(next(choice for choice in get_args(info.annotation) if choice != default))
    if int in kinds or float in kinds:
        return str(_number(info.metadata, default) + 1)
    return f"/sample/{field}"


def _number(bounds: list[Any], default: float | None) -> int:
    lowest: list[Any] = [bound.ge for bound in bounds if isinstance(bound, Ge)]
    return int(default if default is not None else max(lowest, default=0))
