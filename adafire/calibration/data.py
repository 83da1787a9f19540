"""The calibration inputs, and what was measured on them."""

import torch

from ..errors import InputError
from ..frames import Frames
from ..graph import Snapshot, tensors_in
from ..simulation import Plans
from .kept import Kept, digest_of_inputs, digest_of_network, digest_of_weights, folder_of
from .rounded_weights import rounded_plans


class Calibration:
    """Calibration inputs with what was measured on them.

    inputs: a tensor [B, ...] or Frames; a tuple (positional arguments) or a dict (keyword arguments) of them; or a list or
    another iterable of such inputs. Give the same object to several conversions of one network, and its dry runs, activation
    statistics and searches are made once. cache: a folder, in which statistics and searches stay for other processes and other
    days, by what they were measured on (kept.py); None: none.
    """

    def __init__(self, inputs, cache=None):
        self.inputs = [inputs] if isinstance(inputs, (torch.Tensor, Frames, tuple, dict)) else list(inputs)
        if not self.inputs or any(not tensors_in(x) or any(t.numel() == 0 for t in tensors_in(x)) for x in self.inputs):
            raise InputError(
                "the calibration set is empty; give at least one batch of inputs "
                "(a tensor [B, ...], or a list of inputs)"
            )
        self._network = self._forward = self._snapshot = self._digest = None
        self._measured, self._folder = {}, folder_of(cache)

    def kept(self, network, plan, notes):
        """The Kept for a network and its plans; None without a folder. notes: gets a sentence where nothing can be written."""
        if self._folder is None:
            return None
        self._digest = self._digest or digest_of_inputs(self.inputs)
        subject = f"{self._digest} {digest_of_network(network, plan(self.inputs[0]).trace)} {plan.relays} {digest_of_weights(plan.overrides)}"
        return Kept(self._folder, subject, tensors_in(self.inputs[0])[0].device, notes)

    def measured_on(self, network, forward, relays=False, verified=True, weights="float"):
        """(snapshot of ``network``, its plans, histograms, searches, sentences). weights: a name in rounded_weights.py. What was
        measured on another network, or before its weights or its switches changed, is forgotten."""
        if self._network is not network or self._forward != forward or not self._snapshot.shows(network):
            self._network, self._forward, self._snapshot, self._measured = network, forward, Snapshot(network), {}
        if (relays, weights) not in self._measured:
            plans = Plans(self._snapshot.network, forward, relays=relays, verified=verified)
            plans, notes = rounded_plans(plans, self.inputs[0], weights)
            self._measured[relays, weights] = plans, {}, {}, notes
        plans, histograms, searches, notes = self._measured[relays, weights]
        plans.verified = verified
        return self._snapshot, plans, histograms, searches, notes
