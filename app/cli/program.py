"""The commands and their options."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.development import dev as run_dev
from app.cli.doctor import doctor as run_doctor
from app.cli.operator import channels, keys, tenants
from app.cli.operator_tasks import tasks
from app.cli.sealing import secrets
from app.cli.serving import migrate as run_migrate
from app.cli.serving import run_worker
from app.cli.serving import serve as run_serve
from app.sandbox.config import DEFAULT_PORT as SANDBOX_PORT
from app.sandbox.server import run_sandbox

_GATEWAY_PORT = 8080

program = typer.Typer(
    name="seedgate",
    help="A multi-tenant gateway for Seedance video tasks and the Assets API.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

program.add_typer(tenants, name="tenants")
program.add_typer(keys, name="keys")
program.add_typer(channels, name="channels")
program.add_typer(tasks, name="tasks")
program.add_typer(secrets, name="secrets")


def main() -> None:
    """Runs the program."""
    program()


@program.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = _GATEWAY_PORT,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 1,
    uds: Annotated[Path | None, typer.Option(help="Unix socket to listen on instead.")] = None,
) -> None:
    """Run the gateway."""
    run_serve(host=host, port=port, workers=workers, uds=uds)


@program.command()
def worker(
    host: Annotated[str, typer.Option(help="Address of the metrics port, if one is set.")] = "127.0.0.1",
) -> None:
    """Run the background jobs alone."""
    run_worker(host=host)


@program.command()
def migrate(
    *,
    check: Annotated[bool, typer.Option("--check", help="Only say whether the schema is current.")] = False,
) -> None:
    """Bring the database schema to the newest version."""
    run_migrate(is_check=check)


@program.command()
def dev(
    port: Annotated[int, typer.Option(help="Port to listen on.")] = _GATEWAY_PORT,
    data_dir: Annotated[Path | None, typer.Option(help="Folder of the embedded database.")] = None,
    *,
    reset: Annotated[bool, typer.Option("--reset", help="Start with an empty database.")] = False,
    real: Annotated[bool, typer.Option("--real", help="Use the credentials in the environment: spends money.")] = False,
) -> None:
    """Run everything on this machine: database, sandbox upstream and gateway."""
    run_dev(port=port, data_dir=data_dir, is_reset=reset, is_real=real)


@program.command()
def doctor() -> None:
    """Say what is wrong, and how to mend it."""
    run_doctor()


@program.command()
def sandbox(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = SANDBOX_PORT,
    time_scale: Annotated[float, typer.Option(min=0.001, help="Sandbox seconds in a real second.")] = 1.0,
    public_url: Annotated[str | None, typer.Option(help="How others reach it, when not at host and port.")] = None,
) -> None:
    """Run the emulated upstream alone."""
    run_sandbox(host=host, port=port, time_scale=time_scale, public_url=public_url)
