"""Packs from git repositories. git fetches one commit and is asked for its files; nothing is ever checked out.

Without a work tree no filter, hook, attribute, submodule or large-file pointer of the repository has anything to act on.
"""

import os
import re
import resource
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from paradesk.core.text import clean_line
from paradesk.packs.findings import Finding, PackError, refuse
from paradesk.packs.tree import MAX_FILES, Gathering, Tree

LIMIT = 120.0
"""Seconds for the whole of a fetch."""
MAX_DOWNLOAD = 256 * 1024 * 1024
"""Bytes of one file that git may write: a repository that is far larger than a pack is not brought."""
PROTOCOLS = ("file", "https", "ssh")

_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")
_SCP_LIKE = re.compile(r"[A-Za-z0-9][\w.-]*@[A-Za-z0-9][\w.-]*:[^:]+")
_SAFE = (
    *("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "protocol.ext.allow=never"),
    *("-c", "submodule.recurse=false", "-c", "fetch.recurseSubmodules=false", "-c", "transfer.fsckObjects=true"),
    *("-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "core.askPass="),
)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What git brought."""

    tree: Tree
    findings: list[Finding]
    commit: str
    signer: str = ""


def check_address(address: str, ref: str) -> None:
    """Refuse an address or a ref that git could take for something else; raises PackError."""
    protocol = address.partition("://")[0] if "://" in address else ""
    local = address.startswith("/")
    if not (local or protocol in PROTOCOLS or (not protocol and _SCP_LIKE.fullmatch(address))) or "::" in address:
        known = ", ".join(f"{name}://" for name in PROTOCOLS)
        raise refuse("P504", address, "git is not asked for such an address", f"Use a path, {known} or user@host:path.")
    if any(ord(char) < 33 or ord(char) == 127 for char in address.replace(" ", "") if local) or (
        not local and any(char.isspace() or ord(char) < 32 for char in address)
    ):
        raise refuse("P504", address, "the address has characters that no address has")
    if re.match(r"\w+://(-|[^/@]*@-)", address):
        raise refuse("P504", address, "the host begins with a hyphen")
    if ref and (not _REF.fullmatch(ref) or ".." in ref or ref.endswith((".lock", "/", "."))):
        raise refuse("P504", address, f"`{ref}` is no branch, tag or commit", "Name one with --ref.")


def fetch_git(address: str, ref: str = "", *, signers: Path | None = None) -> Fetched:
    """Bring the pack of a branch, tag or commit (none: what the repository calls HEAD); raises PackError.

    With `signers`, the commit must be signed by one of them.
    """
    check_address(address, ref)
    with tempfile.TemporaryDirectory(prefix="paradesk-git-") as folder:
        repository = _Repository(Path(folder), address)
        repository.run("init", "--quiet", "--bare", "--template=", ".")
        repository.run(
            "fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-write-commit-graph",
            "--", address, ref or "HEAD",
        )  # fmt: skip
        commit = repository.run("rev-parse", "--verify", "--quiet", "FETCH_HEAD^{commit}").decode("ascii").strip()
        signer = repository.signer(commit, signers) if signers is not None else ""
        gathering = repository.files(commit, f"{address}@{commit[:12]}")
        return Fetched(gathering.tree(), gathering.findings, commit, signer)


class _Repository:
    def __init__(self, folder: Path, address: str) -> None:
        self.folder, self.address = folder, address

    def run(self, *arguments: str, stdin: bytes = b"", limit: float = LIMIT) -> bytes:
        """Run git here and return what it writes; raises PackError with what git says."""
        try:
            done = subprocess.run(
                ["git", *_SAFE, *arguments],
                cwd=self.folder,
                env=clean_environment(os.environ),
                input=stdin,
                capture_output=True,
                check=False,
                timeout=limit,
                preexec_fn=_bound,
            )
        except FileNotFoundError as error:
            raise refuse("P501", self.address, "git is not installed", "Install git.") from error
        except subprocess.TimeoutExpired as error:
            raise refuse("P501", self.address, f"git did not end within {limit:g} seconds") from error
        if done.returncode:
            lines = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
            said = clean_line("; ".join(lines[:3]) or f"status {done.returncode}", 240)
            raise refuse("P501", self.address, f"git {arguments[0]}: {said}")
        return done.stdout

    def files(self, commit: str, origin: str) -> Gathering:
        """Gather the files of a commit, by asking for the objects themselves."""
        gathering = Gathering(origin)
        wanted: list[str] = []
        identities: dict[str, str] = {}
        listed = self.run("ls-tree", "-r", "-z", "--long", "--full-tree", commit)
        for entry in listed.split(b"\0")[: 20 * MAX_FILES]:
            if not entry:
                continue
            head, _, raw = entry.partition(b"\t")
            mode, kind, identity, size = head.decode("ascii").split()
            name = raw.decode("utf-8", "replace")
            if any(part.startswith(".") for part in name.split("/")):
                continue
            if kind != "blob" or mode == "120000":
                gathering.report("P302", name, "a link or a submodule")
            else:
                identities.setdefault(name, identity)
                if gathering.wanted(name, int(size)):
                    wanted.append(name)
        self._take(wanted, identities, gathering)
        self._take(list(gathering.beside()), identities, gathering)
        return gathering

    def _take(self, wanted: list[str], identities: Mapping[str, str], gathering: Gathering) -> None:
        asked = "".join(f"{identities[name]}\n" for name in wanted).encode()
        answer = self.run("cat-file", "--batch", stdin=asked) if wanted else b""
        at = 0
        for name in wanted:
            end = answer.index(b"\n", at)
            size = int(answer[at:end].split()[-1])
            at = end + 1
            gathering.take(name, answer[at : at + min(size, gathering.limit(name) + 1)])
            at += size + 1

    def signer(self, commit: str, signers: Path) -> str:
        """Return who signed a commit; raises PackError where nobody of the allowed signers did."""
        arguments = ["-c", "gpg.format=ssh", "-c", f"gpg.ssh.allowedSignersFile={signers.resolve()}"]
        try:
            self.run(*arguments, "verify-commit", commit)
            name = self.run(*arguments, "log", "-1", "--format=%GS", commit).decode("utf-8", "replace")
        except PackError as error:
            message = f"the commit {commit[:12]} is not signed by anybody who is allowed to"
            raise refuse("P406", self.address, message) from error
        return clean_line(name, 200)


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that git gets: none that steer git itself, and none of ours."""
    kept = {
        name: value for name, value in environment.items() if not name.startswith(("GIT_", "PARADESK_", "SSH_ASKPASS"))
    }
    return kept | {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": ":".join(PROTOCOLS),
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "LC_ALL": "C",
    }


def _bound() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_DOWNLOAD, MAX_DOWNLOAD))
