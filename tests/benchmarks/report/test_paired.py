"""Paired tests on records: hand-computed numbers, what cannot be compared, and records made here."""

import pytest

from adafire.errors import InputError
from benchmarks.report.paired import difference, paired
from benchmarks.running.record import Row
from benchmarks.running.store import Store
from helpers.records import make, make_row, scored


def test_accuracy_by_hand():
    # one sample only the first gets right, five only the second: p = 2 (1 + 6) / 2^6; difference (1 - 5) / 20
    first, second = [True] + [False] * 5 + [True] * 14, [False] + [True] * 19
    found = difference(scored(first), scored(second), "accuracy")
    assert found.value == pytest.approx(-0.2) and found.p_value == 0.21875 and found.test == "McNemar"
    # Agresti-Min: cells 1.5 and 5.5 of 22: -4/22 -+ 1.96 sqrt(7 - 16/22) / 22
    assert (found.low, found.high) == pytest.approx((-0.404946, 0.041310), abs=1e-6)
    back = difference(scored(second), scored(first), "accuracy")
    assert (back.value, back.low, back.high) == pytest.approx((-found.value, -found.high, -found.low))
    same = difference(scored(first), scored(first), "accuracy")
    assert same.value == 0 and same.p_value == 1 and same.low < 0 < same.high


def drawn(values, value, seed=7):
    return Row.model_validate(make_row(4, value, evidence={"replicates": {"mAP": values}, "seed": seed, "images": 20}))


def test_replicates_by_hand():
    base = [0.1 * (i % 7) for i in range(99)]
    up = [v + 0.02 + 0.001 * i for i, v in enumerate(base)]
    found = difference(drawn(up, 0.5), drawn(base, 0.45), "mAP")
    assert found.value == pytest.approx(0.05) and found.p_value == pytest.approx(2 / 100)
    assert (found.low, found.high) == pytest.approx((0.02 + 0.001 * 98 * 0.025, 0.02 + 0.001 * 98 * 0.975))
    mixed = [v + (0.01 if i < 90 else -0.01) for i, v in enumerate(base)]  # 9 of 99 below 0: p = 2 (9 + 1) / 100
    assert difference(drawn(mixed, 0.5), drawn(base, 0.5), "mAP").p_value == pytest.approx(0.2)
    assert difference(drawn(base, 0.5), drawn(base, 0.5), "mAP").p_value == 1
    gap = [None, *base[1:]]  # a replicate that drew no object counts on neither side
    assert difference(drawn(gap, 0.5), drawn(base, 0.5), "mAP").p_value == 1


def test_the_same_T_is_compared_and_the_ann_with_every_T():
    def record(method, values):
        rows = [
            make_row(t, v, evidence={"replicates": {"mAP": [v, v + 0.1]}, "seed": 1, "images": 20})
            for t, v in values.items()
        ]
        return make(method, rows, **({} if method == "ann" else {"timesteps": list(values)}))

    one, two, ann = record("adafire", {2: 0.4, 4: 0.5}), record("burst", {4: 0.3, 8: 0.4}), record("ann", {None: 0.6})
    assert {t: round(d.value, 9) for t, d in paired(one, two).items()} == {4: 0.2}
    assert {t: round(d.value, 9) for t, d in paired(ann, two).items()} == {4: 0.3, 8: 0.2}
    assert {t: round(d.value, 9) for t, d in paired(two, ann).items()} == {4: -0.3, 8: -0.2}


def test_what_cannot_be_paired_is_refused():
    with pytest.raises(InputError, match="one variant"):
        paired(make(), make(variant="big"))
    other = make().model_dump()["workload"]
    other["data"]["fingerprint"] = "e" * 64
    with pytest.raises(InputError, match="different data"):
        paired(make(), make(workload=other))
    with pytest.raises(InputError, match="seed, images and number"):
        difference(drawn([0.1, 0.2], 0.5), drawn([0.1, 0.2], 0.5, seed=8), "mAP")
    with pytest.raises(InputError, match="different samples"):
        difference(scored([True] * 4), scored([True] * 5), "accuracy")
    with pytest.raises(InputError, match="neither correctness bits nor replicates of mAP"):
        difference(drawn([], 0.5), drawn([], 0.5), "mAP")


def test_fresh_records_can_be_paired(made_records):
    records, problems = Store(made_records).load()
    assert len(records) == 6 and not problems
    (reference,) = [r for r in records if r.method == "adafire"]
    for record in records:
        found = paired(record, reference)
        assert found
        for t, one in found.items():
            assert 0 <= one.p_value <= 1 and one.low <= one.value + 0.05 and one.high >= one.value - 0.05
            assert record is not reference or (one.value, one.p_value) == (0, 1), t
