"""A real receiver of webhooks, heartbeats and HEC events on 127.0.0.1:PORT: checks the signature as docs/specs/notification.md says, prints each request as
one line of JSON. Started with a secret; a request without a signature is printed with "signed": null."""

import base64
import hashlib
import hmac
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = sys.argv[2].encode()


def signed(headers, body):
    """Whether the signature is ours: HMAC-SHA-256 over id.timestamp.body."""
    given = headers.get("webhook-signature")
    if given is None:
        return None
    content = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body])
    expect = "v1," + base64.b64encode(hmac.new(SECRET, content, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(one, expect) for one in given.split(" "))


class Receiver(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(b"")

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers.get("content-length", 0))))

    def answer(self, body):
        ok = signed(self.headers, body)
        seen = {
            "method": self.command,
            "path": self.path,
            "id": self.headers.get("webhook-id"),
            "timestamp": self.headers.get("webhook-timestamp"),
            "authorization": self.headers.get("authorization"),
            "signed": ok,
            "body": body.decode(),
        }
        # one write: requests are answered by threads
        print(json.dumps(seen) + "\n", end="", flush=True)
        status = 401 if ok is False else 200
        text = b'{"text":"Success","code":0}'
        self.send_response(status)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
print("listening", server.server_address[1], flush=True)
server.serve_forever()
