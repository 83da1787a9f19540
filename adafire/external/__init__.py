"""Spiking networks made elsewhere: counted as those are that are converted here, and made by other libraries' converters.

products.py sees every product that a module computes, scales.py and streams.py tell spikes from numbers by their values, layers.py and arrivals.py
sum what arrived, stepping.py knows where a module's state is; module.py puts them together. registered.py lists other libraries'
converters, converters.py calls them.
"""

from .converters import convert
from .counting import Counted, count
from .module import ExternalSNN
from .registered import CONVERTERS, Converter, check, library

__all__ = ["CONVERTERS", "Converter", "check", "library", "convert", "Counted", "count", "ExternalSNN"]
