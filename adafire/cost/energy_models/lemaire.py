"""The analytical model of Lemaire et al. (ICONIP 2022): every layer has memories of its own, dearer the larger they are."""

from ..energy import ENERGY_MODELS, EnergyModel

_WORD = 4


def access_pj(capacity):
    """pJ of an access of 4 bytes in a memory of ``capacity`` bytes: straight lines between the paper's three SRAMs, from
    nothing at 0 (as SpikingJelly has it), and no dearer than the largest.

    >>> [access_pj(kib * 1024) for kib in (4, 8, 20, 32, 1024, 4096)]
    [5.0, 10.0, 15.0, 20.0, 100.0, 100.0]
    """
    points = ((0, 0.0), (8192, 10.0), (32768, 20.0), (1048576, 100.0))
    for (low, cost), (high, dearer) in zip(points, points[1:]):
        if capacity <= high:
            return cost + (dearer - cost) * (capacity - low) / (high - low)
    return points[-1][1]


def parts(model, counters, host=None):
    """Spikes: equations 5, 7, 8, 10, 13 to 17 of the paper; numbers that meet weights: 1, 3, 4, 6, 11, 12."""
    add, mul, queue = model.ac_pj, model.constants["mul_pj"], access_pj(model.constants["queue_bytes"])
    found = dict.fromkeys(("operations", "addresses", "weights", "potentials", "inputs and outputs"), 0.0)
    needed = "ann_macs weights biases inputs outputs output_updates synops".split()
    for row in counters.layers(counters.macs, counters.synapses, counters.sent, *needed):
        events, macs, conv = row[counters.synapses], row[counters.macs], row["op"].startswith("conv")
        parameters = access_pj(_WORD * (row["weights"] + row["biases"]))
        read, written = access_pj(_WORD * row["inputs"]), access_pj(_WORD * row["outputs"])
        runs = row["macs"] / row["ann_macs"] if row["ann_macs"] else 0.0
        biases = row["output_updates"] if row["biases"] else 0.0
        found["operations"] += add * (row["synops"] + biases) + mul * row.get("multiplied", 0.0) + (mul + add) * macs
        found["addresses"] += add * (events + runs * (row["inputs"] + row["outputs"]))
        found["addresses"] += 2 * (mul + add) * row[counters.sent] if conv else 0.0
        found["weights"] += parameters * ((events + macs if row["weights"] else 0.0) + biases)
        found["potentials"] += 2 * written * events
        found["inputs and outputs"] += read * (macs if conv else runs * row["inputs"]) + written * runs * row["outputs"]
        found["inputs and outputs"] += queue * row[counters.sent]
    for row in counters.sites("neurons", "neuron_updates", "spikes", counters.sent, "state_bytes"):
        words = row["state_bytes"] / _WORD
        found["operations"] += add * row["spikes"]
        found["potentials"] += 2 * access_pj(row["neurons"] * row["state_bytes"]) * words * row["neuron_updates"]
        found["inputs and outputs"] += queue * row[counters.sent]
    return found


ENERGY_MODELS.register(
    "lemaire-45nm",
    EnergyModel(
        "lemaire-45nm",
        3.2,
        0.1,
        "Lemaire et al., 'An analytical estimation of spiking neural networks energy efficiency', ICONIP 2022 (arXiv 2210.13107); "
        "its memories as interpolated by SpikingJelly 2.0.0",
        node="45 nm",
        precision="32-bit integer",
        constants={
            "mul_pj": 3.1,
            "sram_8_kib_pj": 10.0,
            "sram_32_kib_pj": 20.0,
            "sram_1_mib_pj": 100.0,
            "queue_bytes": 4000,
        },
        formula="spikes: at every synapse an addition, an address, a weight read, a potential read and written; through a queue of "
        "1,000 words at both ends; a convolution multiplies twice for an address; each spike is subtracted once (reset). Neurons: "
        "their state is read and written at every step. MACs: 3.2, a weight read each; a convolution reads an input for each, a "
        "linear layer each input once; outputs are written. Biases: an addition and a read for each output and step. Accesses of 4 "
        "bytes, at the price of the layer's own memory: 10, 20, 100 pJ in 8 KiB, 32 KiB, 1 MiB, straight lines between",
        included="arithmetic, addresses, weights, biases, potentials, inputs, outputs, queues",
        excluded="a network between cores, control, leakage; addresses within a convolution's kernel for MACs. Fan-out is exact at "
        "borders and strides, where the paper takes the whole kernel",
        one_read="read weight, potential and address once for a message, and shift and add the weight once for each spike of it",
        parts=parts,
        multiplies=True,
    ),
)
