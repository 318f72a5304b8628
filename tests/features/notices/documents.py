"""Documents in the shape of GOV.UK's, in words of our own, and a small HTTP server that answers as GOV.UK does."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ENTRAPMENT_PATH = "/drug-device-alerts/beds-and-rails-trapped"
ENTRAPMENT = (
    "Medical beds, trolleys, bed rails, bed grab handles and lateral turning devices: risk of death "
    "(NatPSA/2023/010/MHRA)"
)
BODY = """
<h2 id="action">What to do</h2>
<ul><li>Bring the <a rel="external" href="https://www.gov.uk/guidance/rails to see">records</a> up to date.</li></ul>
<table><thead><tr><th>Maker</th></tr></thead><tbody><tr><td onclick="x()">Harbour Beds&reg;</td></tr></tbody></table>
<p>Complete by 1 March 2024. <a href="&#109;&#097;&#105;&#108;&#116;&#111;:a@b.example">Write</a>
<a href="javascript:alert(1)">no</a><script>alert(1)</script><img src="https://x.example/pixel" onerror="alert(1)"></p>
"""


def content(path: str = ENTRAPMENT_PATH, **changed: Any) -> dict[str, Any]:
    """A document of the Content API; `body`, `alert_type` and `note` go where they belong."""
    inner = {"body": changed.pop("body", BODY), "attachments": [], "headers": []}
    kind = changed.pop("alert_type", "national-patient-safety")
    inner["metadata"] = {"alert_type": kind, "issued_date": "2023-08-30", "medical_specialism": ["care-home-staff"]}
    note = changed.pop("note", "First published.")
    inner["change_history"] = [{"note": note, "public_timestamp": "2023-08-30T11:00:00.000+00:00"}]
    facts = {
        "base_path": path,
        "content_id": "23714fce-cd0f-45cf-abae-65eec4756981",
        "title": ENTRAPMENT,
        "description": "People were trapped, or fell.",
        "document_type": "medical_safety_alert",
        "schema_name": "specialist_document",
        "public_updated_at": "2023-08-30T11:00:00.000+00:00",
        "updated_at": "2023-09-01T00:00:00Z",
        "links": {},
        "locale": "en",
        "withdrawn_notice": {},
        "details": inner,
    }
    return facts | changed


def hit(path: str = ENTRAPMENT_PATH, **changed: Any) -> dict[str, Any]:
    """A result of the Search API, where the alert type is a list."""
    facts = {
        "title": ENTRAPMENT,
        "link": path,
        "description": "People were trapped, or fell.",
        "public_timestamp": "2023-08-30T11:00:00.000+00:00",
        "alert_type": ["national-patient-safety"],
        "issued_date": "2023-08-30",
    }
    return facts | changed


def results(*hits: Any) -> dict[str, Any]:
    """What the Search API answers."""
    return {"results": list(hits), "total": len(hits), "start": 0}


@dataclass
class Alerts:
    """What is published, by path; `status` is what the server answers with, and `asked` what it was asked."""

    published: dict[str, dict[str, Any]] = field(default_factory=dict)
    hits: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    filler: int = 0
    asked: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def publish(self, path: str, **changed: Any) -> None:
        """Put a document out, or put another one in its place."""
        document = content(path, **changed)
        self.published[path] = document
        known = [one for one in self.hits if one["link"] != path]
        found = hit(path, title=document["title"], public_timestamp=document["public_updated_at"])
        self.hits = sorted([found, *known], key=lambda one: str(one["public_timestamp"]), reverse=True)

    def answer(self, url: str) -> tuple[int, bytes]:
        """As the two interfaces do."""
        self.asked.append(urlsplit(url).path)
        if self.status != 200:
            return self.status, b"<html>Not now</html>"
        parts = urlsplit(url)
        if parts.path == "/api/search.json":
            asked = parse_qs(parts.query)
            start, many = int(asked["start"][0]), int(asked["count"][0])
            return 200, json.dumps(results(*self.hits[start : start + many])).encode() + b" " * self.filler
        found = self.published.get(parts.path.removeprefix("/api/content"))
        return (200, json.dumps(found).encode()) if found else (404, b"{}")


@contextmanager
def publishing() -> Iterator[Alerts]:
    """Serve what is published on a free port of this machine."""
    alerts = Alerts()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = alerts.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    alerts.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield alerts
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
