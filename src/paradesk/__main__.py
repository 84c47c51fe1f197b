"""Entry point of the console script and of `python -m paradesk`."""


def main() -> None:
    """Run the command line; the commands' modules are imported only when they are called."""
    from paradesk.cli.main import cli

    cli()


if __name__ == "__main__":
    main()
