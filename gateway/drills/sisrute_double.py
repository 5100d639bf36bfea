"""A system of referrals for a drill: it answers one number, to whoever signs as the account must."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import msgspec

from gateway.demo.ports import LOOPBACK
from gateway.integrations.sisrute import signed

ACCOUNT, PASSWORD = "1600001", "drill"
NUMBER = "1671001-1126-0001"
HOSPITAL = "1671013"
DIAGNOSIS = "S72.0"
PATIENT = "SITI CONTOH"
"""Stands in the answer, and must stand nowhere else."""


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """A referral by its number."""
        said = {name: value for name, value in self.headers.items() if name.startswith("X-")}
        at = datetime.fromtimestamp(int(said.get("X-Timestamp", "0")), UTC)
        known = {name.lower(): value for name, value in signed(ACCOUNT, PASSWORD, at).items()}
        number = parse_qs(urlsplit(self.path).query).get("nomor", [""])[0]
        if {name.lower(): value for name, value in said.items()} != known:
            self._say(401, {"status": 401, "detail": "tanda tangan salah"})
        elif number != NUMBER:
            self._say(404, {"status": 404, "detail": "tidak ada"})
        else:
            referral = {
                "NOMOR": NUMBER,
                "FASKES_TUJUAN": {"KODE": HOSPITAL, "NAMA": "RS drill Palembang"},
                "STATUS": {"KODE": "1", "NAMA": "Diterima"},
                "DIAGNOSA": {"KODE": DIAGNOSIS, "NAMA": "Fracture of neck of femur"},
            }
            self._say(200, {"status": 200, "data": [{"PASIEN": {"NAMA": PATIENT}, "RUJUKAN": referral}]})

    def _say(self, status: int, body: object) -> None:
        text = msgspec.json.encode(body)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class has it
        """Nobody reads it."""


@contextmanager
def sisrute() -> Iterator[dict[str, str]]:
    """It runs; the gateway's settings for it."""
    server = ThreadingHTTPServer((LOOPBACK, 0), _Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        url = f"http://{LOOPBACK}:{server.server_port}/api"
        yield {"sisrute_url": url, "sisrute_id": ACCOUNT, "sisrute_password": PASSWORD}
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
