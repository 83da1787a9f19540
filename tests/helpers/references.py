"""Slow references that several tests compare with: a simulation step by step, one neuron in exact rationals, who leaves early."""

from fractions import Fraction
from math import floor

import torch
import torch.nn.functional as F

from adafire.simulation.exit import confidence


def step_by_step(network, x, theta, steps, phi, minus):
    """The integer Residual network, one timestep at a time, membrane form written out; returns means of the logits.

    x: an input, or a list with that of each timestep."""
    state = {}

    def fire(key, current):
        potential, n, target = state.get(key, (0, torch.zeros_like(current), 0))
        potential = potential + current
        new = torch.floor(potential.clamp(min=0) / theta + 0.5)
        new = torch.minimum(torch.maximum(new, n - minus), n + phi)
        state[key] = (potential, new, 0)
        return (new - n) * theta

    def pool(spikes):
        total, before = state.get("pool", (0, 0))
        total = total + spikes
        now = F.max_pool2d(total, 2)
        state["pool"] = (total, now)
        return now - before

    logits = 0
    for k in range(steps):
        s = pool(fire("stem", network.stem(x[k] if isinstance(x, list) else x)))
        y = fire("a", network.a(s))
        y = fire("b", network.b(y) + s)
        z = fire("c", network.c(torch.cat([s, y], 1)))
        logits = logits + network.fc(z.mean((2, 3)))
    return logits / steps, state


def count_form(currents, theta, v0, phi_plus, phi_minus):
    """One neuron, exact rationals: the equation of count.py."""
    x = n = 0
    out = []
    for current in currents:
        x += current
        new = floor(Fraction(max(x, 0), theta) + v0)
        new = min(max(new, n - phi_minus), n + phi_plus)
        out.append(new - n)
        n = new
    return out


def leave(trajectory, thresholds):
    """Step (0-based) at which each sample leaves, and whether its class differs from the last one; sample by sample."""
    steps, wrong = [], []
    for n in range(trajectory.shape[1]):
        t = next(
            t
            for t in range(len(thresholds))
            if t == len(thresholds) - 1 or float(confidence(trajectory[t, n : n + 1])) > float(thresholds[t])
        )
        steps.append(t)
        wrong.append(bool(trajectory[t, n].argmax() != trajectory[-1, n].argmax()))
    return steps, wrong
