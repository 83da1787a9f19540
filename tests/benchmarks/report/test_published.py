"""Published figures beside ours: a file of data with sources, and the row of ours that stands beside one."""

import pytest

import adafire.methods
from benchmarks.report import published, reproduction
from benchmarks.running import catalogue
from helpers.records import make_row, of_set


def of_all():
    return [row for name in reproduction.TABLES for row in published.published(name)]


def test_every_row_says_where_it_was_read_and_fits_our_names():
    rows = of_all()
    with published.FILE.open() as file:
        assert len(rows) == len(file.readlines()) - 1, "no row is of a table that there is not"
    assert len({row[:7] for row in rows}) == len(rows), "nothing is quoted twice"
    for row in rows:
        assert row.quoted_in and row.method and row.network and row.metric, row
        assert 0 < float(row.percent) < 100 and row.timesteps > 0, row
        assert not row.ann_percent or float(row.ann_percent) > float(row.percent), row
        assert not row.energy_share or 0 < float(row.energy_share) < 1, row
        assert not row.counterpart or adafire.methods.get(row.counterpart).kind == "snn"
        task = catalogue.own_task(row.task) if row.task else None
        assert not row.task or task.metric == row.metric and row.task in str(task.name), row
        assert "AdaFire" not in row.method and "Adaptive" not in row.method, "the paper's own tables were not at hand"


@pytest.fixture
def rows(monkeypatch):
    """Three rows by hand: with our method and task, without our task, without our method."""

    def row(**changes):
        given = {"table": "imagenet", "method": "DCGS", "counterpart": "dcgs", "network": "ResNet-34", "data": "ImageNet",
                 "task": "imagenet_resnet34", "timesteps": 4, "metric": "mAP", "percent": "73.35", "ann_percent": "76.42",
                 "energy_share": "", "source": "", "quoted_in": "B"}  # fmt: skip
        return published.Published(**{**given, **changes})

    found = [row(), row(network="ViT-B", task=""), row(method="TS", counterpart="")]
    monkeypatch.setattr(published, "published", lambda table: [r for r in found if r.table == table])
    return found


def ours(rows, records):
    headers, lines = published.beside("imagenet", records)
    at = headers.index("ours, %")
    assert all(len(line) == len(headers) for line in lines)
    return [tuple(line[at : at + 2]) for line in lines]


def test_ours_stands_beside_its_own_method_network_and_t(rows):
    def dcgs(samples, value, **changes):
        own = {"task": "imagenet_resnet34", "rows": [make_row(2, 0.1), make_row(4, value)], **changes}
        return of_set("ImageNet", samples, "dcgs", **own)

    assert ours(rows, []) == [("not run", "-"), ("-", "-"), ("-", "-")]
    other_method = of_set("ImageNet", 50000, "burst", task="imagenet_resnet34")
    other_task = dcgs(50000, 0.7, task="imagenet_resnet18")
    mini = dcgs(50000, 0.7).model_copy(update={"split": "mini"})
    other_t = dcgs(50000, 0.7, rows=[make_row(2, 0.7)], timesteps=[2])
    for record in (other_method, other_task, mini, other_t):
        assert ours(rows, [record])[0] == ("not run", "-"), record.method
    part, more, full = dcgs(100, 0.5, limit=100), dcgs(900, 0.6, limit=900), dcgs(50000, 0.7335)
    assert ours(rows, [part])[0] == ("50.00 (part)", "60.00 (part)")
    assert ours(rows, [more, part])[0] == ("60.00 (part)", "60.00 (part)")
    assert ours(rows, [part, full, more])[0] == ("73.35", "60.00")


def test_what_is_not_stated_is_unknown(rows):
    headers, (line, *_) = published.beside("imagenet", [])
    cells = dict(zip(headers, line))
    assert cells["energy, of its ANN's"] == cells["work"] == "unknown" and cells["as quoted in"] == "B"
    assert cells["published, %"] == "73.35" and cells["its ANN, %"] == "76.42"
    assert published.beside("pointcloud", [])[1] == []
