"""Settings: environment variables named ``SEEDGATE_…``, a ``.env`` file, or files in a folder of secrets.

Every setting is documented in ``docs/settings.md``; a test compares the two.
"""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from app.addresses import Network, canonical_host, check_not_wrapped, read_literal, read_network
from app.database_url import DEFAULT_PORT, check_host, join_url
from app.env_file import ENV_FILE, ENV_FILE_ENCODING, EnvFileError, read_env_file
from app.retention_days import RetentionDays
from app.secret_files import FOLDER_VARIABLE, SecretFile, SecretFileError, read_secret_files
from app.setting_names import PREFIX, is_kubernetes_link, refusals, unknown_names, variable
from app.urls import fault_of_web_url, split_url

_MIN_ADMIN_TOKEN_LENGTH = 32
_DATABASE_SCHEMES = ("postgresql://", "postgres://", "postgresql+asyncpg://")
_MEBIBYTE = 1024 * 1024
_MAX_PORT = 65535
_DEFAULT_PORTS = {"http": 80, "https": 443}
_ORIGIN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>\[[0-9a-f.]*:[0-9a-f:.]*\]|[a-z0-9_.-]+)(?::(?P<port>[1-9][0-9]{0,4}))?",
    re.ASCII,
)
_DATABASE_PARTS = ("database_host", "database_port", "database_user", "database_password", "database_name")
_ARCHIVE_PAIR = ("archive_access_key_id", "archive_secret_access_key")
_ARCHIVE_PARTS = (*_ARCHIVE_PAIR, "archive_endpoint", "archive_public_endpoint", "archive_region")
_REDIS_SCHEMES = ("redis://", "rediss://", "unix://")
_DEFAULT_DATABASE_USER = "seedgate_gateway"
_DEFAULT_DATABASE_NAME = "seedgate"

NOT_BUILT = ("queue",)
"""Settings of future features. Setting one stops the start, so that it is not silently ignored."""


