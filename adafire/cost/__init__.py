"""What a simulation did and what that costs: a ``Meter`` counts while it runs and makes a ``Report``.

layers.py says what layers are made of, arrivals.py where spikes go, routes.py works that out once a plan, arrived.py gives what
arrived by either (tally.py sums counts over synapses), binary.py finds inputs of zeros and ones, totals.py makes a ``Report`` of
sums; energy.py prices what was counted (counters.py) under named models, of which energy_models/ has a file for each family.
"""

from .arrivals import EventPass, where_numbers_meet_weights
from .binary import binary_samples, changed_macs
from .counters import LAYER, LAYER_FACTS, READINGS, counters_of_ann, counters_of_delta
from .energy import ENERGY_MODELS, EnergyModel, macs_are_cheaper
from .energy_models import page as energy_page
from .layers import static_costs
from .meter import Meter
from .report import Report
from .totals import new_sums

__all__ = [
    "changed_macs",
    "EventPass",
    "where_numbers_meet_weights",
    "binary_samples",
    "LAYER",
    "LAYER_FACTS",
    "READINGS",
    "counters_of_ann",
    "counters_of_delta",
    "ENERGY_MODELS",
    "EnergyModel",
    "macs_are_cheaper",
    "energy_page",
    "static_costs",
    "Meter",
    "Report",
    "new_sums",
]
