"""The settings of a command's process. Imports nothing of the server."""

from pydantic import ValidationError

from app.cli.exits import MISCONFIGURED, stop
from app.settings import SettingError, Settings, problems


def read_settings() -> Settings:
    """Reads the settings; ends the program with every reason when they are wrong."""
    try:
        return Settings.from_environment()
    except SettingError as error:
        stop(str(error), MISCONFIGURED)
    except ValidationError as error:
        stop("\n".join(problems(error)), MISCONFIGURED)
