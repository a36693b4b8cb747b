"""The archive as the settings describe it."""

from app.archive.store_settings import StoreSettings, check_endpoint, read_archive_url
from app.settings import Settings, naming

_DEFAULT_REGION = "us-east-1"


def store_settings(settings: Settings) -> StoreSettings | None:
    """Returns where the archive is; None when none is configured.

    Raises:
        SettingError: a setting is not valid.
    """
    if settings.archive_url is None:
        return None
    assert settings.archive_access_key_id is not None  # noqa: S101 - checked with the settings
    assert settings.archive_secret_access_key is not None  # noqa: S101 - likewise
    with naming("ARCHIVE_URL"):
        bucket, prefix = read_archive_url(settings.archive_url)
    endpoints = {}
    for name in ("archive_endpoint", "archive_public_endpoint"):
        text = getattr(settings, name)
        with naming(name.upper()):
            endpoints[name] = None if text is None else check_endpoint(text)
    with naming("CA_BUNDLE"):
        ca_certificate = None if settings.ca_bundle is None else settings.ca_bundle.read_bytes()
    return StoreSettings(
        bucket=bucket,
        prefix=prefix,
        endpoint=endpoints["archive_endpoint"],
        public_endpoint=endpoints["archive_public_endpoint"],
        region=settings.archive_region or _DEFAULT_REGION,
        access_key_id=settings.archive_access_key_id.get_secret_value(),
        secret_access_key=settings.archive_secret_access_key.get_secret_value(),
        ca_certificate=ca_certificate,
    )
