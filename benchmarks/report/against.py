"""What a row loses against the networks beside it on the same samples: the ANN, and its own rivals (running/rivals.py)."""

from statistics import fmean

from adafire.cost import ENERGY_MODELS, READINGS
from adafire.errors import InputError

from ..running.record import SPIKING
from ..running.rivals import name_of
from .paired import difference

MESSAGE = ", a message"
"""Behind a model's name: its second reading of what carries several spikes (adafire/cost/counters.py)."""


def compared(rows, metric):
    """``rows`` of one table with 'drop' and 'lossless': (points, low, high) that the row's metric lies below the ANN's and below
    the `quantised` network's of its number of values; 'energies': {model and reading: pJ}; 'of_ann' and 'of_integer': {the same:
    share of the ANN's energy, and of the zero-skipping integer network's of the row's number of values}. None, and nothing, where
    there is no such network, or no counter."""
    good = [row for row in rows if row["record"] is not None]
    ann = next((row for row in good if row["kind"] == "ann"), None)
    by_name = {row["method"]: row for row in good if row["kind"] == "quantised"}
    for row in rows:
        row.update(drop=None, lossless=None, energies={}, of_ann={}, of_integer={})
        if row["record"] is not None:
            row["energies"] = mean_energies(row)
    dense = ann and ann["energies"]
    for row in good:
        row["of_ann"] = shares(row["energies"], dense)
        if row["kind"] == "ann":
            continue
        row["drop"] = points(row, ann, metric)
        if row["kind"] in SPIKING and row["levels"]:
            row["lossless"] = points(row, by_name.get(name_of("quantised", row["levels"])), metric)
            rival = by_name.get(name_of("integer", row["levels"]))
            row["of_integer"] = shares(row["energies"], rival and mean_energies(rival, zero_skipping=True))
    return rows


def with_zero_skipping(rows):
    """``rows`` with one more behind every integer network's: the same network, priced without the products that are 0 ('derived')."""
    found, ann = [], next((row for row in rows if row["kind"] == "ann"), {})
    for row in rows:
        found.append(row)
        if row["kind"] == "quantised" and row["record"] is not None and row["method"].partition(":")[0] == "integer":
            own = mean_energies(row, zero_skipping=True)
            name = row["method"].replace("integer", "integer-sparse", 1)
            dense = ann.get("energies")
            found.append({**row, "method": name, "energies": own, "of_ann": shares(own, dense), "derived": True})
    return found


def points(row, other, metric):
    """(drop, low, high) in points, hundredths of the metric, with its paired 95 % interval; of several draws the means. None
    without ``other``."""
    both = [(own, other["records"][draw]) for draw, own in row["records"].items() if other and draw in other["records"]]
    if not both:
        return None
    try:
        found = [difference(*pair, metric) for pair in both]
    except InputError:  # evidence of another kind
        return 100 * fmean(theirs.metrics[metric] - own.metrics[metric] for own, theirs in both), None, None
    return -100 * fmean(d.value for d in found), -100 * fmean(d.high for d in found), -100 * fmean(d.low for d in found)


def energies(record, zero_skipping=False):
    """{'model' or 'model, a message': pJ} of a record's row under every model that its counters suffice for. A second reading of
    bursts stands there where it gives another figure."""
    found, counters = {}, record.model_dump()
    for name in ENERGY_MODELS.names():
        for reading, key in zip(READINGS, (name, name + MESSAGE)):
            try:
                pj = ENERGY_MODELS.get(name).energy_pj(counters, reading=reading, zero_skipping=zero_skipping)
            except InputError:  # a counter that was not counted then, or a chip without MACs
                continue
            if found.get(name) != pj:
                found[key] = pj
    return found


def mean_energies(row, zero_skipping=False):
    """``energies`` of a table's row, the mean over its draws; readings that are the same in some draws are given for all."""
    draws = [energies(record, zero_skipping) for record in row["records"].values()]
    keys = [key for key in dict.fromkeys(key for draw in draws for key in draw)]
    at = lambda draw, key: draw.get(key, draw.get(key.removesuffix(MESSAGE)))
    return {
        key: fmean(at(draw, key) for draw in draws) for key in keys if None not in [at(draw, key) for draw in draws]
    }


def shares(own, rival):
    """{model and reading: energy over that of ``rival``, which sends no bursts}; nothing without a rival."""
    base = {key: (rival or {}).get(key, (rival or {}).get(key.removesuffix(MESSAGE))) for key in own}
    return {key: pj / base[key] for key, pj in own.items() if base[key]}


def cheaper_under(of_integer):
    """'lemaire-45nm, a message; ...': the models and readings under which a row costs less than the zero-skipping integer network."""
    return "; ".join(key for key, share in of_integer.items() if share < 1) or ("nothing" if of_integer else "-")
