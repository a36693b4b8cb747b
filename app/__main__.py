"""``python -m app``: the same program as the installed ``seedgate``."""

if __name__ == "__main__":
    # Not above: the worker processes of `serve` import this file too, and have no use for the command line.
    from app.cli import main

    main()
