"""e(b): energy by the number of bits, weights from DRAM or from memory on the chip (spyx's honest energy accounting)."""

from ..energy import ENERGY_MODELS, EnergyModel, arithmetic

_WORD = 4


def parts(model, counters, host=None):
    """Weights are read by MACs and by what arrives at synapses; messages move, bit by bit, and so do inputs of MACs."""
    bits, chip = model.constants["bits"], model.constants["chip_pj_per_bit"]
    rows = counters.layers(counters.macs, counters.synapses, "macs", "ann_macs", "weights", "inputs")
    reads = sum(row[counters.macs] + row[counters.synapses] for row in rows if row["weights"])
    moved = sum(row["inputs"] * row["macs"] / row["ann_macs"] for row in rows if row["ann_macs"])
    sites = counters.sites("neuron_updates", "state_bytes", counters.sent, counters.bits)
    return {
        **arithmetic(model, counters),
        "weights": model.constants["weight_pj_per_bit"] * bits * reads,
        "membranes": chip * bits * 2 * sum(row["neuron_updates"] * row["state_bytes"] / _WORD for row in sites),
        "messages": model.constants["move_pj_per_bit"] * sum(row[counters.sent] * row[counters.bits] for row in sites),
        "activations": chip * bits * moved,
    }


def by_bits(name, bits, weight_pj_per_bit, where):
    """A model of ``bits`` for weights, activations and each number that a neuron keeps."""
    return EnergyModel(
        name,
        3.7 * (bits / 32) ** 2 + 0.9 * bits / 32,
        0.9 * bits / 32,
        "spyx, research/new/honest_energy_accounting (pull request 76): M. Horowitz, ISSCC 2014, scaled by bits; memory as in Yan, Bai "
        "and Wong, arXiv 2409.08290",
        node="45 nm, memory as published for 22 nm",
        precision=f"{bits} bits",
        constants={
            "bits": bits,
            "weight_pj_per_bit": weight_pj_per_bit,
            "chip_pj_per_bit": 0.25,
            "move_pj_per_bit": 3.0,
        },
        formula="MAC(b) = 3.7 (b/32)^2 + 0.9 b/32, AC(b) = 0.9 b/32; b bits of weight for each MAC and synaptic operation; b bits of "
        "state, read and written for each number of each neuron at every step, and b bits for each input of a MAC layer, at 0.25 pJ "
        "a bit; bits of messages at 3 pJ each (one hop)",
        included=f"arithmetic; weights {where}; membranes; messages over one hop; inputs of layers that multiply",
        excluded="more hops than one, biases, addresses, control, comparisons",
        one_read="send a burst as one number, and keep the weight that it has read while it is shifted and added, once for each spike",
        parts=parts,
        multiplies=True,
    )


for _model in (
    by_bits("spyx-8bit-dram", 8, 20.0, "from DRAM"),
    by_bits("spyx-8bit-on-chip", 8, 0.25, "from memory on the chip"),
):
    ENERGY_MODELS.register(_model.name, _model)
