"""Energy of what was counted, under named models: picojoules of a multiply-accumulate and of an accumulate."""

from typing import NamedTuple

from ..registry import Registry


class EnergyModel(NamedTuple):
    """Picojoules of a multiply-accumulate and of an accumulate, and where they come from."""

    name: str
    mac_pj: float
    ac_pj: float
    source: str

    def energy_pj(self, macs, synops):
        """Energy in pJ; every synaptic operation is one accumulate.

        >>> ENERGY_MODELS.get("horowitz-45nm").energy_pj(macs=10, synops=100)
        136.0
        """
        return self.mac_pj * macs + self.ac_pj * synops


ENERGY_MODELS = Registry("energy model")
ENERGY_MODELS.register(
    "horowitz-45nm",
    EnergyModel(
        "horowitz-45nm",
        4.6,
        0.9,
        "M. Horowitz, ISSCC 2014: 45 nm, 32-bit float multiply 3.7 pJ and add 0.9 pJ; "
        "arithmetic only, no memory access",
    ),
)
ENERGY_MODELS.register(
    "horowitz-45nm-int8",
    EnergyModel(
        "horowitz-45nm-int8",
        0.23,
        0.03,
        "M. Horowitz, ISSCC 2014: 45 nm, 8-bit integer multiply 0.2 pJ and add 0.03 pJ; "
        "arithmetic only, no memory access",
    ),
)


def macs_are_cheaper(synops, macs, model="horowitz-45nm"):
    """Whether ``macs`` cost less than ``synops`` (numbers or tensors) under a named model."""
    costs = ENERGY_MODELS.get(model)
    return costs.energy_pj(macs, 0.0) < costs.energy_pj(0.0, synops)
