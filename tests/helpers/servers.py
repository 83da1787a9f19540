"""A server of one file on this machine, which can break off, send anew from the middle, or send another file."""

import hashlib
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONTENT = bytes(range(256)) * 400
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@contextmanager
def serving(content=CONTENT):
    """The handler's class: ``url`` of the server, ``asked``: where each request began; to be set: ``cut``, after how many bytes each answer
    ends (None: never), ``ranges``, whether it goes on in the middle, ``content``. Paths without 'weights' are not found."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        cut, ranges = None, True

        def do_GET(self):
            begin = int(self.headers.get("Range", "bytes=0-")[6:-1]) if self.ranges else 0
            asked.append(begin)
            if "weights" not in self.path:
                return self.send_error(404)
            if begin >= len(self.content):
                return self.send_error(416)
            self.send_response(206 if begin else 200)
            self.send_header("Content-Length", str(len(self.content) - begin))
            self.end_headers()
            self.wfile.write(self.content[begin : None if self.cut is None else begin + self.cut])

        def log_message(self, *_):
            pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    Handler.url, Handler.asked, Handler.content = f"http://127.0.0.1:{made.server_address[1]}", asked, content
    try:
        yield Handler
    finally:
        made.shutdown()
        made.server_close()