def default_data_dir() -> Path:
    """Returns the per-user folder for the embedded database and generated secrets."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "seedgate"
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/seedgate")
    configured = os.environ.get("XDG_DATA_HOME")
    return (Path(configured) if configured else Path.home() / ".local" / "share") / "seedgate"


class SettingError(ValueError):
    """A setting is not valid; the text names it and says why."""


class Settings(BaseSettings):
    """The configuration of one process."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=ENV_FILE,
        env_file_encoding=ENV_FILE_ENCODING,
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    secrets_dir: Path | None = None

    database_url: SecretStr | None = None
    """Also when only the parts below were set: then it is made of them."""
    database_host: str | None = None
    database_port: int | None = Field(default=None, ge=1, le=_MAX_PORT)
    database_user: str | None = None
    database_password: SecretStr | None = None
    database_name: str | None = None
    data_dir: Path = Field(default_factory=default_data_dir)
    pg_bin: Path | None = None
    pg_user: str | None = None
    db_pool_size: int = Field(default=10, ge=1, le=500)

    admin_token: SecretStr | None = None
    secret_key: SecretStr | None = None

    ark_base_url: str = "https://ark.cn-beijing.volces.com/api/v3"
    ark_api_key: SecretStr | None = None
    ark_exclusive: Literal["on", "off"] = "off"
    openapi_url: str = "https://open.volcengineapi.com"
    access_key_id: SecretStr | None = None
    secret_access_key: SecretStr | None = None
    session_token: SecretStr | None = None
    region: str = "cn-beijing"
    channel_allow: Annotated[tuple[Network | str, ...], NoDecode] = ()

    max_body_bytes: int = Field(default=64 * _MEBIBYTE, ge=1024)
    body_budget_bytes: int = Field(default=512 * _MEBIBYTE, ge=1024)
    max_connections: int | None = Field(default=None, ge=16)
    models: str | None = None
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = ()
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()

    upstream_max_connections: int = Field(default=1000, ge=1)
    upstream_connect_timeout_seconds: float = Field(default=10, gt=0)
    upstream_read_timeout_seconds: float = Field(default=60, gt=0)
    create_read_timeout_seconds: float = Field(default=180, gt=0, le=1800)
    upstream_max_response_bytes: int = Field(default=16 * _MEBIBYTE, ge=1024)
    egress_proxy: SecretStr | None = None
    ca_bundle: Path | None = None

    drain_seconds: float = Field(default=5, ge=0)
    background: Literal["on", "off"] = "on"
    console: Literal["on", "off"] = "on"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = Field(default_factory=lambda: "console" if sys.stderr.isatty() else "json")

    public_url: str | None = None
    callback_allow: Annotated[tuple[Network, ...], NoDecode] = ()
    unknown_grace_seconds: int = Field(default=600, ge=1, le=7 * 24 * 3600)
    retention_days: Annotated[RetentionDays, NoDecode] = RetentionDays()
    metrics_port: int | None = Field(default=None, ge=1, le=65535)

    operator_webhook: SecretStr | None = None

    archive_url: str | None = None
    archive_endpoint: str | None = None
    archive_region: str | None = None
    archive_access_key_id: SecretStr | None = None
    archive_secret_access_key: SecretStr | None = None
    archive_public_endpoint: str | None = None
    # Stores sign for seven days at most.
    archive_link_seconds: int = Field(default=3600, ge=120, le=7 * 24 * 3600)

    video_content: Literal["redirect", "stream"] = "redirect"

    redis_url: SecretStr | None = None
    queue: Literal["on", "off"] = "off"

    @classmethod
    def from_environment(cls) -> Self:
        """Reads the environment, ``.env`` and the folder of secrets, in this order of precedence.

        Raises:
            SettingError: a variable or a file of the folder begins with ``SEEDGATE_`` and is no setting (a misspelt one
                would be ignored), or ``.env``, the folder or a file in it cannot be read.
            ValidationError: the value of a setting is invalid; ``problems`` formats it.
        """
        if refused := misspelt():
            raise SettingError("\n".join(refused))
        return cls()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the folder of secrets is read below
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Adds the folder of secrets, with the lowest precedence.

        The library's own source only warns about unreadable files, folders instead of files, and misspelt names; this
        one refuses them.
        """
        named = env_settings().get("secrets_dir") or dotenv_settings().get("secrets_dir")
        files = EnvSettingsSource(settings_cls)
        found = _secret_files(Path(named) if named else None)
        files.env_vars = {file.name.lower(): file.value for file in found if file.value}
        return init_settings, env_settings, dotenv_settings, files

    @property
    def database_variable(self) -> str:
        """The name of the variable that says where the configured database is, for messages."""
        return variable("database_url" if self.database_host is None else "database_host")

    def secret_texts(self) -> list[str]:
        """Returns every configured secret, and each key of a list separately, to be masked in logs."""
        secrets = {
            name: value.get_secret_value()
            for name in type(self).model_fields
            if isinstance(value := getattr(self, name), SecretStr)
        }
        keys = secrets.pop("secret_key", "").split(",")
        return [text for text in (*secrets.values(), *keys) if text]

    @field_validator("trusted_proxies", "callback_allow", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(read_network(part.strip()) for part in value.split(",") if part.strip())

    @field_validator("retention_days", mode="before")
    @classmethod
    def _read_retention_days(cls, value: object) -> object:
        return RetentionDays.from_text(value) if isinstance(value, str) else value

    @field_validator("channel_allow", mode="before")
    @classmethod
    def _split_hosts_and_networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(_host_or_network(part.strip()) for part in value.split(",") if part.strip())

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        parts = [part.strip() for part in value.split(",") if part.strip()]
        return tuple(_check_origin(part, f"entry {number}") for number, part in enumerate(parts, 1))

    @field_validator("channel_allow", "callback_allow")
    @classmethod
    def _check_networks(cls, value: tuple[Network | str, ...]) -> tuple[Network | str, ...]:
        for entry in value:
            if not isinstance(entry, str):
                check_not_wrapped(entry)
        return value

    @field_validator("database_url")
    @classmethod
    def _check_database_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(_DATABASE_SCHEMES):
            raise ValueError("it must begin with postgresql://")
        return value

    @field_validator("redis_url")
    @classmethod
    def _check_redis_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(_REDIS_SCHEMES):
            raise ValueError(f"it must begin with {' or '.join(_REDIS_SCHEMES)}")
        return value

    @field_validator("operator_webhook")
    @classmethod
    def _check_operator_webhook(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            url = value.get_secret_value()
            if fault := fault_of_web_url(url):
                raise ValueError(fault)
            if split_url(url).username is not None:
                raise ValueError("it must not hold a user name or password")
        return value

    @field_validator("database_host")
    @classmethod
    def _check_database_host(cls, value: str | None) -> str | None:
        return None if value is None else check_host(value)

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = split_url(value)
        if (
            parts.scheme not in {"http", "https"}
            or not parts.hostname
            or parts.query
            or parts.fragment
            or parts.username
        ):
            raise ValueError("it must be an http or https URL without credentials, query or fragment")
        return value.rstrip("/")

    @field_validator("admin_token")
    @classmethod
    def _check_admin_token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < _MIN_ADMIN_TOKEN_LENGTH:
            raise ValueError(f"it needs at least {_MIN_ADMIN_TOKEN_LENGTH} characters")
        return value

    @field_validator("metrics_port", "database_port", mode="before")
    @classmethod
    def _check_is_no_link(cls, value: object, info: ValidationInfo) -> object:
        if isinstance(value, str) and is_kubernetes_link(value):
            service = f"seedgate-{str(info.field_name).removesuffix('_port')}"
            raise ValueError(
                f"Kubernetes has set it for a service named {service}; put `enableServiceLinks: false` into the "
                "pod's spec, or set it to a number there"
            )
        return value

    @model_validator(mode="after")
    def _refuse_what_is_not_built(self) -> Self:
        for name in NOT_BUILT:
            if getattr(self, name) != type(self).model_fields[name].default:
                raise ValueError(f"SEEDGATE_{name.upper()} is not supported yet; unset it")
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise ValueError("SEEDGATE_ACCESS_KEY_ID and SEEDGATE_SECRET_ACCESS_KEY are set together or not at all")
        return self

    @model_validator(mode="after")
    def _check_archive(self) -> Self:
        pair = (self.archive_access_key_id, self.archive_secret_access_key)
        if self.archive_url is None:
            named = [name for name in _ARCHIVE_PARTS if getattr(self, name) is not None]
            if named:
                raise ValueError(f"{variable(named[0])} is of no use without SEEDGATE_ARCHIVE_URL")
            return self
        if None in pair:
            raise ValueError(f"SEEDGATE_ARCHIVE_URL needs {' and '.join(map(variable, _ARCHIVE_PAIR))}")
        if self.archive_public_endpoint is None and self.public_url is None:
            raise ValueError(
                "SEEDGATE_ARCHIVE_URL needs SEEDGATE_ARCHIVE_PUBLIC_ENDPOINT, where clients reach the store, or "
                "SEEDGATE_PUBLIC_URL, where they reach the gateway, for links to copies"
            )
        return self

    @model_validator(mode="after")
    def _join_database_url(self) -> Self:
        parts = [variable(name) for name in _DATABASE_PARTS if getattr(self, name) is not None]
        if not parts:
            return self
        if self.database_url is not None:
            raise ValueError(f"SEEDGATE_DATABASE_URL and {' and '.join(parts)} are both set; unset one or the other")
        if self.database_host is None:
            raise ValueError(f"{' and '.join(parts)} is of no use without SEEDGATE_DATABASE_HOST")
        self.database_url = SecretStr(
            join_url(
                host=self.database_host,
                port=self.database_port or DEFAULT_PORT,
                user=self.database_user or _DEFAULT_DATABASE_USER,
                password=None if self.database_password is None else self.database_password.get_secret_value(),
                name=self.database_name or _DEFAULT_DATABASE_NAME,
            )
        )
        return self


@contextmanager
def naming(setting: str) -> Iterator[None]:
    """Adds the name of a setting to the errors that its value causes."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise SettingError(f"{PREFIX}{setting}: {error}") from error


