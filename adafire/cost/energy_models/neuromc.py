"""NeuroMC's constants (32 nm), applied to events."""

from ..energy import ENERGY_MODELS, EnergyModel

_WORD = 4


def parts(model, counters, host=None):
    """One word for every number: weights and outputs of layers 16 bits, potentials 16 in an access of 256, spikes bit by bit."""
    k = model.constants
    rows = counters.layers(
        counters.macs, counters.synapses, "synops", "macs", "ann_macs", "weights", "inputs", "output_updates"
    )
    sites = counters.sites("neuron_updates", "state_bytes", counters.sent, counters.bits)
    updates = sum(row["neuron_updates"] for row in sites)
    kept = sum(row["neuron_updates"] * row["state_bytes"] / _WORD for row in sites)
    reads = sum(row[counters.macs] + row[counters.synapses] for row in rows if row["weights"])
    moved = sum(row["inputs"] * row["macs"] / row["ann_macs"] for row in rows if row["ann_macs"])
    written = sum(row["output_updates"] for row in rows)
    return {
        "operations": model.mac_pj * counters.total(counters.macs) + counters.additions_pj(model),
        "neurons": (k["add_pj"] + k["compare_pj"]) * updates,
        "weights": k["weight_pj"] * reads,
        "potentials": 2 * k["potentials_pj"] / k["potentials_of_an_access"] * kept,
        "inputs and outputs": k["weight_pj"] * moved + k["output_pj"] * written,
        "spikes": 2 * k["spike_pj_per_bit"] * sum(row[counters.sent] * row[counters.bits] for row in sites),
    }


ENERGY_MODELS.register(
    "neuromc-32nm",
    EnergyModel(
        "neuromc-32nm",
        1.36,
        0.582,
        "NeuroMC (Nature Communications 2026, s41467-026-70586-x), constants of SpikingJelly 2.0.0",
        node="32 nm",
        precision="16-bit weights and potentials, spikes of one bit",
        constants={
            "add_pj": 0.548,
            "mul_pj": 0.812,
            "mux_pj": 0.034,
            "compare_pj": 0.056,
            "weight_pj": 5.302,
            "output_pj": 5.793,
            "potentials_pj": 92.683,
            "potentials_of_an_access": 16,
            "spike_pj_per_bit": 0.4485,
        },
        formula="MAC = multiply + add, synaptic operation = multiplex + add, neuron update = add + compare; a weight word for each MAC "
        "and synaptic operation; potentials read and written at every step, 16 in an access of 92.683; outputs of layers written, "
        "inputs of layers that multiply read; bits of messages written and read",
        included="arithmetic, neurons, memories on the chip",
        excluded="DRAM (1300 pJ for 64 bits) and the network, as in the paper's own sums. The chip of the paper computes every synapse at "
        "every step, and keeps weights for a tile in registers: here only events are computed, and each reads its weight",
        one_read="keep the weight that a message has read in a register while it is shifted and added, once for each spike of it",
        parts=parts,
        multiplies=True,
    ),
)
