"""``./seedgate bench``: one of the commands below, or a run of the measurements."""

import sys

from bench import machine, peers, plots, polling, run, short, summary

_COMMANDS = {
    "polling": polling.main,
    "peers": peers.main,
    "summarize": summary.main,
    "plot": plots.main,
    "--short": short.main,
}


def main(arguments: list[str]) -> int:
    """Runs the command; returns its exit code."""
    try:
        if arguments[:1] and arguments[0] in _COMMANDS:
            return _COMMANDS[arguments[0]](arguments[1:])
        return run.main(arguments)
    except machine.MissingError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
