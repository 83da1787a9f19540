"""An option of tools/stream.py that another makes meaningless is refused, before any work."""

import pytest

from tools import stream


@pytest.mark.parametrize(
    "words, refused, why",
    [
        ("scenes_video_yolo --folder a --file b.mp4", "--file does not go with --folder", "two streams"),
        ("scenes_video_yolo --folder a --noise 3", "--noise does not go with --folder", "generated videos"),
        ("scenes_video_yolo --frames 3 --rate 30", "--frames does not go with --rate", "how many frames"),
        ("scenes_video_yolo --alone --save x.mp4", "--save does not go with --alone", "keeps no rows"),
        ("scenes_video_yolo --every 5", "--every does not apply", "for recordings"),
        ("scenes_video_yolo --pixels 30", "--pixels does nothing without --rate", "--rate 15,30"),
        ("dvs128_stream --data-root . --checkpoint x.pth --speed 1", "--speed does not apply", "for videos"),
    ],
)
def test_options_that_do_not_go_together(words, refused, why, capsys):
    assert stream.main(words.split()) == 2
    said = capsys.readouterr().err
    assert refused in said and why in said and "converting" not in said
