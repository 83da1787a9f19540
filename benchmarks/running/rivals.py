"""The two networks that every spiking row is compared with, at the row's own number of values.

`quantised` is the ANN with activations rounded to that many values, with the bias correction; `integer` the same with 8-bit weights,
and with every number rounded that meets weights. A spiking row that is no better than they are has only said with spikes what a
rounded network says without.
"""

from .record import SPIKING

RIVALS = ("quantised", "integer")


def name_of(rival, values):
    """The method's name at a number of values above 0.

    >>> name_of("quantised", 16)
    'quantised:phi_plus=16'
    """
    return f"{rival}:phi_plus={values}"


def rivals_of(records):
    """Names of the rivals of all good spiking rows, by their number of values; each is run at T = 1."""
    values = {row.levels for record in records if record.kind in SPIKING for row in record.rows if row.levels}
    return [name_of(rival, n) for n in sorted(values) for rival in RIVALS]
