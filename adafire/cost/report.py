"""What a simulation cost, as means per sample."""

from dataclasses import asdict, dataclass, field

from .energy import ENERGY_MODELS


@dataclass
class Report:
    """Means per sample at one read-out time; rates and shares are sums over all samples by sums over all samples: spikes
    by neurons times the steps that each sample spent, over-fired neurons by neurons. Inputs may differ in size.

    mean_timesteps: steps that a sample spent, and exits: samples by the step they left at (all at T without early exit);
    synops: every unit spike at every synapse (but ``pooled_first``); synops_graded: one event for a burst; macs:
    multiply-accumulates that remain;
    ann_macs: those of the network before conversion; over_fired: share of neurons that emitted more than their input
    asked for (unsigned spikes cannot be taken back), and over_fired_sites: share of sites with such a neuron.
    sites, layers: one dict for each site, and for each call with weights. fitted_for: T that parameters were fitted for, where
    they depend on it: a read-out before it is no conversion for that smaller T.
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

    def __str__(self):
        fitted = f", fitted for T={self.fitted_for}" if self.fitted_for else ""
        own, before = self.energy_pj() / 1e6, self.ann_energy_pj() / 1e6
        return (
            f"read out at T={self.timesteps}{fitted}: {self.samples} samples, {self.mean_timesteps:.4g} steps a sample, "
            f"{self.spikes:.4g} spikes, {self.synops:.4g} synaptic operations, {self.macs:.4g} of {self.ann_macs:.4g} MACs; {own:.4g} uJ a "
            f"sample under horowitz-45nm, the network before conversion {before:.4g} uJ"
        )

    def energy_pj(self, model="horowitz-45nm", graded=False):
        """Energy of one sample in pJ under a named model."""
        return ENERGY_MODELS.get(model).energy_pj(self.macs, self.synops_graded if graded else self.synops)

    def ann_energy_pj(self, model="horowitz-45nm"):
        """Energy of the network before conversion, one sample, in pJ."""
        return ENERGY_MODELS.get(model).energy_pj(self.ann_macs, 0.0)

    def as_dict(self):
        """JSON-able."""
        return asdict(self)
