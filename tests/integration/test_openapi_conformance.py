"""The API against its own description: schemathesis asks every operation whatever the OpenAPI document allows, and what
it does not; no answer is a server error, and each is one that the document promises.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fix_gateway import UNITS, Gateway

SECONDS = 75
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
)  # fmt: skip
STREAM = "/api/v1/events"
"""Never ends by itself: `test_feeds_out.py` listens to it."""

KNOWN = {
    "unit": UNITS[0], "incident": "i-1", "mission": "m-1", "webhook": "w-1", "place": "rsud", "agency": "dinkes",
    "geofence": "g-1", "closure": "c-1", "call": "call-1", "kind": "kecelakaan", "owner": "pmi", "number": "0812",
}  # fmt: skip
"""Things that are there, so that most requests come to where the work is done."""

POINT = {"latitude": -7.15, "longitude": 111.88}
THINGS: list[tuple[str, str, Any]] = [
    ("POST", "incidents", {"id": "i-1", "place": POINT, "urgency": "emergency"}),
    ("POST", "incidents", {"id": "i-2", "place": POINT, "urgency": "routine"}),
    ("POST", "missions", {"id": "m-1", "incident": "i-1", "unit": UNITS[0]}),
    ("PUT", "places/rsud", {"kind": "hospital", "name": "RSUD", **POINT}),
    ("PUT", "agencies/dinkes", {"name": "Dinas Kesehatan", "kind": "health"}),
    ("POST", "calls", {"id": "call-1", "number": "0812", "line": "119"}),
    ("POST", "webhooks", {"id": "w-1", "url": "https://receiver.invalid/hook"}),
]


def described(url: str) -> dict[str, Any]:
    """The OpenAPI document. Pairs of numbers are said in a way that schemathesis does not itself make invalid: it
    rewrites ``prefixItems`` to an older dialect and then refuses what it wrote."""

    def plain(value: Any) -> Any:
        if isinstance(value, list):
            return [plain(each) for each in value]
        if not isinstance(value, dict):
            return value
        if "prefixItems" in value:
            kept = {key: each for key, each in value.items() if key != "prefixItems"}
            return {**kept, "items": {"anyOf": plain(value["prefixItems"])}}
        return {key: plain(each) for key, each in value.items()}

    document: dict[str, Any] = plain(httpx.get(f"{url}/api/v1/openapi.json").json())
    return document


@pytest.mark.slow
def test_every_answer_is_one_that_the_description_promises(gateway: Gateway, tmp_path: Path) -> None:
    """With what is there and what is not, with bodies that fit and bodies that do not. The same requests each time."""
    for method, path, body in THINGS:
        answer = httpx.request(method, f"{gateway.url}/api/v1/{path}", json=body)
        assert answer.is_success, (path, answer.text)
    document = described(gateway.url)
    description = tmp_path / "openapi.json"
    description.write_text(json.dumps(document))
    settings = "".join(f'[dictionaries.{name}]\nvalues = ["{value}"]\n' for name, value in KNOWN.items())
    settings += "[parameters]\n"
    settings += "".join(f'"path.{name}" = {{ dictionary = "{name}", probability = 0.7 }}\n' for name in KNOWN)
    (tmp_path / "schemathesis.toml").write_text(settings)
    program = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", "schemathesis.toml"]
    asked = subprocess.run(
        [
            *program, "run", str(description), "--url", gateway.url, "--exclude-path", STREAM,
            "--phases", "coverage,fuzzing", "--checks", ",".join(CHECKS), "--max-time", str(SECONDS),
            "--generation-deterministic", "--continue-on-failure", "--request-timeout", "20", "--warnings", "off",
            "--no-color",
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS + 120, check=False,
        env={**os.environ, "PYTHONWARNINGS": "default"},
    )  # fmt: skip
    assert asked.returncode == 0, f"{asked.stdout[-12_000:]}\n{asked.stderr[-2000:]}\n{gateway.log[-4000:]}"
    assert f"Tested: {_operations(document) - 1}" in asked.stdout, asked.stdout[-3000:]


def _operations(document: dict[str, Any]) -> int:
    methods = {"get", "put", "post", "patch", "delete"}
    return sum(len(methods & operations.keys()) for operations in document["paths"].values())
