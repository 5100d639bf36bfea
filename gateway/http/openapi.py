"""The OpenAPI document: what all routes have in common is said of all of them, here and once.

Whatever is refused is refused as ``{"detail": …}``: a sentence for whoever can act on it, or, of a parameter that is
none, the framework's list of where it stands. Each route says itself what it answers when it does what it was asked.
"""

from typing import Any

from fastapi import FastAPI

from gateway.http.idempotency import HEADER, MAX_KEY

_METHODS = frozenset({"get", "put", "post", "patch", "delete"})

_PROBLEM = {
    "type": "object",
    "required": ["detail"],
    "properties": {
        "detail": {
            "description": "a sentence for whoever can act on it; of parameters that cannot be read a list",
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "object"}}],
        }
    },
}

_REFUSALS = {
    "403": "whoever asks may not do this, or asks from a page of another site",
    "404": "there is no such thing",
    "409": "that is taken, or cannot happen as things stand",
    "412": "somebody has changed it since it was read",
    "422": "what was sent cannot be read, or cannot be so",
    "503": "the database does not answer; live positions go on",
}
_OF_BODIES = {"413": "the body is too long"}
_WITH_BODIES = frozenset({"put", "post", "patch"})

_KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "a request that comes again with the same key within a day gets the first one's answer",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": "^[!-~]+$"},
}


def document(app: FastAPI) -> None:
    """Make the application's document say it of every operation."""
    before = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = before()
            schema.setdefault("components", {}).setdefault("schemas", {})["Problem"] = _PROBLEM
            for operations in schema["paths"].values():
                for method in _METHODS & operations.keys():
                    _complete(operations[method], method)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way of extending the document


def _complete(operation: dict[str, Any], method: str) -> None:
    """Add what it may be refused with, and a POST's key; what a route says of it itself stays."""
    responses = operation.setdefault("responses", {})
    for status, description in (_REFUSALS | (_OF_BODIES if method in _WITH_BODIES else {})).items():
        responses.setdefault(status, {"description": description})
    for status, response in responses.items():
        ours = "content" in response and "HTTPValidationError" not in str(response["content"])
        if status[0] in "45" and not ours:
            response["content"] = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    if method == "post":
        operation.setdefault("parameters", []).append(_KEY)
