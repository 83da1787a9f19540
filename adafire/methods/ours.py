"""Signed AdaFire with everything that helps (ours): bursts of either sign, searched limits, SSC."""

from .adafire import AdaFire
from .base import register

register(AdaFire("ours", "ours: signed bursts, searched limits, SSC within a small rise of the divergence", phi_minus=4,
                 search=True, ssc=True, ssc_budget=1.25))
