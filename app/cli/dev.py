"""``dev``: database, sandbox and gateway on one machine, without configuration."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.cli.command_table import implementation
from app.cli.database import opened_database
from app.cli.dev_folder import alone, check_files_are_ours, check_is_not_running, dev_folder, forget_demo, kept_secrets
from app.cli.exit_codes import MISCONFIGURED, say, stop
from app.cli.options import confirm
from app.cli.ports import check_port
from app.cli.process_settings import read_settings
from app.devdb import EmbeddedPostgresError, reset
from app.devdb.account import NOBODY
from app.devdb.folder import was_used

HOST = "127.0.0.1"
_ON_NOBODY = (
    "The database runs under the account nobody, since this machine has no account postgres. Other programs that run "
    "as nobody could read and change it: enough to try things out, and refused by `serve`."
)


def dev(*, port: int, data_dir: Path | None, is_reset: bool, is_real: bool, is_sure: bool = False) -> None:
    """Runs database, sandbox upstream and gateway until Ctrl-C."""
    settings = read_settings()
    folder = data_dir or dev_folder(settings, is_real=is_real)
    check_is_not_running(folder)
    check_port(HOST, port)
    try:
        if is_reset and was_used(folder):
            _check_reset(folder, is_sure=is_sure)
            with alone(folder):
                reset(folder)
                forget_demo(folder)
        if is_real:
            if settings.ark_api_key is None:
                stop("--real needs SEEDGATE_ARK_API_KEY (and an access key pair for Assets)", MISCONFIGURED)
            say("REAL UPSTREAM: every task made through this gateway is paid from your Volcano Engine account.")
        check_files_are_ours(folder)
        # Importing the gateway takes as long as making or starting the database: both are done at once.
        with ThreadPoolExecutor(1) as thread:
            gateway = thread.submit(implementation, "dev gateway")
            database = opened_database(settings, data_dir=folder, may_use_nobody=True, is_demo=not is_real)
            with database as opened, alone(folder):
                if opened.account == NOBODY:
                    say(_ON_NOBODY)
                gateway.result()(settings, folder, opened, port=port, is_real=is_real)
    except EmbeddedPostgresError as error:
        # ``dev`` uses its own folder, whatever the settings name.
        stop(f"{error.what}. {error.remedy}, or choose another folder with --data-dir.")


def _check_reset(folder: Path, *, is_sure: bool) -> None:
    """Allows the reset of a demo; asks for confirmation if its tasks were paid for, and refuses other databases."""
    kept = kept_secrets(folder)
    if kept is None:
        stop(f"the database in {folder} is not one of `dev`: remove the folder yourself if it may go", MISCONFIGURED)
    if kept.is_real:
        confirm(f"Every tenant, key and paid task in {folder} will be forgotten", is_sure=is_sure)
