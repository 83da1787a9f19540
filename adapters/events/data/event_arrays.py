"""Events in a .npy file: a structured array with named fields, or numbers [N, 4] whose columns a task may name."""

import io

import numpy as np

from adafire.errors import InputError

from .event_values import POLARITIES, check_numbers

NAMES = {
    "t": ("t", "ts", "time", "timestamp", "timestamps"),
    "x": ("x",),
    "y": ("y",),
    "p": ("p", "pol", "polarity", "polarities", "on"),
}
ORDERS = ("txyp", "xytp", "xypt", "tpxy")
"""Of unnamed columns, as they are found in published files; the first is taken where nothing is told."""


def order_told(columns):
    """The order of unnamed columns as a task tells it: four letters, or None."""
    told = None if columns is None else "".join(columns).replace(",", "").replace(" ", "")
    if told is not None and sorted(told) != sorted("txyp"):
        raise InputError(
            f"columns is {columns!r}; expected the order of t, x, y and p, such as {', '.join(map(repr, ORDERS))}"
        )
    return told


def read(content, columns=None, pair=None):
    """(t, x, y, p) of a file's bytes; ValueError. columns: order of unnamed ones; pair: (darker, brighter), if known."""
    try:
        found = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise ValueError(
            f"is no array that can be read ({str(error).splitlines()[0]}): damaged, cut off, or made of "
            "Python objects; save it again with numpy.save"
        ) from error
    if found.dtype.names:
        return _fields(found)
    if found.size and (found.ndim != 2 or found.shape[1] != 4):
        raise ValueError(
            f"has the shape {list(found.shape)}; expected [events, 4] with the columns t (us), x, y, p, or a "
            "structured array with these fields"
        )
    table = found.reshape(-1, 4)
    if columns is None and len(table):
        for k, values in enumerate(table.T, 1):
            check_numbers(values, f"column {k}")
        _check_order(table, pair)
    return tuple(table[:, (columns or ORDERS[0]).index(name)] for name in "txyp")


def _fields(found):
    lower = {name.lower(): name for name in found.dtype.names}
    names = [next((lower[alias] for alias in NAMES[column] if alias in lower), None) for column in "txyp"]
    if None in names:
        raise ValueError(f"has the fields {', '.join(found.dtype.names)}; expected t, x, y, p")
    return tuple(found[name].ravel() for name in names)


def _fits(table, order, pair):
    """Whether columns in this order can be events: times ascend or range farthest, polarities are of a known pair."""
    t, p = table[:, order.index("t")], set(np.unique(table[:, order.index("p")]).tolist())
    ranges = np.ptp(table.astype(np.float64), axis=0)
    return ((np.diff(t) >= 0).all() or ranges[order.index("t")] >= ranges.max()) and any(
        p <= set(known) for known in ((pair,) if pair else POLARITIES)
    )


def _check_order(table, pair):
    if _fits(table, ORDERS[0], pair):
        return
    likely = [", ".join(order) for order in ORDERS[1:] if _fits(table, order, pair)]
    looks = f"; they look like {' or '.join(likely)}" if likely else ""
    raise ValueError(
        f"has columns without names that are not t, x, y, p, the order that is expected{looks}. Say their order: "
        f"data=dict(columns='txyp') (t, x, y, p), 'xytp' (x, y, t, p), 'xypt' (x, y, p, t) or 'tpxy' (t, p, x, y)"
    )
