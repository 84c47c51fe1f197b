"""Signatures of packs by `ssh-keygen -Y`, which every system with OpenSSH has; nothing of our own is cryptography."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from paradesk.core.text import clean_line
from paradesk.packs.findings import refuse

NAMESPACE = "paradesk-pack"
"""What a signature is for: one made for something else is none."""
SUFFIX = ".sig"
LIMIT = 30.0
"""Seconds that the tool may take."""


def sign(archive: Path, key: Path) -> Path:
    """Sign a file and return the path of its signature; raises PackError. The tool may ask for a passphrase."""
    tool = _tool(str(archive))
    signature = archive.with_name(archive.name + SUFFIX)
    signature.unlink(missing_ok=True)
    arguments = [tool, "-Y", "sign", "-q", "-n", NAMESPACE, "-f", str(key), str(archive.resolve())]
    done = subprocess.run(arguments, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode or not signature.exists():
        raise refuse("P406", str(archive), f"it could not be signed: {_said(done.stderr)}", "Check the key.")
    return signature


def verify(content: bytes, signature: bytes, signers: Path, file: str) -> str:
    """Return who of the allowed signers signed these bytes; raises PackError where nobody did."""
    tool = _tool(file)
    if not signers.is_file():
        message = f"the list of allowed signers {signers} cannot be read"
        raise refuse("P406", file, message, "packs.allowed_signers in config.toml names it.")
    with tempfile.TemporaryDirectory(prefix="paradesk-signature-") as folder:
        path = Path(folder) / "signature"
        path.write_bytes(signature)
        who = _run([tool, "-Y", "find-principals", "-s", str(path), "-f", str(signers.resolve())], b"")
        names = clean_line(who.stdout.decode("utf-8", "replace").partition("\n")[0], 200)
        if who.returncode or not names:
            raise refuse("P406", file, "it is signed by nobody who is allowed to")
        arguments = [tool, "-Y", "verify", "-n", NAMESPACE, "-I", names, "-f", str(signers.resolve()), "-s", str(path)]
        if _run(arguments, content).returncode:
            raise refuse("P406", file, f"the signature of {names} does not fit")
    return names


def _run(arguments: list[str], content: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(arguments, input=content, capture_output=True, check=False, timeout=LIMIT)
    except (OSError, subprocess.TimeoutExpired):
        return subprocess.CompletedProcess(arguments, 1, b"", b"")


def _tool(file: str) -> str:
    tool = shutil.which("ssh-keygen", path=os.environ.get("PATH", os.defpath))
    if tool is None:
        raise refuse("P406", file, "ssh-keygen is not installed", "Install OpenSSH.")
    return tool


def _said(text: str) -> str:
    return clean_line(text.strip().partition("\n")[0] or "no reason given", 200)
