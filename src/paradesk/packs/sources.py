"""Where packs come from: what a person names, understood, fetched, and where that is asked for, its signature looked at."""

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path

from paradesk.packs.archive import read_zip, read_zip_file
from paradesk.packs.findings import Finding, PackError, refuse
from paradesk.packs.lock import Kind, Pin
from paradesk.packs.signing import SUFFIX, verify
from paradesk.packs.tree import Tree, read_folder, read_plain


@dataclass(frozen=True, slots=True)
class Source:
    """One place that a pack can be fetched from, again and again."""

    kind: Kind
    address: str
    """A path is absolute."""
    ref: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a source gave: not checked yet, and not installed."""

    tree: Tree
    findings: list[Finding]
    source: Source
    commit: str = ""
    signer: str = ""

    def pin(self, version: str, default_keymap: str) -> Pin:
        """Return the pin for it."""
        return Pin(
            version=version,
            kind=self.source.kind,
            source=self.source.address,
            content=self.tree.digest,
            ref=self.source.ref,
            commit=self.commit,
            sha256=self.source.sha256,
            signer=self.signer,
            default_keymap=default_keymap,
        )


def understand(text: str, ref: str = "", sha256: str = "") -> Source:
    """Return the source that somebody named on the command line; raises PackError for what is none."""
    if sha256 and not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise refuse(
            "P504", text, f"`{sha256}` is no sha256", "Give the 64 digits that `paradesk packs build` printed."
        )
    address = text.removeprefix("git+")
    remote = "://" in address or re.match(r"[\w.-]+@[\w.-]+:", address) is not None
    if remote:
        web = address.startswith("https://") and not ref and not address.endswith(".git") and address == text
        if web and not sha256:
            advice = "Give --sha256 for a zip, or --ref (or an address that ends in .git) for a git repository."
            raise refuse("P504", text, "a download needs its sha256", advice)
        return Source("https", address, sha256=sha256.lower()) if web else Source("git", address, ref)
    path = Path(address).expanduser().absolute()
    if path.is_file():
        return Source("zip", str(path), sha256=sha256.lower())
    bare = (path / "objects").is_dir() and (path / "HEAD").is_file()
    if ref or address != text or bare:
        return Source("git", str(path), ref)
    if not path.is_dir():
        raise refuse("P504", text, "there is no such folder or zip")
    return Source("folder", str(path))


def of_pin(pin: Pin) -> Source:
    """Return where an installed pack came from."""
    return Source(pin.kind, pin.source, pin.ref, pin.sha256 if pin.kind == "https" else "")


def fetch(source: Source, *, signers: Path | None = None) -> Bundle:
    """Bring what a source holds; raises PackError where it cannot be had. With `signers`, one of them signed it."""
    match source.kind:
        case "git":
            from paradesk.packs.git import fetch_git

            found = fetch_git(source.address, source.ref, signers=signers)
            return Bundle(found.tree, found.findings, source, found.commit, found.signer)
        case "https":
            return _web(source, signers)
        case "zip":
            return _zip(source, signers)
        case "folder":
            if signers is not None:
                raise refuse(
                    "P406", source.address, "a folder cannot be signed", "Take the zip, or the git repository."
                )
            tree, findings = read_folder(Path(source.address))
            return Bundle(tree, findings, source)


def _web(source: Source, signers: Path | None) -> Bundle:
    from paradesk.packs.https import MAX_SIGNATURE, download

    content = download(source.address, source.sha256)
    signer = ""
    if signers is not None:
        try:
            signature = download(source.address + SUFFIX, "", limit=MAX_SIGNATURE)
        except PackError as error:
            raise refuse("P406", source.address, f"there is no signature at {source.address}{SUFFIX}") from error
        signer = verify(content, signature, signers, source.address)
    tree, findings = read_zip(content, source.address)
    return Bundle(tree, findings, source, signer=signer)


def _zip(source: Source, signers: Path | None) -> Bundle:
    content, findings = read_zip_file(Path(source.address))
    if findings:
        return Bundle(Tree({}, source.address), findings, source)
    found = hashlib.sha256(content).hexdigest()
    if source.sha256 and found != source.sha256:
        raise refuse("P503", source.address, f"its sha256 is {found}, not {source.sha256}")
    signer = ""
    if signers is not None:
        try:
            signature = read_plain(Path(source.address + SUFFIX))
        except OSError as error:
            raise refuse("P406", source.address, f"there is no signature {source.address}{SUFFIX}") from error
        signer = verify(content, signature, signers, source.address)
    tree, findings = read_zip(content, source.address)
    return Bundle(tree, findings, replace(source, sha256=found), signer=signer)
