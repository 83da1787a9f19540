"""Energy of what was counted, under named models; energy_models/ has one short file for each family of them.

A model is data: its constants, what they are of, and a function of the counters. A third party adds one by one registration:

>>> cheap = EnergyModel("cheap-chip", mac_pj=1.0, ac_pj=0.1, source="a data sheet", node="28 nm", precision="int8")
>>> cheap.energy_pj({"macs": 10, "synops": 100})
20.0
>>> _ = ENERGY_MODELS.register(cheap.name, cheap)       # then every report knows it by its name
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..errors import InputError
from ..registry import Registry
from .counters import Counters


def arithmetic(model, counters, host=None):
    """Multiply-accumulates and unit additions, and nothing else; both readings are the same."""
    return {
        "MACs": model.mac_pj * counters.total(counters.macs),
        "additions": counters.additions_pj(model),
    }


@dataclass(frozen=True)
class EnergyModel:
    """Constants of a chip, and what it spends on what was counted.

    mac_pj, ac_pj: picojoules of a multiply-accumulate (None: it has none) and of an accumulate; source: where all constants
    come from; node, precision: of the chip; constants: further ones by name, with the unit in it; formula: in words;
    included, excluded: what is priced, and what is not; one_read: what a chip must be able to do for reading='message';
    parts: function of (model, ``Counters``, host) that gives pJ by the name of a part; multiplies: whether it knows of synapses that
    multiply (``counters_of_delta``), which are refused otherwise.
    """

    name: str
    mac_pj: float | None
    ac_pj: float
    source: str
    node: str = ""
    precision: str = ""
    constants: Mapping = field(default_factory=dict)
    formula: str = "MAC x macs + AC x synops"
    included: str = "arithmetic"
    excluded: str = "memory, messages, membranes, control"
    one_read: str = "nothing: no weight is read, and a spike of a message is an addition"
    parts: Callable = arithmetic
    multiplies: bool = False

    def energy_pj(self, counters=None, synops=None, reading="spike", zero_skipping=False, host=None, macs=None):
        """Energy in pJ of the ``counters`` (a report's ``as_dict()``, a row of a record, or any mapping with their names; what
        the model needs and they lack is named in an InputError), or of two numbers, MACs and synaptic operations.

        reading: 'spike' or 'message' (``READINGS``), another thing only where a message is several spikes; zero_skipping: without
        the MACs whose operand is 0; host: name of the model for the MACs, where this chip has none.

        >>> ENERGY_MODELS.get("horowitz-45nm").energy_pj(macs=10, synops=100)
        136.0
        """
        counted = counters if isinstance(counters, Mapping) else {"macs": macs if counters is None else counters}
        counted = counted if synops is None else {**counted, "synops": synops}
        return sum(self.parts_pj(counted, reading, zero_skipping, host).values())

    def parts_pj(self, counters, reading="spike", zero_skipping=False, host=None):
        """As ``energy_pj``, by the name of a part."""
        times = counters.get("multiplied")
        if times and not (self.mac_pj and (self.multiplies or self.parts is arithmetic)):
            raise InputError(
                f"energy model {self.name} adds at synapses, and {times:.6g} multiply-accumulates are made there (a delta network): it "
                "has no price for them; name another model"
            )
        return self.parts(self, Counters(counters, self.name, reading, zero_skipping), host)


def _of_plugin(name, entry):
    """A plug-in's entry, if it is a model of that name."""
    if not isinstance(entry, EnergyModel):
        raise InputError(f"found {type(entry).__name__}; expected an adafire.EnergyModel")
    if entry.name != name:
        raise InputError(f"its model is called {entry.name!r}; give it and its entry point one name")
    return entry


ENERGY_MODELS = Registry("energy model", "adafire.energy_models", _of_plugin)


def arithmetic_models():
    """Names of the models that need MACs and synaptic operations alone, so that any record can be priced under them."""
    return [name for name in ENERGY_MODELS.names() if ENERGY_MODELS.get(name).parts is arithmetic]


def macs_are_cheaper(synops, macs, model="horowitz-45nm"):
    """Whether ``macs`` cost less than ``synops`` (numbers or tensors) under a named model."""
    costs = ENERGY_MODELS.get(model)
    return costs.energy_pj(macs, 0.0) < costs.energy_pj(0.0, synops)
