"""Every method of a table at its best T: the fewest timesteps with which it is within half a point of the ANN."""

from ..running.record import SPIKING

POINTS = 0.5


def best_rows(rows):
    """(rows that are within ``POINTS`` of the ANN, a method each at the fewest T that does it; names of the methods that never
    are). Rows as of ``rows_of_table``."""
    found, missed = {}, {}
    for row in rows:
        if row["kind"] not in SPIKING or row["record"] is None or row["drop"] is None:
            continue
        method, near = row["method"], row["drop"][0] <= POINTS + 1e-9
        missed.setdefault(method, None)
        if near and (method not in found or row["timesteps"] < found[method]["timesteps"]):
            found[method] = row
    return list(found.values()), [method for method in missed if method not in found]
