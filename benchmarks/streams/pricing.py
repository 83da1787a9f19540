"""What a stream and its rivals cost on the same inputs, under every energy model that has a price for them.

Rivals, priced by the same models from the same counters:
  ann              the network itself, every input in full; under a model of integers the dense integer network
  integer-sparse   the same without the products whose activation is 0
  delta-ann        recomputes what changed: of a changed value each product once, where the SNN adds once a spike; it reads a weight
                   and reads and writes a current for each (cost/counters.py). What changed is what the SNN sends, so that both
                   have the same dead zone
  METHOD, afresh   the SNN told each input as if it were the first

The stream itself has two prices where memories count: METHOD, a weight is read for each spike; METHOD, one read, a burst is one message,
whose weight is read once, and shifted and added for each of its spikes, on a chip that can (docs/energy_models.md).
"""

from typing import NamedTuple

from adafire.cost import ENERGY_MODELS, counters_of_delta
from adafire.errors import InputError

MODELS = ("horowitz-45nm", "horowitz-45nm-int8-acc32", "lemaire-45nm")
"""In every table: arithmetic in floats and in integers; and with memories."""
SHORT = {"horowitz-45nm": "float32", "horowitz-45nm-int8-acc32": "int8", "lemaire-45nm": "memories"}


class Entry(NamedTuple):
    """One row. speed: of what moves, pixels a frame, None where it is not told; name: method or rival; value: of the metric
    against the truth, None where there is none; agreement: with the ANN's own answers (families.py); energy_pj: {model: of an
    input}, of the models that can price it; share: of the ANN's; spikes: of an input, and synops, macs; fps: inputs a second
    here, of all networks together; rate: inputs a second of what was shown; zone: dead zone, finest levels."""

    speed: float | None
    name: str
    value: float | None
    agreement: float | None
    energy_pj: dict
    share: dict
    spikes: float | None
    synops: float
    macs: float
    fps: float | None
    rate: float | None = None
    zone: float = 0.0

    def power_uw(self, model):
        """Energy a second in microwatts: energy of an input times the inputs a second."""
        return self.energy_pj[model] * self.rate * 1e-6


class Seen(NamedTuple):
    """What was measured of a network: its ``Report``, its score and its agreement with the ANN."""

    report: object
    value: float | None
    agreement: float | None = None


NO_ZONE = ("ann", "integer-sparse")
"""Rivals that have no dead zone."""
ONE_READ = ", one read"
"""Behind a method's name where a weight is read once a message."""


def prices(counters, zero_skipping=False, reading="spike"):
    """{model: pJ of an input} of the models that have a price for these counters.

    >>> counted = {"macs": 10, "synops": 100, "layers": None, "sites": None}
    >>> list(prices(counted)), prices(counted)["horowitz-45nm"]
    (['horowitz-45nm', 'horowitz-45nm-int8', 'horowitz-45nm-int8-acc32'], 136.0)
    """
    found = {}
    for name in ENERGY_MODELS.names():
        try:
            found[name] = ENERGY_MODELS.get(name).energy_pj(counters, None, reading, zero_skipping)
        except InputError:  # a chip that cannot, or counters that it lacks
            continue
    return found


def entries(method, ann, stream, afresh=None, fps=None, **case):
    """[Entry] of the rivals and, last, of the stream itself. method: its name; ann, stream, afresh: Seen (afresh: None where the
    method has no streaming law); case: speed, rate, zone."""
    whole, told = ann.report.as_dict(), stream.report.as_dict()
    dense = prices(whole)

    def entry(name, seen, energy, macs, synops=0.0, spikes=None, fps=None):
        share = {m: pj / dense[m] for m, pj in energy.items() if m in dense}
        known = {"speed": None, **case}
        return Entry(
            name=name,
            value=seen.value,
            agreement=seen.agreement,
            energy_pj=energy,
            share=share,
            spikes=spikes,
            synops=synops,
            macs=macs,
            fps=fps,
            **known,
        )

    rows = [
        entry("ann", ann, dense, whole["macs"]),
        entry("integer-sparse", ann, prices(whole, zero_skipping=True), whole["eff_macs"]),
    ]
    if afresh is not None:
        delta, again = counters_of_delta(told), afresh.report.as_dict()
        adds = delta["synops"] - delta["multiplied"]
        rows += [
            entry("delta-ann", stream, prices(delta), delta["macs"] + delta["multiplied"], adds),
            entry(f"{method}, afresh", afresh, prices(again), again["macs"], again["synops"], again["spikes"]),
        ]
        once = prices(told, reading="message")
        rows.append(entry(method + ONE_READ, stream, once, told["macs"], told["synops"], told["spikes"]))
    return [
        *rows,
        entry(method, stream, prices(told), told["macs"], told["synops"], told["spikes"], fps),
    ]
