"""What a row loses against the networks beside it on the same samples: the ANN, and its own rivals (running/rivals.py)."""

from statistics import fmean

from adafire.cost import ENERGY_MODELS, READINGS
from adafire.errors import InputError

from ..running.rivals import name_of
from .paired import difference


def compared(rows, metric):
    """``rows`` of one table with 'drop' and 'lossless': (points, low, high) that the row's metric lies below the ANN's and below
    the `quantised` network's of its number of values; 'energies': {model: pJ}, 'of_integer': {the same: share of the zero-skipping
    integer network's energy}. None, and nothing, where there is no such network, or no counter."""
    good = [row for row in rows if row["record"] is not None]
    ann = next((row for row in good if row["kind"] == "ann"), None)
    by_name = {row["method"]: row for row in good if row["kind"] == "quantised"}
    for row in rows:
        row.update(drop=None, lossless=None, energies={}, of_integer={})
        record = row["record"]
        if record is None:
            continue
        row["energies"] = energies(record)
        if row["kind"] == "ann":
            continue
        row["drop"] = points(row, ann, metric)
        if row["kind"] == "snn" and record.levels:
            row["lossless"] = points(row, by_name.get(name_of("quantised", record.levels)), metric)
            rival = by_name.get(name_of("integer", record.levels))
            row["of_integer"] = shares(row["energies"], rival and rival["record"])
    return rows


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
        for reading, key in zip(READINGS, (name, f"{name}, a message")):
            try:
                pj = ENERGY_MODELS.get(name).energy_pj(counters, reading=reading, zero_skipping=zero_skipping)
            except InputError:  # a counter that was not counted then, or a chip without MACs
                continue
            if found.get(name) != pj:
                found[key] = pj
    return found


def shares(own, rival):
    """{model and reading: energy over that of the zero-skipping integer network}, which sends no bursts."""
    theirs = {} if rival is None else energies(rival, zero_skipping=True)
    base = {key: theirs.get(key, theirs.get(key.removesuffix(", a message"))) for key in own}
    return {key: pj / base[key] for key, pj in own.items() if base[key]}


def cheaper_under(of_integer):
    """'lemaire-45nm, a message; ...': the models and readings under which a row costs less than the zero-skipping integer network."""
    return "; ".join(key for key, share in of_integer.items() if share < 1) or ("nothing" if of_integer else "-")
