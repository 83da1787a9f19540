"""What half precision means here: weights and currents are rounded, spikes and membranes are not (ours).

A spike leaves a site as count * theta. In a format of p significant bits that product is exact for every count up to phi once
theta has few enough of them; such a theta is less than 2 percent (bfloat16, phi 4) from the one that was fitted, and biases are
corrected again for it. Membrane potentials, counts and sums for the read-out are float32 in every precision.

That holds for the count-form neuron only. Laws of their own (DCGS, the differential codes) send changes of a mean, t m_t -
(t-1) m_{t-1}, which have more digits than a half format holds: what they send is rounded, and ``notes`` of the SNN say so.
"""

import torch

from ..errors import InputError
from ..graph import map_tensors
from ..registry import near_names

PRECISIONS = {"fp32": (torch.float32, 24), "bf16": (torch.bfloat16, 8), "fp16": (torch.float16, 11)}
"""name -> (dtype of weights and of what flows between sites, its significant bits)"""


def dtype_of(precision):
    """The torch dtype of a precision; InputError where it is not known.

    >>> dtype_of("bf16")
    torch.bfloat16
    """
    if precision not in PRECISIONS:
        raise InputError(f"precision={precision!r}{near_names(precision, PRECISIONS)} Known: {', '.join(PRECISIONS)}")
    return PRECISIONS[precision][0]


def cast(x, precision):
    """``x``, tensors in any structure, with the floating-point ones in the type of ``precision``; fp32 leaves all as they are."""
    if precision == "fp32":
        return x
    return map_tensors(lambda t: t.to(PRECISIONS[precision][0]) if t.is_floating_point() else t, x)


def exact_theta(theta, most, precision):
    """The nearest thresholds of which 1 to ``most`` fold are exact in ``precision``.

    >>> theta = torch.tensor([0.3, 1.7])
    >>> exact_theta(theta, 4, "bf16")  # six bits are left when counts need two (3; 4 is 1 and two zeros)
    tensor([0.2969, 1.6875])
    >>> bool((exact_theta(theta, 4, "bf16") * 3 == (exact_theta(theta, 4, "bf16") * 3).bfloat16()).all())
    True
    """
    odd = (most - 1) | 1
    bits = PRECISIONS[precision][1] - (odd.bit_length() if odd > 1 else 0)
    mantissa, exponent = torch.frexp(theta.float())
    return torch.ldexp((mantissa * 2.0**bits).round() / 2.0**bits, exponent)


def exact_params(params, precision):
    """NeuronParams whose spikes are exact in ``precision``; other laws than the count-form neuron are left as they are."""
    if params.neuron is not None:
        return params
    return params._replace(theta=exact_theta(params.theta, max(params.phi_plus, params.phi_minus), precision))
