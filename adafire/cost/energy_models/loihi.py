"""Chips without multiply-accumulates: synaptic operations and neuron updates. What is multiplied is refused, or a host's."""

from ...errors import InputError
from ..counters import counters_of_macs
from ..energy import ENERGY_MODELS, EnergyModel


def parts(model, counters, host=None):
    """A burst takes as many steps as it has spikes, in each of which all neurons are updated; updates of a code with times of its
    own are counted as they are."""
    sites = counters.sites("neuron_updates", "longest_burst", "message_bits")
    longest = max((1 if row.get("duration") else row["longest_burst"] for row in sites), default=0)
    if counters.reading == "message" and any(row["message_bits"] > 1 for row in sites):
        raise InputError(
            f"energy model {model.name} has spikes of one bit, and these messages have up to "
            f"{max(row['message_bits'] for row in sites)}: reading='message' says nothing about it; take reading='spike'"
        )
    macs = counters.total(counters.macs)
    if macs and host is None:
        raise InputError(
            f"energy model {model.name} has no multiply-accumulate, and {macs:.6g} remain in this network (its first layer, "
            "say); name who makes them, such as host='horowitz-45nm'"
        )
    found = {
        "synaptic operations": model.ac_pj * counters.total("synops"),
        "neuron updates": model.constants["update_pj"] * longest * sum(row["neuron_updates"] for row in sites),
    }
    if macs:
        alone = counters_of_macs(counters.mapping)
        own = ENERGY_MODELS.get(host).energy_pj(alone, zero_skipping=counters.macs == "eff_macs")
        found[f"MACs of {host}"] = own
    return found


ENERGY_MODELS.register(
    "loihi-1",
    EnergyModel(
        "loihi-1",
        None,
        27.1,
        "Davies et al., IEEE Micro 2018 (table 2: synaptic operation 23.6 pJ, a spike's share of a hop 3.5 pJ, neuron update 81 pJ), as "
        "keras-spiking has them",
        node="14 nm",
        precision="weights of 1 to 9 bits, spikes of one bit",
        constants={"update_pj": 81.0},
        formula="27.1 synops + 81 x neuron updates x the longest burst (a neuron sends one spike a step)",
        included="synaptic operations with their memory, neuron updates, one hop",
        excluded="MACs: refused, unless a host is named; the host's interface, chips beyond the first, static power. A spike of one of "
        "several levels takes an axon for each level and sign",
        one_read="send numbers: Loihi 2 does, and no energy of such a spike is published, so that no model of it is here",
        parts=parts,
    ),
)
