"""One dry run of a network, and everything that is known from it.

``CallPass`` (interception.py) sees every torch function that a network calls. ``record`` (recorder.py) makes a list of
``calls`` of them, the support table (support.py) says what becomes of each, and placement.py where the neurons go.
synapses.py says how many synapses a spike reaches, operands.py how many numbers are not 0; snapshot.py copies the network so that it stays as it was.
"""

from .activations import identity
from .calling import call_network, normal_mode
from .calls import INPUT, Spec, Stream, averaged, map_specs, placeholders, specs_in, stream_slots, streams_of, wide
from .interception import CallPass, Identity, map_tensors, split_samples, tensors_in, x_batch
from .operands import multiplies, nonzero, nonzero_of, weighs
from .recorder import call_name, module_stack, record, signature
from .replaying import argument_maker, program, replay
from .snapshot import Snapshot, check_weights, copied
from .special import maximum_over_last
from .support import HOMOGENEOUS_RATES, RECURRENT, canonical
from .synapses import averages, fan_out, macs, passed

__all__ = [
    "identity",
    "call_network",
    "normal_mode",
    "INPUT",
    "Spec",
    "Stream",
    "averaged",
    "map_specs",
    "placeholders",
    "specs_in",
    "stream_slots",
    "streams_of",
    "wide",
    "CallPass",
    "Identity",
    "map_tensors",
    "split_samples",
    "tensors_in",
    "x_batch",
    "multiplies",
    "nonzero",
    "nonzero_of",
    "weighs",
    "call_name",
    "module_stack",
    "record",
    "signature",
    "argument_maker",
    "maximum_over_last",
    "program",
    "replay",
    "Snapshot",
    "check_weights",
    "copied",
    "HOMOGENEOUS_RATES",
    "RECURRENT",
    "canonical",
    "averages",
    "fan_out",
    "macs",
    "passed",
]
