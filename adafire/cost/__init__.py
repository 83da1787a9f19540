"""What a simulation did and what that costs: a ``Meter`` counts while it runs and makes a ``Report``.

layers.py says what layers are made of, arrivals.py where spikes go, tally.py sums counts over synapses, binary.py finds inputs
of zeros and ones, totals.py makes a ``Report`` of sums; energy.py prices what was counted under named models.
"""

from .arrivals import EventPass, where_numbers_meet_weights
from .energy import ENERGY_MODELS, EnergyModel
from .layers import static_costs
from .meter import Meter, over_fired

__all__ = [
    "EventPass",
    "static_costs",
    "where_numbers_meet_weights",
    "ENERGY_MODELS",
    "EnergyModel",
    "Meter",
    "over_fired",
]
