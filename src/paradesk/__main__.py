"""Entry point of the console script and of `python -m paradesk`."""

import sys


def main() -> None:
    """Run the command line; the commands' modules are imported only when they are called."""
    if sys.platform != "win32":
        from paradesk.parent import session

        session(sys.argv[1:])
    from paradesk.cli.main import cli

    cli()


if __name__ == "__main__":
    main()
