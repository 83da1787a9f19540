"""Downloads of checkpoints from a server here: whole, broken off and gone on with, another checksum, and none at all."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch

from adafire.errors import InputError
from adapters.shared import downloads

CONTENT = bytes(range(256)) * 400
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server of one file; ``cut``: after how many bytes each answer ends (None: never), ``ranges``: whether it goes on in the middle."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    asked = []

    class Handler(BaseHTTPRequestHandler):
        cut, ranges, content = None, True, CONTENT

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
    Handler.url, Handler.asked = f"http://127.0.0.1:{made.server_address[1]}", asked
    yield Handler
    made.shutdown()
    made.server_close()


def at(server, digest=DIGEST[:8]):
    return f"{server.url}/weights-{digest}.pth"


def test_what_was_downloaded_is_not_asked_for_again(server):
    path = downloads.checkpoint_file(at(server))
    assert path.read_bytes() == CONTENT and path.name == f"weights-{DIGEST[:8]}.pth"
    assert downloads.checkpoint_file(at(server)) == path and server.asked == [0]
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_download_that_broke_off_goes_on(server, ranges):
    server.cut, server.ranges = 30_000, ranges
    with pytest.raises(
        InputError, match=r"ended after .* of 102,400 bytes; .* bytes are kept, the same command goes on"
    ) as told:
        downloads.checkpoint_file(at(server))
    assert "place it at" in str(told.value) and "--checkpoint FILE" in str(told.value)
    assert server.asked == ([0, 30_000, 60_000] if ranges else [0, 0, 0])
    server.cut = None
    assert downloads.checkpoint_file(at(server)).read_bytes() == CONTENT
    assert server.asked[3:] == ([90_000] if ranges else [0])


def test_another_checksum_is_one_sentence_and_leaves_nothing(server):
    with pytest.raises(
        InputError, match=f"sha256 begins with {DIGEST[:8]}, expected 00000000 as its name says"
    ) as told:
        downloads.checkpoint_file(at(server, "00000000"))
    assert "--checkpoint FILE" in str(told.value) and "cannot be downloaded" not in str(told.value)
    assert not list((downloads.Path(torch.hub.get_dir()) / "checkpoints").iterdir())


def test_a_rest_of_another_file_is_thrown_away(server, tmp_path):
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    (folder / f"weights-{DIGEST[:8]}.pth.part").write_bytes(bytes(len(CONTENT) + 5))
    assert downloads.checkpoint_file(at(server)).read_bytes() == CONTENT
    (folder / "weights.pth.part").write_bytes(CONTENT)  # of the right length, and without a checksum to tell it by
    assert downloads.checkpoint_file(f"{server.url}/weights.pth").read_bytes() == CONTENT


def test_what_cannot_be_had_names_file_and_place(server, tmp_path):
    for url in (f"{server.url}/none-01234567.pth", "http://127.0.0.1:9/none-01234567.pth"):
        with pytest.raises(
            InputError, match=r"checkpoint 'none-01234567.pth' is not on this machine and cannot be downloaded"
        ) as told:
            downloads.checkpoint_file(url)
        assert str(tmp_path / "hub" / "checkpoints" / "none-01234567.pth") in str(told.value) and url in str(told.value)
    with pytest.raises(InputError, match="checkpoint 'none.pth' is not there"):
        downloads.checkpoint_file("none.pth")
