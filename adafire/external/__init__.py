"""Spiking networks made elsewhere: counted as those are that are converted here, and made by other libraries' converters.

products.py sees every product that a module computes, scales.py and streams.py tell spikes from numbers by their values, layers.py and arrivals.py
sum what arrived, stepping.py knows where a module's state is; module.py puts them together. converters.py calls other libraries'
converters.
"""

from .converters import CONVERTERS, convert
from .counting import Counted, count
from .module import ExternalSNN

__all__ = ["CONVERTERS", "convert", "Counted", "count", "ExternalSNN"]
