"""How a network is called with an input, and in which mode of torch."""

import functools

import torch


def normal_mode(function):
    """``function`` outside of torch.inference_mode(), in which tensors could not be updated; without gradients."""

    @functools.wraps(function)
    def wrapped(*args, **kwargs):
        with torch.inference_mode(False), torch.no_grad():
            return function(*args, **kwargs)

    return wrapped


def call_network(network, x):
    """Default ``forward``: a tensor is one argument, a tuple or list positional arguments, a dict keyword arguments."""
    if isinstance(x, dict):
        return network(**x)
    return network(*x) if isinstance(x, (tuple, list)) else network(x)
