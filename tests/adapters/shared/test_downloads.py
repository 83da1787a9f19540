"""Downloads of checkpoints from a server here: whole, broken off and gone on with, another checksum, and none at all."""

import hashlib

import pytest
import torch

from adafire.errors import InputError
from adapters.shared import checksums, downloads
from helpers.servers import CONTENT, DIGEST, serving


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server of one file, and folders of this test for downloads and for what is known of them."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv(downloads.MIRROR, raising=False)
    with serving() as made:
        yield made


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


OTHER = bytes(reversed(CONTENT))


def test_what_is_had_first_is_kept_whole_and_another_file_refused(server, capsys):
    for name in (f"weights-{DIGEST[:8]}.pth", "weights.pth"):
        url = f"{server.url}/{name}"
        path = downloads.checkpoint_file(url)
        err = capsys.readouterr().err
        known = "the 8 digits in its name fit" if "-" in name else "nothing was known of it before"
        assert err.count("\n") == 1 and known in err and f"its sha256 {DIGEST} is kept in {checksums.lock()}" in err
        assert f"{DIGEST}  {url}\n" in checksums.lock().read_text()
        assert downloads.checkpoint_file(url) == path and not capsys.readouterr().err
        path.write_bytes(OTHER)  # changed on the disk
        with pytest.raises(InputError, match="as it was when it was first had .*; remove it to download it again"):
            downloads.checkpoint_file(url)
        path.unlink()
    server.content = OTHER  # changed at its authors'
    with pytest.raises(InputError, match=f"expected {DIGEST[:16]} as it was when it was first had"):
        downloads.checkpoint_file(f"{server.url}/weights.pth")
    assert not list((downloads.Path(torch.hub.get_dir()) / "checkpoints").iterdir())


def test_a_file_that_lies_there_from_before_is_checked(server, tmp_path):
    path = tmp_path / "hub" / "checkpoints" / f"weights-{DIGEST[:8]}.pth"
    path.parent.mkdir(parents=True)
    path.write_bytes(OTHER)
    with pytest.raises(InputError, match=f"expected {DIGEST[:8]} as its name says; remove it"):
        downloads.checkpoint_file(at(server))
    path.write_bytes(CONTENT)
    assert downloads.checkpoint_file(at(server)) == path and server.asked == []


@pytest.mark.parametrize(
    "text, words",
    [
        (b"\xff\xfe\x00", "is no text .*; expected lines 'SHA256  ADDRESS'"),
        (
            f"# mine\n\n{DIGEST[:20]}  http://zoo.invalid/a.pth\n".encode(),
            "line 3: found .*; mend it, or remove the line",
        ),
    ],
)
def test_a_list_that_is_damaged_is_refused(server, text, words):
    """Otherwise a file that had been trusted would be trusted anew, whatever it is."""
    checksums.lock().parent.mkdir(parents=True)
    checksums.lock().write_bytes(text)
    with pytest.raises(InputError, match=words) as told:
        downloads.checkpoint_file(f"{server.url}/weights.pth")
    assert str(checksums.lock()) in str(told.value) and "cannot be downloaded" not in str(told.value)
    assert checksums.lock().read_bytes() == text and server.asked == []


def test_a_list_that_cannot_be_written_is_said(server, tmp_path, capsys):
    (tmp_path / "config").write_text("a file")
    assert downloads.checkpoint_file(at(server)).is_file()
    assert "is not kept, as" in capsys.readouterr().err


def test_hashes_that_this_project_knows_are_whole_and_of_files_that_tasks_name():
    from benchmarks.running import catalogue
    from benchmarks.running.task import load_task

    lines = checksums.KNOWN.read_text().splitlines()
    known = dict(reversed(line.split("  ")) for line in lines)
    named = {one.checkpoint for path in catalogue.task_files() for one in load_task(path).variants.values()}
    assert len(known) == len(lines) >= 4 and set(known) <= named
    for url, digest in known.items():
        assert checksums.expected(url) == (digest, "as this project knows it") and len(digest) == 64
        name = checksums.re.search(r"-([a-f0-9]{8})\.", url)
        assert not name or digest.startswith(name[1])


def test_hashes_are_those_of_the_real_files(shared_data):
    known = checksums.KNOWN.read_text()
    for path in ("cifar10_resnet20/resnet20-12fca82f.th", "coco_detector_weights/Yolo-FastestV2_coco.pth"):
        assert checksums.sha256(shared_data / path) in known


@pytest.mark.parametrize("kind", ["server", "folder"])
def test_mirrors_are_asked_first(server, tmp_path, monkeypatch, kind, capsys):
    """By the file's name alone; a mirror without it is passed over, and one with another file told."""
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / f"weights-{DIGEST[:8]}.pth").write_bytes(CONTENT)
    with serving() as mirror:
        place = f"{mirror.url}/" if kind == "server" else str(tmp_path / "mirror")
        monkeypatch.setenv(downloads.MIRROR, f"{tmp_path / 'none'} {place}")
        path = downloads.checkpoint_file(f"https://zoo.invalid/deep/weights-{DIGEST[:8]}.pth")
        assert path.read_bytes() == CONTENT and mirror.asked == [0] * (kind == "server")
        assert f"names {tmp_path / 'none'}, and there is no such folder: passed over" in capsys.readouterr().err
        path.unlink()
        mirror.content = OTHER
        (tmp_path / "mirror" / f"weights-{DIGEST[:8]}.pth").write_bytes(OTHER)
        with pytest.raises(InputError, match=f"what .* sent is not 'weights-{DIGEST[:8]}.pth'"):
            downloads.checkpoint_file(f"https://zoo.invalid/deep/weights-{DIGEST[:8]}.pth")
        monkeypatch.setenv(downloads.MIRROR, str(tmp_path / "none"))
        assert downloads.checkpoint_file(at(server)).read_bytes() == CONTENT, "its own address comes last"
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_what_a_mirror_began_is_not_gone_on_with_elsewhere_where_nothing_would_tell(server, monkeypatch):
    with serving(OTHER) as mirror:
        mirror.cut = 30_000
        monkeypatch.setenv(downloads.MIRROR, mirror.url)
        assert downloads.checkpoint_file(f"{server.url}/weights.pth").read_bytes() == CONTENT
