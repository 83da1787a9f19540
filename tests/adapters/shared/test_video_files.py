"""Video files: frames in order and only when asked for, and what is wrong with a file in one sentence."""

import sys

import numpy as np
import pytest
from PIL import Image

from adafire.errors import InputError
from adapters.shared import video_files
from adapters.shared.video_files import Video, Writer

av = pytest.importorskip("av", reason="PyAV is not installed (pip install 'adafire[video]')")


def film(path, frames=8, size=(64, 48), codec="mpeg4", rate=10, times=None, options=None):
    """Frames of one grey each, 20 apart."""
    with av.open(str(path), "w", options=options or {}) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for k in range(frames):
            frame = av.VideoFrame.from_image(Image.new("RGB", size, (20 * k + 20,) * 3))
            frame.pts = k
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def grey(path):
    return float(np.asarray(Image.open(path), float).mean())


def test_frames_come_in_order_and_two_at_a_time_lie_there(tmp_path):
    video = Video(film(tmp_path / "a.mp4"), tmp_path)
    assert (video.frames, video.size, video.rate) == (8, (64, 48), 10.0)
    for number in range(1, 9):
        assert abs(grey(video.path(number)) - 20 * number) < 4
        assert video.path(number) == tmp_path / f"{number:06d}.png" and len(list(tmp_path.glob("*.png"))) <= 2
    assert abs(grey(video.path(2)) - 40) < 4  # again from the begin
    assert Video(tmp_path / "a.mp4", tmp_path, most=3).frames == 3
    with pytest.raises(InputError, match="frame 9 .* is asked for; it has 1 to 8"):
        video.path(9)


def test_a_film_of_telephones_is_turned(tmp_path, monkeypatch):
    video = Video(film(tmp_path / "a.mp4", 2), tmp_path)
    frame = next(video_files.decoded(video.file))

    class Turned:
        rotation = 90
        to_image = staticmethod(frame.to_image)

    assert video_files.upright(Turned).size == (48, 64) and video_files.upright(frame).size == (64, 48)


@pytest.mark.parametrize("name, options", [("a.mp4", {"movflags": "faststart"}), ("a.avi", {}), ("a.mkv", {})])
def test_a_video_that_ends_in_the_middle_of_a_frame(tmp_path, name, options):
    content = film(tmp_path / name, 12, options=options).read_bytes()
    cut = tmp_path / f"cut_{name}"
    for share in (0.6, 0.8):
        cut.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(InputError, match="in the middle of frame|it was cut off|it is cut off") as caught:
            Video(cut, tmp_path)
        assert str(cut) in str(caught.value) and "\n" not in str(caught.value)


def test_a_change_of_size(tmp_path):
    parts = [
        film(tmp_path / f"{k}.h264", 3, size, "libx264").read_bytes() for k, size in enumerate(((64, 48), (96, 48)))
    ]
    (tmp_path / "both.h264").write_bytes(b"".join(parts))
    with pytest.raises(
        InputError, match="frame 4 .* has 96 x 48 pixels, those before it 64 x 48: a stream has one size"
    ):
        Video(tmp_path / "both.h264", tmp_path)


def test_times_that_run_backwards(tmp_path, monkeypatch):
    frames = list(video_files.decoded(film(tmp_path / "a.mp4", 4)))
    frames[2].pts = 0
    monkeypatch.setattr(video_files, "decoded", lambda path: iter(frames))
    with pytest.raises(InputError, match="time stamps of .* run backwards: frame 3 at 0 comes after"):
        Video(tmp_path / "a.mp4", tmp_path)


def test_what_is_no_video(tmp_path):
    (tmp_path / "text.mp4").write_text("not a video")
    with pytest.raises(InputError, match="cannot be read as one .*; it is cut off, or no video"):
        Video(tmp_path / "text.mp4", tmp_path)
    with pytest.raises(InputError, match="is not there; give the file of a video"):
        Video(tmp_path / "none.mp4", tmp_path)
    with pytest.raises(InputError, match="holds 1 frames; expected two or more"):
        Video(film(tmp_path / "one.mp4", 1), tmp_path)


def test_without_the_library_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    (tmp_path / "a.mp4").write_text("x")
    for start in (lambda: Video(tmp_path / "a.mp4", tmp_path), lambda: Writer(tmp_path / "b.mp4")):
        with pytest.raises(
            InputError,
            match=r"PyAV, which is not installed .*; type: pip install 'adafire\[video\]', or .* --folder DIR",
        ):
            start()


def test_what_is_written_is_read_back_and_appears_whole(tmp_path):
    writer = Writer(tmp_path / "out.mp4", 12.5)
    for k in range(5):
        writer.add(Image.new("RGB", (65, 49), (40 * k + 20,) * 3))
        assert not (tmp_path / "out.mp4").exists()
    writer.close()
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]
    video = Video(tmp_path / "out.mp4", tmp_path)
    assert (video.frames, video.size, video.rate) == (5, (64, 48), 12.5)
    assert abs(grey(video.path(3)) - 100) < 6
