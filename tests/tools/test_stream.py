"""tools/stream.py from the command line to the files that it writes: a video and boxes of a user's own."""

import json

import pytest
from PIL import Image

from adapters.detection.data.fashion_scenes import split_objects
from adapters.detection.data.moving_scenes import Motion, write
from adapters.shared.video_files import Video, Writer
from benchmarks.report import measured
from benchmarks.streams import measuring
from helpers.programs import program
from helpers.workloads import Few

pytest.importorskip("av", reason="PyAV is not installed (pip install 'adafire[video]')")


@pytest.mark.slow
def test_a_video_of_ones_own_with_boxes_becomes_a_video(tmp_path, monkeypatch, capsys):
    scenes = write(tmp_path / "scenes", split_objects("test"), 0, 3, Motion(2.0))
    writer = Writer(tmp_path / "mine.mp4", 25)
    for i in sorted(scenes.images):
        writer.add(Image.open(scenes.path(i)))
    writer.close()
    real = measuring.networks
    monkeypatch.setattr(measuring, "networks", lambda workload, *rest: real(Few(workload), *rest))
    argv = ["scenes_video_yolo", "--file", str(tmp_path / "mine.mp4"), "--annotations", str(scenes.annotation_file)]
    argv += [
        "--save",
        str(tmp_path / "out.mp4"),
        "--csv",
        str(tmp_path / "rows.csv"),
        "--json",
        str(tmp_path / "rows.json"),
        "--plot",
        str(tmp_path / "p.png"),
    ]
    assert program("stream").main(argv) == 0
    out, err = capsys.readouterr()
    assert "frame 3 of 3" in err and "of the ANN's, agreement" in err and "a second" in out and "uW, memories" in out
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert rows[-1]["name"] == "ours" and rows[-1]["rate"] == 25.0 and rows[-1]["value"] > 0.2
    shown = measured.table("rows", tmp_path)
    assert "| ours, one read |" in shown and "--file VIDEO --annotations FILE" in (tmp_path / "rows.csv").read_text()
    video = Video(tmp_path / "out.mp4", tmp_path)
    assert (video.frames, video.size, video.rate) == (3, (384, 432), 25.0)
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
