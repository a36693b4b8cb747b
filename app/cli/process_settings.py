"""Reads the settings of a command. Imports nothing of the server."""

from pydantic import ValidationError

from app.cli.exit_codes import MISCONFIGURED, stop
from app.settings import SettingError, Settings, problems


def read_settings() -> Settings:
    """Returns the settings; ends the program with all errors if they are not valid."""
    try:
        return Settings.from_environment()
    except SettingError as error:
        stop(str(error), MISCONFIGURED)
    except ValidationError as error:
        stop("\n".join(problems(error)), MISCONFIGURED)
