"""Convert trained networks into spiking neural networks, without training.

>>> import torch, adafire
>>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2)).eval()
>>> x = torch.rand(16, 4)
>>> snn = adafire.convert(net, x, method="adafire-signed", timesteps=8)
>>> snn(x).shape, len(snn.sites)
(torch.Size([16, 2]), 1)
"""

from . import external, methods
from .calibration import Calibration, thresholds
from .check import check
from .convert import convert
from .cost import ENERGY_MODELS, EnergyModel
from .errors import AdafireError, InputError, UnsupportedError
from .external import ExternalSNN, count
from .frames import Frames
from .simulation import ExitJudge
from .snn.load import load
from .snn.network import SNN

__all__ = [
    "convert",
    "load",
    "check",
    "count",
    "SNN",
    "ExternalSNN",
    "Calibration",
    "Frames",
    "ExitJudge",
    "external",
    "methods",
    "thresholds",
    "ENERGY_MODELS",
    "EnergyModel",
    "AdafireError",
    "InputError",
    "UnsupportedError",
]

__version__ = "0.2.0"
