"""Asks a serve for a job that tells a webhook, and verifies the message by a library that is not easel's."""

import json
import os
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

url, out = sys.argv[1:]
got: list[tuple[dict[str, str], bytes]] = []


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        got.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


receiver = HTTPServer(("127.0.0.1", 0), Receiver)
receiver.timeout = 60
request = {"workflow_id": "flux_single", "prompt": "a fox", "params": {"steps": 1, "width": 256, "height": 256}}
request["webhook"] = f"http://127.0.0.1:{receiver.server_port}/told"
call = urllib.request.Request(url + "/api/v1/generate", json.dumps(request).encode(), {"Content-Type": "application/json"})
with urllib.request.urlopen(call) as answer:
    job = json.load(answer)["id"]
receiver.handle_request()
assert got, "no message came within a minute"
headers, body = got[0]
message = Webhook(os.environ["SECRET"]).verify(body, headers)
assert job in body.decode(), f"the message is of another job: {message}"
try:
    Webhook(os.environ["SECRET"]).verify(body.replace(b"succeeded", b"failed"), headers)
except WebhookVerificationError:
    pass
else:
    raise AssertionError("a message that was changed is verified")
with open(out, "w") as f:
    json.dump({"headers": headers, "body": body.decode()}, f)
