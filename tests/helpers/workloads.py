"""What tests of several adapters do with a workload, and with its network."""

import torch

import adafire


class Few:
    """A workload whose calibration is its first batch: enough for what is tested here."""

    def __init__(self, workload):
        self._workload, self._few = workload, workload.calibration()[:1]

    def __getattr__(self, name):
        return getattr(self._workload, name)

    def calibration(self):
        return self._few


def predict_all(workload):
    """{id: prediction} of the network itself on all batches."""
    found = {}
    with torch.no_grad():
        for batch in workload.batches():
            outputs = workload.forward(workload.network, batch.inputs)
            found.update(zip(batch.ids, workload.predict(outputs, batch), strict=True))
    return found


def exact_bursts(network, inputs, forward, relays):
    """An SNN whose error falls as 1 / T: signed bursts of 8, thresholds a quarter of the largest activation."""
    snn = adafire.convert(
        network,
        inputs,
        method="burst",
        threshold="max",
        phi_plus=8,
        phi_minus=8,
        v0=0.5,
        timesteps=64,
        forward=forward,
        relays=relays,
    )
    snn.params = {i: p._replace(theta=p.theta / 4) for i, p in snn.params.items()}
    return snn
