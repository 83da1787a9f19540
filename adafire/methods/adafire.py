"""AdaFire (Wang et al., AAAI 2025): bursts with calibrated thresholds; signed bursts take an early excess back (ours)."""

from .base import Method, register

register(Method("adafire", "Wang et al., AAAI 2025: burst neuron, per-channel MMSE thresholds, bias correction; here with "
                "one limit for every site", phi_plus=4, correction="light"))
register(Method("adafire-signed", "ours: adafire with phi_minus = phi_plus, so that counts follow their input both ways",
                phi_plus=4, phi_minus=4, correction="light"))
