"""The harmony multi-threshold neuron (H-MT: 'Generalized Threshold Optimization with Harmony Multi-Threshold Neurons for Accurate
ANN-to-SNN Conversion', AAAI 2026; code: faizwh/H-MT).

n thresholds theta_i = 2^(n-i) theta, i = 1..n, of which all may fire in a step: with V the membrane potential, V(0) = theta / 2,

    s_i = [V >= theta_i],   V <- V - theta_i s_i      for i = 1..n in turn,      sent: sum_i theta_i s_i

(here theta is the smallest threshold, the paper's theta_n). The s_i are the binary digits of floor(V / theta), up to 2^n - 1: in
the count form of count.py that is the burst neuron with phi_plus = 2^n - 1 and v0 = 1/2, whose burst of k is sent as the
ones among the digits of k. Negative values: their second neuron gets the other sign of the current, and both tell each other what
they sent, so that the sum of their potentials stays theta: one potential, and bursts of either sign.
"""

from . import count, kernels
from .costs import WORD, LawCosts, bits_of


def ones_in(k):
    """Number of ones among the binary digits of |k|, for whole numbers k below 2^24 in floats.

    >>> import torch
    >>> ones_in(torch.tensor([0.0, 1.0, -6.0, 255.0]))
    tensor([0., 1., 2., 8.])
    """
    k = k.abs().round().int()
    k = k - ((k >> 1) & 0x55555555)
    k = (k & 0x33333333) + ((k >> 2) & 0x33333333)
    k = (k + (k >> 4)) & 0x0F0F0F0F
    return ((k * 0x01010101) >> 24).float()


class Harmony:
    """The law, for ``NeuronParams.neuron``; ``phi_plus`` of a site is ``levels``, ``phi_minus`` too where it is signed."""

    def __init__(self, levels):
        self.levels = levels

    def _bursts(self, params):
        most = 2**self.levels - 1
        return params._replace(phi_plus=most, phi_minus=most if params.phi_minus else 0, neuron=None)

    def initial_state(self, like, params):
        """A state at rest for a site whose input at one step looks like ``like`` ([B, ...])."""
        state = count.initial_state(like, self._bursts(params))
        return state._replace(events=state.graded.clone())

    def fast(self, z, t, steps, params, state, site):
        """``scan`` by the fused kernel of the count form (the same bits), or None where that does not apply."""
        if state is None:
            state = self.initial_state(z if z.dim() == len(site.shape) else z[0], params)
        own = state._replace(events=state.events.clone() if params.phi_minus else state.n)
        found = kernels.scan(z.float(), t, steps, self._bursts(params), own, site)
        return None if found is None else self._counted(*found, params, state)

    def scan(self, z, t, steps, params, state, activation):
        """Run ``steps`` timesteps after step ``t``; z and the result as in ``count.scan``, with what is sent for the spikes."""
        return self._counted(*count.scan(z, t, steps, self._bursts(params), state, activation), params, state)

    def _counted(self, out, new, params, state):
        return out, new._replace(events=state.events + ones_in(out / params.theta).sum(0))

    def asked(self, params, t):
        """What spike counts are held against (asked_for.py)."""
        return count.asked(self._bursts(params), t)._replace(least=(0.0, 0.0))  # fewer are sent than are counted there

    def spikes_of(self, changes, t):
        """Number of spikes for increments ``changes`` [K, ...] of a pooled result, in units of theta."""
        return ones_in(changes)

    def costs(self, params, activation, steps):
        """``LawCosts``: a message is the number that n spikes spell, and a sign where there is a second neuron; a spike is one of
        n levels. Kept is what the burst neuron keeps."""
        sides = 2 if params.phi_minus else 1
        most = 2**self.levels - 1
        kept = count.costs(self._bursts(params), activation, steps).state_bytes
        return LawCosts(bits_of(sides * most), bits_of(sides * self.levels), self.levels, max(WORD, kept), most * steps)

    def words(self, params):
        """What the law is called."""
        return f"harmony multi-threshold ({self.levels} levels)"
