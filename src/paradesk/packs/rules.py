"""What of a policy is a setting. Apart from `policy`, because every start needs it and the types cost an import."""

from collections.abc import Iterator, Mapping


def setting_values(values: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield what a parsed, checked policy says about settings, by their names in `config.toml`."""
    if "response_target" in values:
        yield "response_target", values["response_target"]
    guard = values.get("guard")
    if isinstance(guard, Mapping):
        for name, value in guard.items():
            yield f"guard.{name}", value