def misspelt() -> list[str]:
    """Returns a line for each variable of the environment and of ``.env`` that is no setting.

    Raises:
        SettingError: ``.env`` cannot be read.
    """
    try:
        in_file = read_env_file()
    except EnvFileError as error:
        raise SettingError(str(error)) from None
    return refusals([*os.environ.items(), *in_file.items()])


def _secret_files(named: Path | None) -> list[SecretFile]:
    """Returns the files of the folder of secrets.

    Raises:
        SettingError: one cannot be read, or is no setting.
    """
    try:
        files = read_secret_files(named)
    except SecretFileError as error:
        raise SettingError(str(error)) from None
    paths = {file.name: file.path for file in files}
    if FOLDER_VARIABLE in paths:
        raise SettingError(f"{paths[FOLDER_VARIABLE]} cannot say where the folder is; set it in the environment")
    unknown = unknown_names((file.name, file.value) for file in files)
    if unknown:
        raise SettingError("\n".join(f"{paths[name]} is no setting{hint}" for name, hint in unknown.items()))
    return files


def problems(error: ValidationError) -> list[str]:
    """Returns a line for each invalid setting: its variable and the reason, without the value."""
    return [_problem(item["loc"], item["msg"].removeprefix("Value error, ")) for item in error.errors()]


def _problem(location: tuple[int | str, ...], message: str) -> str:
    return f"{variable(str(location[0]))}: {message}" if location else message


def _host_or_network(text: str) -> Network | str:
    """Parses a network, or a host name in the spelling of a URL's origin."""
    if _is_network(text):
        return read_network(text)
    try:
        host = canonical_host(text)
    except ValueError:
        raise ValueError(
            f"{text} is neither a host name nor a network; scheme, port and wildcard are left out"
        ) from None
    return host if read_literal(host) is None else ip_network(host)


def _check_origin(text: str, name: str) -> str:
    """Returns the origin of a web page if it is spelled as browsers send it; no other spelling would match."""
    if text in {"*", "null"}:
        raise ValueError(f"{name} is `{text}`, which would admit pages of anybody; name each origin")
    found = _ORIGIN.fullmatch(text)
    host = found["host"].strip("[]") if found else ""
    try:
        is_exact = bool(host) and canonical_host(host) == host
    except ValueError:
        is_exact = False
    port = int(found["port"] or 0) if found else 0
    if found is None or not is_exact or port > _MAX_PORT or port == _DEFAULT_PORTS.get(found["scheme"]):
        raise ValueError(
            f"{name} is no origin as browsers send it: scheme://host, or scheme://host:port when the port is not the "
            "scheme's own, in lower case, without a user name, wildcard, path or slash at the end"
        )
    return text


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True
