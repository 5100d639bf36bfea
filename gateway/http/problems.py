"""What every route answers where it cannot do what it is asked: said once, for the OpenAPI document of all of them."""

from typing import Any

from fastapi import FastAPI

_METHODS = frozenset({"get", "put", "post", "patch", "delete"})

_SCHEMA = {
    "type": "object",
    "required": ["detail"],
    "properties": {
        "detail": {
            "description": "a sentence for whoever can act on it; of parameters that cannot be read a list",
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "object"}}],
        }
    },
}

_ANSWERS = {
    "403": "whoever asks may not do this, or asks from a page of another site",
    "404": "there is no such thing",
    "409": "that is taken, or cannot happen as things stand",
    "412": "somebody has changed it since it was read",
    "422": "what was sent cannot be read, or cannot be so",
    "503": "the database does not answer; live positions go on",
}


def document(app: FastAPI) -> None:
    """Say it in the OpenAPI document, of every operation."""
    before = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = before()
            schema.setdefault("components", {}).setdefault("schemas", {})["Problem"] = _SCHEMA
            for operations in schema["paths"].values():
                for method in _METHODS & operations.keys():
                    _describe(operations[method].setdefault("responses", {}))
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way of extending the document


def _describe(responses: dict[str, Any]) -> None:
    for status, description in _ANSWERS.items():
        responses.setdefault(status, {"description": description})
    for status, response in responses.items():
        ours = "content" in response and "HTTPValidationError" not in str(response["content"])
        if status[0] in "45" and not ours:
            problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
            response["content"] = {"application/json": problem}
