"""The event camera's model against numbers computed by hand, and the recordings of moved pictures."""

import numpy as np

from adapters.events.data.event_camera import Camera, positions, saccades, shifted, simulate
from adapters.events.data.event_frames import Representation
from adapters.shared.fashion_mnist import carried

ONE = Camera(threshold=0.5, mismatch=0.0, refractory_us=100, noise_hz=0.0, step_us=1000, floor=0.25)


def pixel(*intensities):
    return [np.full((1, 1, 1), value) for value in intensities]


def test_events_of_one_pixel_by_hand():
    # ln(I + 1/4) is -1.3863 at first, then -0.6931, 0, 0, -1.3863. The differences from what the pixel remembers:
    # 0 -> 0.6931: +1 at 0.5/0.6931 of the first ms, 0.1931 is left; -> 0.8863: +1 at 0.3069/0.6931 of the second, 0.3863
    # is left, and stays; -> -1: -1 at (0.5 + 0.3863)/1.3863 of the fourth.
    _, t, x, y, p = simulate(pixel(0, 0.25, 0.75, 0.75, 0), ONE)
    assert t.tolist() == [721 + 1000, 1442 + 1000, 3639 + 1000] and p.tolist() == [1, 1, 0]
    _, t, _, _, p = simulate(pixel(0.25, 0.75, 0.75, 0), ONE, first=pixel(0)[0])
    assert t.tolist() == [721, 1442, 3639] and p.tolist() == [1, 1, 0]


def test_refractory_time_by_hand():
    # blind until 721 + 2000: the second event waits for the begin of the first step after that
    _, t, _, _, p = simulate(pixel(0.25, 0.75, 0.75, 0.75), ONE._replace(refractory_us=2000), first=pixel(0)[0])
    assert t.tolist() == [721, 3000] and p.tolist() == [1, 1]


def test_threshold_below_which_nothing_happens():
    assert len(simulate(pixel(0.25, 0), ONE._replace(threshold=0.7), first=pixel(0)[0])[0]) == 0


def test_shift_keeps_the_light_and_moves_its_centre():
    images = np.zeros((1, 2, 2), np.float32)
    images[0, 1, 1] = 1.0
    moved = shifted(images, (0.25, -0.5), 6)[0]  # pixel (1, 1) of 2 x 2 is (3, 3) in the middle of 6 x 6
    assert moved[2, 3] == 0.375 and moved[3, 3] == 0.375 and moved[2, 4] == 0.125 and moved.sum() == 1.0


def test_three_saccades_close_a_triangle():
    path = positions(6, ((0, 0), (2, 0), (0, 4)))
    assert path.tolist() == [[0, 0], [1, 0], [2, 0], [1, 2], [0, 4], [0, 2], [0, 0]]


def test_recordings_are_sorted_repeatable_and_independent_of_each_other():
    images = carried("test").images[[0, 300]]
    both = list(saccades(images, [(0, 1), (0, 2)]))
    alone = next(saccades(images[1:], [(0, 2)]))
    assert np.array_equal(both[1], alone) and not np.array_equal(both[0], next(saccades(images[:1], [(0, 9)])))
    for events in both:
        assert (np.diff(events["t"]) >= 0).all() and events["t"][0] >= 0 and events["t"][-1] <= 300_000
        assert 0 <= events["x"].min() and events["y"].max() < 34 and set(np.unique(events["p"])) == {0, 1}
        assert 1000 < len(events) < 20000
    silent = next(saccades(np.zeros((1, 28, 28), np.uint8), [(0, 1)], camera=Camera(noise_hz=0.0)))
    noise = next(saccades(np.zeros((1, 28, 28), np.uint8), [(0, 1)], camera=Camera(noise_hz=100.0)))
    assert len(silent) == 0 and abs(len(noise) - 100 * 34 * 34 * 0.3) < 4 * (100 * 34 * 34 * 0.3) ** 0.5


def test_counts_by_hand():
    events = np.array(
        [(5, 0, 0, 1), (6, 1, 0, 1), (1004, 3, 2, 0), (1005, 3, 3, 0), (2004, 0, 3, 1), (2005, 0, 0, 1)],
        [("t", "<i8"), ("x", "<i2"), ("y", "<i2"), ("p", "i1")],
    )
    form = Representation(bins=2, size=2, window_ms=2, scale=2)
    counts = form.counts(events, (4, 4))  # from 5 us on: bins of 1 ms; the event at 2,005 us comes too late
    assert counts.tolist() == [[[[0, 0], [0, 1]], [[2, 0], [0, 0]]], [[[0, 0], [0, 1]], [[0, 0], [1, 0]]]]
    assert form._replace(clip=1).counts(events, (4, 4)).max() == 1
    constant = form.inputs(counts[None])
    assert constant.shape == (1, 4, 2, 2) and constant[0, 2].tolist() == [[1.0, 0.0], [0.0, 0.0]]  # brighter, first bin
    frames = form._replace(kind="frames").inputs(counts[None])
    assert frames.first().tolist() == [[[[0.0, 0.0], [0.0, 0.5]], [[1.0, 0.0], [0.0, 0.0]]]]
