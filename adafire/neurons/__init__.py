"""The laws of the neurons, as pure functions on explicit state; a law is one ``scan`` over the currents of some timesteps.

count.py is the count-form neuron of IF, burst and AdaFire; multi_threshold.py that of DCGS, differential.py that of `ours`,
harmony.py that of H-MT, phased.py weighted spikes, one_pass.py codes that send a value once (few_spikes.py: FS neurons),
sigma_delta.py those that send changes of a value.
kernels.py runs the first three in one pass over memory, where there is a C compiler, and on a GPU with Triton (gpu.py);
in_blocks.py in blocks elsewhere: the same bits. named.py writes a law as JSON and reads it back; costs.py is what a law says of bits, bytes and values.
"""

from .asked_for import number_over_fired, over_fired
from .costs import WORD, Asked, LawCosts, bits_of, costs_of
from .count import NeuronParams, quantised, target_counts
from .differential import DifferentialBurst
from .few_spikes import MOST_OCTAVES, FewSpikes
from .few_spikes_tables import TABLES
from .gpu import divided
from .harmony import Harmony
from .held import HeldBurst
from .multi_threshold import MultiThreshold, values_of
from .named import law_of, law_terms, shown
from .one_pass import Digits, FirstSpike
from .phased import PhasedSpikes
from .phased import values_of as phased_values
from .sigma_delta import SigmaDelta
from .watch import NONE, Watch

__all__ = [
    "WORD",
    "Asked",
    "number_over_fired",
    "over_fired",
    "LawCosts",
    "bits_of",
    "costs_of",
    "NeuronParams",
    "quantised",
    "target_counts",
    "DifferentialBurst",
    "MOST_OCTAVES",
    "FewSpikes",
    "TABLES",
    "divided",
    "Harmony",
    "MultiThreshold",
    "values_of",
    "HeldBurst",
    "law_of",
    "law_terms",
    "shown",
    "Digits",
    "FirstSpike",
    "PhasedSpikes",
    "phased_values",
    "SigmaDelta",
    "NONE",
    "Watch",
]
