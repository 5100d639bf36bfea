"""The OpenAPI document: what all routes have in common is said of all of them, here and once.

Whatever is refused is refused as ``{"detail": …}``: a sentence for whoever can act on it, or, of a parameter that is
none, the framework's list of where it stands. Each route says itself what it answers when it does what it was asked.
"""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from gateway.http.idempotency import HEADER, MAX_KEY

API = "/api/v1/"

_REFUSED = {
    "application/json": {
        "schema": {
            "type": "object",
            "required": ["detail"],
            "properties": {"detail": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "object"}}]}},
        }
    }
}

_EVERYWHERE = {
    403: "this principal may not do that",
    422: "it cannot be read, or names what is not there",
    503: "the database does not answer",
}
_OF_ONE = {404: "there is none of that id"}
_OF_CHANGES = {404: "something that it names is not there", 409: "it is taken, or not possible from where it stands"}
_OF_VERSIONS = {412: "it has another version than the one that was read"}
_OF_POSTS = {413: "a body with a key is too long"}


def document(app: FastAPI) -> None:
    """Make the application's document say it."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(title=app.title, version=app.version, routes=app.routes)
            for path, operations in schema["paths"].items():
                for method, operation in operations.items() if path.startswith(API) else ():
                    _refusals(operation, path, method)
                    if method == "post":
                        operation.setdefault("parameters", []).append(_key())
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way of extending the document


def _refusals(operation: dict[str, Any], path: str, method: str) -> None:
    """Add what it may be refused with; what a route says of it itself stays."""
    refused = dict(_EVERYWHERE)
    if "{" in path:
        refused |= _OF_ONE
    if method != "get":
        refused |= _OF_CHANGES
    if method in ("put", "patch", "delete"):
        refused |= _OF_VERSIONS
    if method == "post":
        refused |= _OF_POSTS
    responses = operation.setdefault("responses", {})
    for status, description in refused.items():
        said = responses.setdefault(str(status), {"description": description})
        if status != 503 or "content" not in said:  # health is 503 with a body of its own
            said["content"] = _REFUSED


def _key() -> dict[str, Any]:
    return {
        "name": HEADER,
        "in": "header",
        "required": False,
        "description": "a request that comes again with the same key within a day gets the first one's answer",
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": "^[!-~]+$"},
    }
