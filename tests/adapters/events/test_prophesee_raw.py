"""Prophesee's .raw files of EVT 3.0 against events written down by hand, and what is wrong with one in one line."""

import sys

import numpy as np
import pytest

from adafire.errors import InputError
from adapters.base import WorkloadOptions
from adapters.events.data.event_camera import EVENT
from adapters.events.data.event_sets import read as read_set
from adapters.events.data.recordings import read
from layouts.event_files import evt3, put, recording

HEAD = b"% evt 3.0\n% format EVT3;height=720;width=1280\n% geometry 1280x720\n% end\n"
BY_HAND = [
    (0x8000, []),  # upper 12 bits of time: 0
    (0x6005, []),  # lower: 5
    (0x0064, []),  # row 100
    (0x2807, [(5, 7, 100, 1)]),  # column 7, brighter
    (0x2009, [(5, 9, 100, 0)]),
    (0x30C8, []),  # a run from column 200, darker
    (0x4A03, [(5, 200, 100, 0), (5, 201, 100, 0), (5, 209, 100, 0), (5, 211, 100, 0)]),  # bits 0, 1, 9, 11 of 12
    (0x5081, [(5, 212, 100, 0), (5, 219, 100, 0)]),  # the run goes on with 8: bits 0 and 7
    (0xA101, []),  # an external trigger: no event
    (0x8001, []),  # upper: 1
    (0x6FFF, []),  # lower: 4095
    (0x0ACF, []),  # row 719 of the slave camera
    (0x2CFF, [(8191, 1279, 719, 1)]),
]
"""(word, events that it makes), by the format's description."""


def by_hand():
    return HEAD + np.array([word for word, _ in BY_HAND], "<u2").tobytes()


def expected():
    return np.array([event for _, made in BY_HAND for event in made], EVENT)


def test_words_written_by_hand_are_read(tmp_path):
    pytest.importorskip("evt3", reason="evt3 is not installed (pip install 'adafire[events]')")
    assert (read(put(tmp_path / "a.raw", by_hand()), size=(1280, 720)) == expected()).all()
    none = HEAD.replace(b"% geometry 1280x720\n", b"").replace(b";height=720;width=1280", b"")
    assert len(read(put(tmp_path / "b.raw", none + by_hand()[len(HEAD) :]))) == len(expected()), "no size is told"


def test_a_file_in_the_official_form_is_read_back(tmp_path):
    """With runs, and over more than the 2**24 us that the words' time goes round in."""
    pytest.importorskip("evt3", reason="evt3 is not installed (pip install 'adafire[events]')")
    events = recording(0, 1280, 720, lasts_us=2 * 2**24 + 5000)
    run = np.zeros(8, EVENT)
    run["t"], run["x"], run["y"], run["p"] = events["t"][-1] + 1, [3, 4, 7, 9, 14, 18, 22, 23], 5, 1
    events = np.concatenate([events, run])
    content = evt3(events)
    assert (read(put(tmp_path / "a.raw", content)) == events).all()
    assert (np.frombuffer(content[content.index(b"% end\n") + 6 :], "<u2") >> 12 == 3).sum() == 1, "there is a run"


def test_a_set_of_such_files_is_read(tmp_path):
    pytest.importorskip("evt3", reason="evt3 is not installed (pip install 'adafire[events]')")
    for part in ("train", "test"):
        for k, name in enumerate(("still", "waving")):
            put(tmp_path / part / name / "0.raw", evt3(recording(10 * k + len(part), 1280, 720)))
    options = WorkloadOptions(split="full", data_root=str(tmp_path))
    found = read_set({"type": "recordings", "size": (1280, 720)}, options)
    assert found.classes == ("still", "waving") and [len(events) for events in found.load(found.test)] == [400, 400]


@pytest.mark.parametrize(
    "content, words",
    [
        (
            HEAD.replace(b"3.0", b"2.0").replace(b"EVT3", b"EVT2") + bytes(8),
            "is in EVT 2.0; expected EVT 3.0. Convert it",
        ),
        (b"% format EVT21;height=720;width=1280\n% end\n" + bytes(8), "is in EVT 2.1; expected EVT 3.0"),
        (bytes(8), "does not say its format"),
        (by_hand()[:-1], "ends within a word of 16 bits: it was cut off"),
        (HEAD[:-5], "ends within its header"),
        (
            by_hand().replace(b"1280x720", b"1279x720"),
            "has an event at column 1279, row 719, and its header names a sensor of 1279 x 720",
        ),
        (HEAD, "holds no events"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path, content, words):
    if "EVT" not in words and "ends" not in words and "format" not in words:
        pytest.importorskip("evt3", reason="evt3 is not installed (pip install 'adafire[events]')")
    with pytest.raises(InputError) as told:
        read(put(tmp_path / "a.raw", content))
    assert words in str(told.value) and "a.raw" in str(told.value) and "\n" not in str(told.value)


def test_without_the_package_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "evt3", None)
    with pytest.raises(InputError, match=r"which the package evt3 reads.*pip install 'adafire\[events\]'"):
        read(put(tmp_path / "a.raw", by_hand()))
