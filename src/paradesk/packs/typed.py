"""Checks a TOML document against a type, and says everything that is wrong with it at once, each with its line."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar, get_args, get_origin

import msgspec

from paradesk.core.text import clean_line
from paradesk.core.toml import MAX_BYTES, Document, TomlError, read_toml
from paradesk.packs.findings import Finding, finding

T = TypeVar("T", bound=msgspec.Struct)


def read_document(content: bytes, file: str) -> tuple[Document | None, list[Finding]]:
    """Parse a file that is called `file` in findings. Never raises."""
    try:
        return read_toml(content[: MAX_BYTES + 1]), []
    except TomlError as error:
        return None, [finding("P102", file, error.line, str(error))]


def read_typed(document: Document, kind: type[T], file: str) -> tuple[T | None, list[Finding]]:
    """Return the document as a value of `kind`, or None and every reason why it is none. Never raises."""
    found: list[Finding] = []
    _table(document, "", document.values, kind, file, found)
    if found:
        return None, sorted(found)
    return msgspec.convert(document.values, kind), []


def _table(
    document: Document, table: str, values: object, kind: type[msgspec.Struct], file: str, found: list[Finding]
) -> None:
    def report(code: str, key: str, message: str, advice: str = "") -> None:
        line = document.line(table, key) or document.line(f"{table}.{key}" if table else key)
        found.append(finding(code, file, line, message, advice))

    if not isinstance(values, Mapping):
        outer, _, name = table.rpartition(".")
        line = document.line(outer, name)
        found.append(finding("P105", file, line, f"`{name}` must be a table", f"Write it as [{table}]."))
        return
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for key, value in values.items():
        field = fields.get(key)
        if field is None:
            near = get_close_matches(key, fields, n=1, cutoff=0.5)
            advice = f"Did you mean `{near[0]}`?" if near else f"Known are {', '.join(fields)}."
            report("P103", key, f"unknown key `{clean_line(key)}`" + (f" in [{table}]" if table else ""), advice)
            continue
        inside = f"{table}.{key}" if table else key
        nested, many = _nested(field.type)
        if nested is not None and not many:
            _table(document, inside, value, nested, file, found)
        elif nested is not None and isinstance(value, Mapping):
            for name, entry in value.items():
                _table(document, f"{inside}.{name}", entry, nested, file, found)
        elif get_origin(plain := _bare(field.type)) is dict and isinstance(value, Mapping) and value:
            for name, entry in value.items():
                if reason := _reason({name: entry}, plain):
                    line = document.line(inside, name) or document.line(table, key)
                    message = f"`{inside}.{clean_line(name)}`: {reason}"
                    found.append(finding("P105", file, line, message, _description(field.type)))
        elif reason := _reason(value, field.type):
            report("P105", key, f"`{inside}`: {reason}", _description(field.type))
    for name, field in fields.items():
        if field.required and name not in values:
            line = document.line(table) if table else 1
            found.append(finding("P104", file, line or 1, f"`{name}` is missing", _description(field.type)))


def _nested(kind: Any) -> tuple[type[msgspec.Struct] | None, bool]:
    """Return the struct of which a field is made, and whether the field is a table of such."""
    kind = _bare(kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind, False
    if get_origin(kind) is dict:
        value = get_args(kind)[1]
        if isinstance(value, type) and issubclass(value, msgspec.Struct):
            return value, True
    return None, False


def _bare(kind: Any) -> Any:
    """Return a type without its annotations."""
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _reason(value: object, kind: Any) -> str:
    """Return why a value is not of a type, or nothing."""
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        return _plain(error)
    return ""


def _plain(error: Exception) -> str:
    message = str(error).partition(" - at `")[0]
    for word, said in _WORDS:
        message = message.replace(word, said)
    return message[:1].lower() + message[1:]


_WORDS = (
    ("`str`", "a text in quotes"),
    ("`int`", "a whole number"),
    ("`float`", "a number"),
    ("`bool`", "true or false"),
    ("`array`", "a list"),
    ("`object`", "a table"),
    (" | null", ""),
)


def _description(kind: Any) -> str:
    """Return what the type's own documentation says, as advice."""
    for part in (kind, *get_args(kind)):
        for meta in getattr(part, "__metadata__", ()):
            if isinstance(meta, msgspec.Meta) and meta.description:
                return meta.description
    return ""
