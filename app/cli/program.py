"""The command line: all commands and their options. Implementations are imported when they run."""

from pathlib import Path
from typing import Annotated

import typer

from app import __version__
from app.cli.admins import admins
from app.cli.assets import assets
from app.cli.audit import audit
from app.cli.budgets import budgets
from app.cli.channels import channels
from app.cli.command_table import implementation
from app.cli.deliveries import deliveries
from app.cli.exit_codes import say
from app.cli.keys import keys
from app.cli.models import models
from app.cli.options import AsJson, Sure, command, group
from app.cli.prices import prices
from app.cli.reconcile import reconcile_since
from app.cli.summary import EXAMPLES, show_summary
from app.cli.tasks import tasks
from app.cli.tenants import tenants
from app.cli.usage import usage
from app.sandbox.config import DEFAULT_PORT as SANDBOX_PORT

_NAME = "seedgate"
_GATEWAY_PORT = 8080

program = group(
    "A multi-tenant gateway for Seedance video tasks and the Assets API.",
    examples=(
        "seedgate dev                     everything on this machine, with a demo key",
        "seedgate serve --workers 2       the gateway, as the environment or .env describes it",
        "seedgate tenants create studio   the first tenant of a running gateway",
    ),
)
secrets = group("Stored secrets.", examples=("seedgate secrets reseal",))
config = group("The settings.", examples=("seedgate config check",))

program.add_typer(tenants, name="tenants")
program.add_typer(keys, name="keys")
program.add_typer(channels, name="channels")
program.add_typer(models, name="models")
program.add_typer(prices, name="prices")
program.add_typer(budgets, name="budgets")
program.add_typer(usage, name="usage")
program.add_typer(tasks, name="tasks")
program.add_typer(assets, name="assets")
program.add_typer(deliveries, name="deliveries")
program.add_typer(audit, name="audit")
program.add_typer(admins, name="admins")
program.add_typer(secrets, name="secrets")
program.add_typer(config, name="config")


def main() -> None:
    """Runs the program."""
    program(prog_name=_NAME)


def _show_version(is_wanted: bool) -> None:  # noqa: FBT001 - the form of an option's callback
    if is_wanted:
        say(f"{_NAME} {__version__}")
        raise typer.Exit


@program.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """The options of the program itself."""


@command(program, "serve", examples=("seedgate serve --workers 2", "seedgate serve --uds /run/seedgate/gateway.sock"))
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = _GATEWAY_PORT,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 1,
    uds: Annotated[Path | None, typer.Option(help="Unix socket to listen on instead.")] = None,
) -> None:
    """Run the gateway."""
    implementation("serve")(host=host, port=port, workers=workers, uds=uds)


@command(program, "worker", examples=("seedgate worker",))
def worker(
    host: Annotated[str, typer.Option(help="Address of the metrics port, if one is set.")] = "127.0.0.1",
) -> None:
    """Run only the background jobs."""
    implementation("worker")(host=host)


@command(program, "migrate", examples=("seedgate migrate", "seedgate migrate --check"))
def migrate(
    *,
    check: Annotated[bool, typer.Option("--check", help="Only say whether the schema is current.")] = False,
) -> None:
    """Bring the database schema to the newest version."""
    implementation("migrate")(is_check=check)


@command(program, "dev", examples=("seedgate dev", "seedgate dev --port 8081 --reset"))
def dev(
    port: Annotated[int, typer.Option(help="Port to listen on.")] = _GATEWAY_PORT,
    data_dir: Annotated[Path | None, typer.Option(help="Folder of the database and all else it keeps.")] = None,
    *,
    reset: Annotated[bool, typer.Option("--reset", help="Start with an empty database.")] = False,
    real: Annotated[bool, typer.Option("--real", help="Use the credentials in the environment: spends money.")] = False,
    yes: Sure = False,
) -> None:
    """Run database, sandbox and gateway on this machine."""
    implementation("dev")(port=port, data_dir=data_dir, is_reset=reset, is_real=real, is_sure=yes)


@command(program, "doctor", examples=("seedgate doctor",))
def doctor() -> None:
    """Check the installation, and say how to fix what is wrong."""
    implementation("doctor")()


command(program, "summary", examples=EXAMPLES)(show_summary)


@command(
    program,
    "reconcile",
    examples=(
        "seedgate reconcile --since 6h",
        "seedgate reconcile --since 2026-01-31T12:00:00Z --channel beijing-2 --json",
    ),
)
def reconcile(
    since: Annotated[str, typer.Option(help="A time such as 2026-01-31T12:00:00Z, a date, or 90min, 6h, 2d.")],
    channel: Annotated[str | None, typer.Option(help="Only this channel; name or id.")] = None,
    *,
    json: AsJson = False,
) -> None:
    """List upstream objects that the database does not know, for example after a restore."""
    reconcile_since(since, channel=channel, is_json=json)


@command(program, "sandbox", examples=("seedgate sandbox --port 9100 --time-scale 60",))
def sandbox(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = SANDBOX_PORT,
    time_scale: Annotated[float, typer.Option(min=0.001, help="Sandbox seconds in a real second.")] = 1.0,
    public_url: Annotated[str | None, typer.Option(help="Its public URL, if not host and port.")] = None,
) -> None:
    """Run only the emulated upstream."""
    implementation("sandbox")(host=host, port=port, time_scale=time_scale, public_url=public_url)


@command(secrets, "reseal", examples=("seedgate secrets reseal",))
def reseal() -> None:
    """Seal all stored secrets with the first key of SEEDGATE_SECRET_KEY; the others can be removed afterwards."""
    implementation("secrets reseal")()


@command(config, "check", examples=("seedgate config check",))
def check_settings() -> None:
    """Check all settings, without a database and without a call; exits with 2 if one is not valid."""
    implementation("config check")()
