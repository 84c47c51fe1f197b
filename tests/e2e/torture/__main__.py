"""The command line of the torture; see the package."""

import argparse
import sys
import tempfile
from pathlib import Path

from paradesk.connectors.capabilities import Idempotency
from tests.e2e.torture.campaign import Findings, torture
from tests.e2e.torture.mutants import MUTANTS

ENOUGH = 200
"""Kills within which a mutant has to be found out, unless `--kills` says otherwise; the first damage ends the run."""

PIECE = 500
"""Kills of one desk; then it must come to rest, and another one begins on an empty disk."""


def main(arguments: list[str] | None = None) -> int:
    """Torture the desk, or its mutants; returns 1 when the desk failed or a mutant was not caught."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.torture", description=sys.modules[__package__].__doc__)
    parser.add_argument("--kills", type=int)
    parser.add_argument("--mode", choices=[*Idempotency], type=Idempotency, default=Idempotency.EXACT)
    parser.add_argument(
        "--mutant", choices=["all", *MUTANTS], help="a broken desk, which must be caught in its own mode"
    )
    parser.add_argument(
        "--resend-once", action="store_true", help="allow the desk one resend of what an echo backend does not show"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--directory", type=Path, help="where the journal lies (default: a temporary directory)")
    options = parser.parse_args(arguments)
    if options.mutant is None:
        findings = _run(
            options.mode, options.kills or 1000, options.seed, options.directory, resend_once=options.resend_once
        )
        print(findings.table())
        return 1 if findings.wrong else 0
    missed = []
    for name in MUTANTS if options.mutant == "all" else [options.mutant]:
        findings = _run(MUTANTS[name].mode, options.kills or ENOUGH, options.seed, options.directory, name)
        print(f"{findings.table()}\n{name}: {'caught' if findings.caught else 'NOT CAUGHT'}\n", flush=True)
        missed += [] if findings.caught else [name]
    return 1 if missed else 0


def _run(
    mode: Idempotency, kills: int, seed: int, place: Path | None, mutant: str = "", *, resend_once: bool = False
) -> Findings:
    findings = Findings(mode, mutant, resend_once)
    for begun in range(0, kills, PIECE):
        with tempfile.TemporaryDirectory(dir=place) as directory:
            piece = min(PIECE, kills - begun)
            findings.add(
                torture(mode, piece, Path(directory), seed=seed + begun, mutant=mutant, resend_once=resend_once)
            )
        print(f"{findings.kills} kills", file=sys.stderr, flush=True)
        if findings.wrong or findings.caught:
            break
    return findings


if __name__ == "__main__":
    raise SystemExit(main())
