"""`paradesk guard`: the policy in force, how often the guard was right, the near misses, and a verdict to try it on."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from paradesk.cli.failure import Failure, readable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from paradesk.guard.outcome import NearMiss

_COLUMNS = ("shown", "sent", "moved", "edited", "taken_back", "fault")
_HEADINGS = ("check", "shown", "sent anyway", "moved", "edited", "taken back", "failed")


@click.group()
def guard() -> None:
    """Look after the check of replies before they are sent."""


@guard.command()
def policy() -> None:
    """Print the policy in force, and what each check looks for."""
    from paradesk.config.settings import OPTIONS, load_settings
    from paradesk.guard.describe import CHECKS
    from paradesk.guard.verdict import Check

    with readable():
        settings = load_settings()
    wanted = settings.guard
    for option in OPTIONS:
        if option.name.startswith("guard."):
            value = getattr(settings, option.attribute)
            shown = ", ".join(value) or "none" if isinstance(value, tuple) else f"{value}".lower()
            click.echo(
                f"{option.name.removeprefix('guard.'):<15} {_line(shown, 60):<30} {settings.origins[option.name]}"
            )
    click.echo()
    for check in Check:
        state = "on " if wanted.enabled and check in wanted.checks else "off"
        click.echo(f"{state}  {check:<11} {CHECKS[check]}")


@guard.command()
@click.option("--days", type=click.IntRange(1, 3650), default=30, show_default=True, help="Count so many days.")
def stats(days: int) -> None:
    """Print how often each check spoke, and what you did about it.

    A check whose objections are nearly always sent anyway is wrong for you: turn it off, or lower `guard.sensitivity`.
    """
    import time

    from paradesk.desk.verdicts import first_day, reading
    from paradesk.guard.outcome import REPLIES
    from paradesk.guard.verdict import Check

    counts: Mapping[str, Mapping[str, int]] = {}
    with _journal_errors(), reading(_journal()) as table:
        if table is not None:
            counts = table.counts(first_day(days, time.time()))
    replies = sum(counts.get(REPLIES, {}).values())
    if not counts:
        click.echo(f"The guard has not looked at any reply in the last {days} days.")
        return
    clean = counts.get(REPLIES, {}).get("clean", 0)
    click.echo(f"{replies} repl{'y' if replies == 1 else 'ies'} in {days} days, {clean} without a word from the guard")
    click.echo()
    rows: list[tuple[str, ...]] = [_HEADINGS]
    for check in Check:
        found = counts.get(check, {})
        if found:
            shown = sum(count for outcome, count in found.items() if outcome in _COLUMNS[1:-1])
            sent = found.get("sent", 0)
            share = f"{sent} ({100 * sent / shown:.0f} %)" if shown else "0"
            others = (str(found.get(outcome, 0)) for outcome in _COLUMNS[2:])
            rows.append((check.value, str(shown), share, *others))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    for row in rows:
        pieces = (
            f"{row[0]:<{widths[0]}}",
            *(f"{text:>{width}}" for text, width in zip(row[1:], widths[1:], strict=True)),
        )
        click.echo("  ".join(pieces))


@guard.command()
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="Print so many, the newest.")
@click.option("--forget", is_flag=True, help="Delete all of them from this machine.")
def misses(limit: int, forget: bool) -> None:
    """Print the replies that nearly went wrong. They are kept on this machine, for you alone."""
    from paradesk.desk.verdicts import reading

    if forget:
        _forget()
        return
    found: tuple[NearMiss, ...] = ()
    with _journal_errors(), reading(_journal()) as table:
        if table is not None:
            found = table.misses(limit)
    if not found:
        click.echo("There are no near misses.")
    for miss in reversed(found):
        _print_miss(miss)


def _forget() -> None:
    from paradesk.desk.journal import DeskBusy, Journal
    from paradesk.desk.verdicts import Verdicts

    count = 0
    if _journal().exists():
        with _journal_errors():
            try:
                journal = Journal(_journal().parent)
            except DeskBusy as error:
                raise Failure(f"{error}; then say `paradesk guard misses --forget` again") from error
            try:
                count = Verdicts(journal).forget()
            finally:
                journal.close()
    click.echo(f"Forgot {count} near miss{'' if count == 1 else 'es'}.")


def _print_miss(miss: "NearMiss") -> None:
    import time

    from paradesk.guard.describe import OUTCOMES

    at = time.strftime("%Y-%m-%d %H:%M", time.localtime(miss.at))
    meant = f", meant for {miss.meant_customer or miss.meant}" if miss.meant is not None else ""
    to = miss.customer or miss.conversation_id
    click.echo(
        f"{at}  to {_line(to)}{_line(meant, 80)}: {_line(miss.reason, 80)} ({miss.check}, {OUTCOMES[miss.outcome]})"
    )
    for line in miss.text.splitlines()[:20]:
        click.echo(f"    {_line(line, 200)}")


@guard.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_context
def explain(context: click.Context, file: Path) -> None:
    """Say what the guard thinks of a draft among chats, as a TOML or JSON file describes them.

    \b
    [draft]
    to = "1"
    text = "Your order 7731 has been refunded"
    [[chat]]
    id = "1"
    name = "Mia Keller"
    messages = [{ customer = "where is my parcel?" }, { agent = "let me look" }]
    [[chat]]
    id = "2"
    name = "Jonas Weber"
    order = "7731"
    messages = [{ customer = "I want my money back" }]

    Exit status 0 for a clean draft, 1 where it would be held or asked about.
    """
    from paradesk.cli.guard_trial import read_trial
    from paradesk.config.settings import load_settings
    from paradesk.guard.explain import explain as explained
    from paradesk.guard.guard import Guard, names_of
    from paradesk.guard.learned import Learned
    from paradesk.guard.verdict import Verdict

    with readable():
        settings = load_settings().guard
        trial = read_trial(file)
    chats = list(trial.state.threads)
    verdict = Guard(settings, Learned()).look(trial.draft, trial.state, chats, trial.now)
    names = names_of(trial.state.threads, chats)
    if not settings.enabled:
        click.echo("The guard is off: guard.enabled is false.")
    elif not verdict.findings:
        click.echo("Clean: it would be sent at once.")
    elif verdict.asks:
        click.echo("It would be sent only after you say so:")
    else:
        click.echo(f"It could be taken back for {verdict.hold:g} s:")
    for finding in verdict.findings:
        click.echo(f"  {explained(Verdict((finding,)), names)}")
        checks = " and ".join(finding.checks)
        evidence = f": {', '.join(finding.evidence)}" if finding.evidence else ""
        click.echo(f"      {finding.severity}, risk {finding.risk:.2f}, by {checks}{_line(evidence, 100)}")
    for check in verdict.faults:
        click.echo(f"  the check {check} failed inside and said nothing", err=True)
    context.exit(1 if verdict.findings else 0)


def _journal() -> Path:
    from paradesk.config.places import journal_directory

    return journal_directory() / "desk.sqlite3"


@contextmanager
def _journal_errors() -> "Iterator[None]":
    from paradesk.desk.journal import JournalError

    try:
        yield
    except JournalError as error:
        raise Failure(_line(str(error), 400)) from error


def _line(text: str, limit: int = 60) -> str:
    from paradesk.core.text import clean_line

    return clean_line(text, limit)
