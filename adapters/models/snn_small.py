"""A small spiking network for grey or colour pictures of 28 x 28 pixels, trained as one: 25,000 weights, 1 M MACs a step.

Three 3 x 3 convolutions with batch norm and leaky integrate-and-fire neurons (tau = 2, threshold 1, reset by subtraction), and a linear
layer that reads their spikes. It computes one timestep; its state is in the neurons. The same network twice, for one checkpoint: with
SpikingJelly's neurons, whose surrogate gradients trained it (benchmarks/zoo/snn_fashion), and with neurons in a few lines of torch. Source: ours.
"""

import torch
from torch import nn

from adafire.errors import InputError


class LIF(nn.Module):
    """Leaky integrate-and-fire: the potential halves at every step, a spike takes 1 from it."""

    def __init__(self):
        super().__init__()
        self.reset()

    def reset(self):
        self.potential = 0.0

    def forward(self, x):
        charged = self.potential * 0.5 + x
        spikes = (charged >= 1).to(x.dtype)
        self.potential = charged - spikes
        return spikes


class SmallSNN(nn.Module):
    """[B, channels, size, size] -> [B, num_classes] of one timestep. neuron: makes a layer of neurons; widths: channels of the
    convolutions, the first and the last of which halve the picture."""

    def __init__(self, neuron, num_classes=10, channels=1, widths=(16, 24, 32), size=28):
        super().__init__()
        layers = []
        for width, stride in zip(widths, (2, 1, 2), strict=True):
            layers += [nn.Conv2d(channels, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), neuron()]
            channels, size = width, (size + stride - 1) // stride
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(channels * size * size, num_classes)

    def forward(self, x):
        return self.classifier(torch.flatten(self.features(x), 1))


def by_hand(num_classes=10, **arguments):
    """The network with neurons written here; it needs torch alone, and is not trained."""
    return SmallSNN(LIF, num_classes, **arguments)


def of_spikingjelly(num_classes=10, **arguments):
    """The network with SpikingJelly's ``LIFNode`` and its surrogate gradients (arc tangent)."""
    try:
        from spikingjelly.activation_based import neuron, surrogate
    except ImportError as error:
        raise InputError(
            f"these neurons are SpikingJelly's, which is not installed ({error}); pip install 'adafire[spikingjelly]'"
        ) from error
    return SmallSNN(
        lambda: neuron.LIFNode(tau=2.0, decay_input=False, v_reset=None, surrogate_function=surrogate.ATan()),
        num_classes,
        **arguments,
    )
