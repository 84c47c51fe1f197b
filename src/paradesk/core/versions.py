"""Which of two values for one field holds: decided by version, and for equal versions by content, never by arrival."""

from collections.abc import Mapping, Set
from dataclasses import fields, is_dataclass


def canonical(value: object) -> str:
    """Return a text that is the same for equal values, whatever order their sets and mappings were built in."""
    if isinstance(value, Mapping):
        return "{" + ",".join(sorted(f"{canonical(key)}:{canonical(item)}" for key, item in value.items())) + "}"
    if isinstance(value, Set):
        return "{" + ",".join(sorted(map(canonical, value))) + "}"
    if isinstance(value, tuple | list):
        return "(" + ",".join(map(canonical, value)) + ")"
    if is_dataclass(value):
        return "<" + ",".join(canonical(getattr(value, field.name)) for field in fields(value)) + ">"
    return repr(value)


def replaces(version: int, value: object, old_version: int | None, old: object) -> bool:
    """Say whether `value` of this version takes the place of `old`; False when they are the same."""
    if old_version is None or version > old_version:
        return True
    return version == old_version and value != old and canonical(value) > canonical(old)
