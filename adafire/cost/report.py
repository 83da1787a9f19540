"""What a simulation cost, as means per sample."""

from dataclasses import asdict, dataclass, field

from .counters import counters_of_ann
from .energy import ENERGY_MODELS


@dataclass
class Report:
    """Means per sample at one read-out time; rates and shares are sums over all samples by sums over all samples: spikes
    by neurons times the steps that each sample spent, over-fired neurons by neurons. Inputs may differ in size.

    mean_timesteps: steps that a sample spent, and exits: samples by the step they left at (all at T without early exit);
    synops: every unit spike at every synapse (but ``pooled_first``), the unit additions; synops_graded: every message at every
    synapse, a burst being one; macs: multiply-accumulates that remain;
    ann_macs: those of the network before conversion; over_fired: share of neurons that emitted more than their input
    asked for (unsigned spikes cannot be taken back), and over_fired_sites: share of sites with such a neuron.
    sites, layers: one dict for each site, and for each call with weights. fitted_for: T that parameters were fitted for, where
    they depend on it: a read-out before it is no conversion for that smaller T.

    eff_macs, ann_eff_macs: macs and ann_macs whose operand is not 0 (operands.py; ann_eff_macs is None unless ``counts_ann``).
    messages: events, a neuron and step with any spike; message_bits: of one, the largest of the sites; sent_bits: of all.
    neuron_updates: neurons times the steps that each sample spent, and the sub-steps of a code whose spikes have times of their
    own. active_steps: of these steps, those not known to be silent throughout (known for differential codes, whose silence means
    'as before'). sub_steps: steps times the longest burst of any neuron, for a chip that sends one spike a neuron and step; of a
    code whose layers wait for each other, its duration times the steps and the layers that a result passes before the last.
    values: how many numbers above 0 an activation can be after T steps, the largest of the sites. weight_bytes: of the layers'
    weights and biases, each once; footprint_bytes: and of what all neurons keep. None: a law does not say (costs.py of neurons).

    A row of ``sites`` has these too, and spike_bits, longest_burst, state_bytes (of one neuron), duration and waits (costs.py); a
    row of ``layers``: spikes and messages that arrive, elements of its inputs and outputs, output_updates (outputs times the
    steps in which it runs: once where its input is constant, or read out; 0 where spikes pass), elements of its weights and biases.
    """

    samples: int
    timesteps: int
    mean_timesteps: float
    exits: dict
    neurons: float
    spikes: float
    firing_rate: float
    synops: float
    synops_graded: float
    macs: float
    ann_macs: float
    over_fired: float
    over_fired_sites: float
    sites: list = field(default_factory=list)
    layers: list = field(default_factory=list)
    fitted_for: int | None = None
    eff_macs: float = 0.0
    ann_eff_macs: float | None = None
    messages: float = 0.0
    neuron_updates: float = 0.0
    active_steps: float = 0.0
    sub_steps: float = 0.0
    message_bits: int | None = 0
    sent_bits: float | None = 0.0
    values: int | None = 0
    weight_bytes: int = 0
    footprint_bytes: float | None = 0.0

    def __str__(self):
        fitted = f", fitted for T={self.fitted_for}" if self.fitted_for else ""
        own, before = self.energy_pj() / 1e6, self.ann_energy_pj() / 1e6
        return (
            f"read out at T={self.timesteps}{fitted}: {self.samples} samples, {self.mean_timesteps:.4g} steps a sample, "
            f"{self.spikes:.4g} spikes, {self.synops:.4g} synaptic operations, {self.macs:.4g} of {self.ann_macs:.4g} MACs; {own:.4g} uJ a "
            f"sample under horowitz-45nm, the network before conversion {before:.4g} uJ"
        )

    def energy_pj(self, model="horowitz-45nm", graded=False, reading="spike", zero_skipping=False, host=None):
        """Energy of one sample in pJ under a named model; reading, zero_skipping, host: see ``EnergyModel.energy_pj``. graded: of
        MACs and of one addition a message, as papers count that charge a burst, or a spike of any level, once."""
        if graded:
            return ENERGY_MODELS.get(model).energy_pj({"macs": self.macs, "synops": self.synops_graded})
        return ENERGY_MODELS.get(model).energy_pj(vars(self), None, reading, zero_skipping, host)

    def ann_energy_pj(self, model="horowitz-45nm", zero_skipping=False, host=None):
        """Energy of the network before conversion, one sample, in pJ."""
        counted = counters_of_ann(vars(self))
        return ENERGY_MODELS.get(model).energy_pj(counted, zero_skipping=zero_skipping, host=host)

    def as_dict(self):
        """JSON-able; what energy models take as counters."""
        return asdict(self)
