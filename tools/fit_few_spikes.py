#!/usr/bin/env python
"""Fit the table of an FS neuron (adafire/neurons/few_spikes.py): thresholds T and resets h by annealing, outputs d by least squares."""

import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # from a clone, nothing need be installed

import numpy as np  # noqa: E402

from benchmarks.command import Parser, leave, run  # noqa: E402

EXAMPLES = """examples:
  python tools/fit_few_spikes.py sigmoid --restarts 1 --moves 200     # in seconds; what the defaults find takes minutes

exit status: 0 printed; 2 wrong arguments"""

FUNCTIONS = {
    "silu": (lambda x: x / (1 + np.exp(-x)), 16),
    "gelu": (lambda x: x * np.vectorize(lambda v: 0.5 * (1 + math.erf(v / 2**0.5)))(x), 16),
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), 12),
}
"""name -> (function, steps of its neuron)."""
REACH = 8.0
"""Inputs from -8 to 8 are fitted."""
SPIKE = 0.2
"""What a spike more, in the mean, must save of the squared error, relative to it."""


class Fit:
    """One function on a grid of inputs, with weights exp(-x^2 / 18) + 0.15."""

    def __init__(self, kind, steps):
        self.kind, self.steps, self.x = kind, steps, np.linspace(-REACH, REACH, 1001)
        weight = np.exp(-self.x * self.x / 18) + 0.15
        self.root = np.sqrt(weight / weight.sum())
        self.wanted = FUNCTIONS[kind][0](self.x) * self.root

    def spikes(self, thresholds, resets):
        """z [K, inputs]."""
        v, z = self.x.copy(), np.empty((self.steps, len(self.x)))
        for k in range(self.steps):
            z[k] = v >= thresholds[k]
            v -= resets[k] * z[k]
        return z

    def solved(self, thresholds, resets):
        """(cost, d, root mean square error, mean number of spikes) with the best outputs d."""
        z = self.spikes(thresholds, resets) * self.root
        d = np.linalg.solve(z @ z.T + 1e-7 * np.eye(self.steps), z @ self.wanted)
        error = self.wanted - d @ z
        square, spikes = float(error @ error), float((z * self.root).sum())
        return square * math.exp(SPIKE * spikes), d, square**0.5, spikes

    def start(self, rng):
        """Binary digits of positive inputs and six free steps; for the sigmoid all are free."""
        if self.kind == "sigmoid":
            return np.sort(rng.uniform(-5, 5, self.steps))[::-1].copy(), rng.uniform(0, 3, self.steps)
        digits = REACH * 2.0 ** -np.arange(1, self.steps - 5)
        return np.append(digits, rng.uniform(-5, 0.5, 6)), np.append(digits, rng.uniform(-1, 6, 6))

    def annealed(self, rng, moves):
        """(cost, T, h) of the best that a walk of so many moves has seen."""
        thresholds, resets = self.start(rng)
        cost = self.solved(thresholds, resets)[0]
        best = cost, thresholds, resets
        for i in range(moves):
            left = 1 - i / moves
            size = 10 ** rng.uniform(-3, 0.3) * (left + 0.02)
            pair, (k, j) = (thresholds.copy(), resets.copy()), rng.integers(self.steps, size=2)
            chosen = rng.random()
            if chosen < 0.9:
                pair[chosen > 0.45][k] += rng.normal() * size
            elif chosen < 0.95:  # a step that does nothing finds itself a use
                pair[0][k], pair[1][k] = rng.uniform(-5, REACH), rng.uniform(-1, 6)
            else:
                for values in pair:
                    values[[k, j]] = values[[j, k]]
            new = self.solved(*pair)[0]
            if new < cost or rng.random() < math.exp(-(new - cost) / (0.15 * cost * left**2 + 1e-12)):
                cost, (thresholds, resets) = new, pair
                best = min(best, (cost, thresholds, resets), key=lambda found: found[0])
        return best


def main(argv=None):
    p = Parser(__doc__, EXAMPLES)
    p.add_argument("kind", choices=sorted(FUNCTIONS), help="the activation")
    p.add_argument("--steps", type=int, help="steps K of the neuron (default: 16, sigmoid 12)")
    p.add_argument("--restarts", type=int, default=4, help="walks, of which the best one counts")
    p.add_argument("--moves", type=int, default=40000, help="moves of each walk")
    p.add_argument("--seed", type=int, default=0)
    return run(fitted, p, argv)


def fitted(given):
    """Print the table of a fit."""
    from adafire.errors import InputError

    if min(given.restarts, given.moves) < 1 or given.steps is not None and not 8 <= given.steps <= 32:
        raise InputError("expected --restarts and --moves of 1 or more, and --steps from 8 to 32")
    fit, rng = Fit(given.kind, given.steps or FUNCTIONS[given.kind][1]), np.random.default_rng(given.seed)
    _, thresholds, resets = min((fit.annealed(rng, given.moves) for _ in range(given.restarts)), key=lambda f: f[0])
    thresholds, resets = (np.array([float(f"{v:.5g}") for v in values]) for values in (thresholds, resets))
    used = fit.spikes(thresholds, resets).any(1)
    thresholds, resets, fit.steps = thresholds[used], resets[used], int(used.sum())
    _, d, error, spikes = fit.solved(thresholds, resets)
    worst = np.abs((fit.wanted - d @ (fit.spikes(thresholds, resets) * fit.root)) / fit.root).max()
    print(f"# {fit.steps} steps; root mean square error {error:.4f}, largest {worst:.3f}, {spikes:.2f} spikes")
    for name, values in (("T", thresholds), ("h", resets), ("d", d)):
        print(f'"{name}": ({", ".join(f"{v:.5g}" for v in values)}),')
    return 0


if __name__ == "__main__":
    leave(main())
