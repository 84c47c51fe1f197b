"""What of a policy is a setting. Apart from `policy`, because every start needs it and the types cost an import."""

from collections.abc import Iterator, Mapping


def setting_values(values: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield what a parsed, checked policy says about settings, by their names in `config.toml`."""
    for name in ("response_target", "undo"):
        if name in values:
            yield name, values[name]
    for table in ("guard", "channels"):
        section = values.get(table)
        if isinstance(section, Mapping):
            for name, value in section.items():
                yield f"{table}.{name}", value
