"""The laws of the neurons, as pure functions on explicit state; a law is one ``scan`` over the currents of some timesteps.

count.py is the count-form neuron of IF, burst and AdaFire; multi_threshold.py that of DCGS, differential.py that of `ours`.
kernels.py runs them in one pass over memory where there is a C compiler, in_blocks.py in blocks elsewhere: the same bits.
named.py writes a law as JSON and reads it back; costs.py is what a law says of bits, bytes and values.
"""

from .costs import WORD, LawCosts, bits_of, costs_of
from .count import NeuronParams, quantised, target_counts
from .differential import DifferentialBurst
from .multi_threshold import MultiThreshold, values_of
from .named import law_of, law_terms, shown

__all__ = [
    "WORD",
    "LawCosts",
    "bits_of",
    "costs_of",
    "NeuronParams",
    "quantised",
    "target_counts",
    "DifferentialBurst",
    "MultiThreshold",
    "values_of",
    "law_of",
    "law_terms",
    "shown",
]
