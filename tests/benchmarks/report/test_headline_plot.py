"""The picture of the README: there where the headline has a table, the same bytes each time, and what it shows."""

from benchmarks.report import headline_plot
from benchmarks.report.rows import rows_of_table
from helpers.records import make, make_row


def records():
    own = {"task": "coco_yolo", "variant": "mini"}
    ann = make("ann", rows=[make_row(None, 0.6, synops=0.0, macs=1e7)], **own)
    return [ann, make(**own), make("burst", rows=[make_row(2, 0.3), make_row(4, 0.35)], **own)]


def test_a_picture_of_the_first_table_of_the_headline():
    found = headline_plot.images(records())
    assert list(found) == ["headline.png"] and found["headline.png"].startswith(b"\x89PNG")
    assert headline_plot.images(list(reversed(records()))) == found
    assert headline_plot.images([make("ann"), make()]) == {}, "no table of the headline"


def test_points_are_the_rows_figures():
    """By hand, of records.py: 3e6 MACs at .3 pJ and 2e6 additions at .1 pJ of 1e7 MACs: 1.1e6 of 3e6 pJ."""
    figure = headline_plot._figure(rows_of_table(records()), "name", "mAP")
    lines = {line.get_label(): line for line in figure.axes[0].lines}
    assert {"adafire", "burst", "ann"} <= set(lines)
    assert abs(lines["adafire"].get_xdata()[-1] - 1.1 / 3) < 1e-6
    assert list(lines["adafire"].get_ydata()) == [0.4, 0.5] and list(lines["ann"].get_ydata()) == [0.6, 0.6]
