"""``python -m app``: the same program as the installed ``seedgate``."""

from app.cli import main

if __name__ == "__main__":
    main()
