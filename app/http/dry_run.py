"""The names by which a client may ask for a dry run in a body, where it would be ignored and the request paid for."""

_SEPARATORS = str.maketrans("", "", "_- .")


def is_dry_run_name(plain: str) -> bool:
    """Says whether a member's name means "dry run": ``dry_run``, ``dryRun``, ``DryRun``, ``dry-run``, ``is_dry_run``.

    Args:
        plain: the name in its plain form (``app.http.plain_form``), which is short and in lower case.
    """
    return plain.translate(_SEPARATORS).removeprefix("is") == "dryrun"
