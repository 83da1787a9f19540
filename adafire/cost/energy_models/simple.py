"""SpikingJelly's simple model: arithmetic, a weight read for each of its operations, biases, and membranes at every step."""

from ..energy import ENERGY_MODELS, EnergyModel, arithmetic

_BYTES = 4


def parts(model, counters, host=None):
    """Weights are read by MACs and by what arrives at synapses (``reading``); products of two activations read none."""
    byte = model.constants["memory_pj_per_byte"]
    rows = counters.layers(counters.macs, counters.synapses, "weights", "biases", "output_updates")
    reads = sum(row[counters.macs] + row[counters.synapses] for row in rows if row["weights"])
    biases = sum(row["output_updates"] for row in rows if row["biases"])
    kept = sum(row["neuron_updates"] * row["state_bytes"] for row in counters.sites("neuron_updates", "state_bytes"))
    return {
        **arithmetic(model, counters),
        "weights": byte * _BYTES * reads,
        "biases": byte * _BYTES * biases,
        "membranes": byte * 2 * kept,
    }


ENERGY_MODELS.register(
    "spikingjelly-simple",
    EnergyModel(
        "spikingjelly-simple",
        4.6,
        0.9,
        "SpikingJelly 2.0.0, SimpleEnergyProfiler: 45 nm operations of M. Horowitz, ISSCC 2014; 3.12 pJ a bit as quoted by STEP",
        node="45 nm",
        precision="32-bit float",
        constants={"memory_pj_per_byte": 24.96},
        formula="4.6 MACs + 0.9 synops + 24.96 x (4 bytes of weight for each MAC and synaptic operation + 4 bytes of bias for each "
        "output and step + the state of each neuron, read and written at every step)",
        included="arithmetic; reads of weights and biases; membranes, read and written at every step",
        excluded="routing, queues, addresses, inputs and outputs of layers. A weight is read for every use: nothing is kept in "
        "registers, for the ANN neither",
        one_read="keep the weight that a message has read in a register while it is shifted and added, once for each spike of it",
        parts=parts,
        multiplies=True,
    ),
)
