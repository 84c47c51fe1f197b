"""Chatwoot's published OpenAPI description, held against every request and every answer."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from openapi_schema_validator import OAS30Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from tests.published import published

DESCRIPTION: Final = "chatwoot-swagger.json"
_ROOT: Final = "urn:chatwoot"


class Described:
    """Names what is not as described, in short fixed words that a test can list."""

    def __init__(self) -> None:
        self.document = published(DESCRIPTION)
        self.known = bool(self.document["paths"])
        """Whether there is anything to hold against; without it nothing is found."""
        resource: Resource[Any] = Resource.from_contents(self.document, default_specification=DRAFT4)
        self._registry: Registry[Any] = Registry().with_resource(_ROOT, resource)
        # A name that is written out goes before one that stands for anything.
        named = sorted(self.document["paths"], key=lambda template: template.count("{"))
        self._templates = [(template, _pattern(template)) for template in named]

    def template(self, path: str) -> str | None:
        """Return the described path that a request's path belongs to."""
        return next((template for template, pattern in self._templates if pattern.fullmatch(path)), None)

    def request(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: Any, media_type: str
    ) -> Iterator[str]:
        """Yield what is not described of a request."""
        if not self.known:
            return
        template = self.template(path)
        operation = self.document["paths"].get(template, {}).get(method.lower())
        if template is None or operation is None:
            yield f"{method} {_shape(path)}"
            return
        call = f"{method} {_short(template)}"
        if operation.get("security") and "api_access_token" not in headers:
            yield f"{call}: no api_access_token"
        parameters = [*self.document["paths"][template].get("parameters", ()), *operation.get("parameters", ())]
        described = {one["name"]: one for one in map(self._resolved, parameters) if one["in"] == "query"}
        for name, text in query.items():
            if name not in described:
                yield f"{call} ?{name}"
            elif not self._fits(_typed(text, described[name]["schema"]), described[name]["schema"]):
                yield f"{call} ?{name}={text}"
        content = self._resolved(operation.get("requestBody", {})).get("content", {})
        if body is None:
            return
        if media_type not in content:
            yield f"{call}: {media_type or 'a body'}"
            content = {media_type: content.get("application/json", {})}
        schema = content[media_type].get("schema")
        if schema is None:
            return
        named = self._resolved(schema).get("properties", {})
        for name in body:
            if name not in named:
                yield f"{call}: {name}"
        if media_type == "application/json":
            for error in self._errors(body, schema):
                yield f"{call}: {'.'.join(map(str, error.absolute_path)) or 'body'} = {error.instance!r}"

    def answer(self, method: str, path: str, status: int, body: Any) -> Iterator[str]:
        """Yield what is not described of an answer."""
        template = self.template(path)
        operation = self.document["paths"].get(template, {}).get(method.lower())
        if operation is None:
            return
        call = f"{method} {_short(template or '')}"
        described = operation["responses"].get(str(status))
        if described is None:
            yield f"{call}: {status}"
            return
        schema = described.get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            return
        for error in self._errors(body, schema):
            if error.instance is None:
                yield "null for what is not there"
            else:
                yield f"{error.absolute_path[-1] if error.absolute_path else 'answer'} = {_kind(error)}"

    def _errors(self, value: Any, schema: Any) -> Iterator[Any]:
        yield from self._validator(schema).iter_errors(value)

    def _fits(self, value: Any, schema: Any) -> bool:
        return bool(self._validator(schema).is_valid(value))

    def _validator(self, schema: Any) -> Any:
        return OAS30Validator(_absolute(schema), registry=self._registry)

    def _resolved(self, part: Any) -> Any:
        while "$ref" in part:
            found: Any = self.document
            for name in part["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            part = found
        return part


def _absolute(schema: Any) -> Any:
    """Return a part of the document whose references mean the document, wherever they are read."""
    if isinstance(schema, dict):
        return {
            key: f"{_ROOT}{value}" if key == "$ref" and str(value).startswith("#") else _absolute(value)
            for key, value in schema.items()
        }
    return [_absolute(item) for item in schema] if isinstance(schema, list) else schema


def _kind(error: Any) -> str:
    value = error.instance
    return repr(value) if error.validator == "enum" else type(value).__name__


def _pattern(template: str) -> "re.Pattern[str]":
    parts = re.split(r"(\{\w+\})", template)
    return re.compile("".join("[^/]+" if part.startswith("{") else re.escape(part) for part in parts))


def _short(template: str) -> str:
    short = template.replace("/api/v1/accounts/{account_id}", "…")
    return short.replace("/public/api/v1/inboxes/{inbox_identifier}", "public")


def _shape(path: str) -> str:
    within = re.sub(r"^/api/v1/accounts/\d+", "/api/v1/accounts/{account_id}", path)
    return _short(re.sub(r"/\d+(?=/|$)", "/{id}", within))


def _typed(text: str, schema: Mapping[str, Any]) -> Any:
    if schema.get("type") in ("integer", "number") and re.fullmatch(r"-?\d+", text):
        return int(text)
    return text
