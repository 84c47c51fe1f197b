"""A change that an agent proposes: a unified diff against the file of the pack, which `git apply` and `patch -p1` take."""

import difflib

_NO_NEWLINE = "\\ No newline at end of file\n"


def patch(name: str, before: str | None, after: str) -> str:
    """Return the diff of one file, `name` being its path in the pack; None stands for a file that is not there yet."""
    old = [] if before is None else before.splitlines(keepends=True)
    lines = difflib.unified_diff(
        old, after.splitlines(keepends=True), "/dev/null" if before is None else f"a/{name}", f"b/{name}"
    )
    head = f"diff --git a/{name} b/{name}\n" + ("new file mode 100644\n" if before is None else "")
    body = "".join(line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}" for line in lines)
    return head + body if body else ""
