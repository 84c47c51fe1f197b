"""Holds requests against Live Helper Chat's published description, where it lies beside the project."""

import re
from typing import Any

from tests.contract.plain_http import Request
from tests.published import published

DESCRIPTION = "livehelperchat-swagger.json"
_PATHS = published(DESCRIPTION)["paths"]
UNDOCUMENTED = {"/restapi/setinvisibilitystatus", "/restapi/setoperatorstatus"}
"""Calls that the server has and its description has not."""


def violations(path: str, request: Request) -> list[str]:
    """Return in words what of a request to the REST interface does not fit the description."""
    if not _PATHS:
        return []
    where = f"{request.method} {path}"
    methods = next((found for shape, found in _PATHS.items() if _fits(shape, path)), None)
    if methods is None:
        return [] if path in UNDOCUMENTED else [f"{where} is not described"]
    described = methods.get(request.method.lower())
    if described is None:
        return [f"{where}: the method is not described"]
    multipart = request.headers.get("content-type", "").startswith("multipart/")
    fields = set(request.parts if multipart else request.form)
    found = [
        *_misfits(described, "query", set(request.query), where),
        *_misfits(described, "formData", fields, where),
    ]
    allowed = {one["name"]: one["enum"] for one in described["parameters"] if "enum" in one}
    for name, value in {**request.query, **request.form}.items():
        if value not in allowed.get(name, [value]):
            found.append(f"{where}: {name} is {value!r}, not one of {allowed[name]}")
    return found


def _fits(shape: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\{\w+\}", r"[^/]+", shape), path) is not None


def _misfits(described: dict[str, Any], place: str, names: set[str], where: str) -> list[str]:
    known = {one["name"]: one for one in described["parameters"] if one["in"] == place}
    needed = {name for name, one in known.items() if one.get("required")}
    found = []
    if unknown := names - set(known):
        found.append(f"{where}: {place} {sorted(unknown)} not described")
    if missing := needed - names:
        found.append(f"{where}: {place} {sorted(missing)} missing")
    return found
