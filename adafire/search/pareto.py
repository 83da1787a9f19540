"""The exact Pareto frontier of an additive choice: one option a site, least loss for every total cost.

Used by AdaFire (loss: sensitivity, cost: energy) and by SSC (loss: energy, cost: sensitivity). The scheme is that of
mixed-precision searches (ZeroQ's dynamic program, which the released code of AdaFire shares), here exact and with the
choices read back in the order of the sites.
"""

import numpy as np

from ..errors import InputError


def frontier(losses, costs, budget, most_points=20000):
    """(loss, cost, choices) of the assignments that no other one beats in both, with total cost <= ``budget``.

    losses, costs: for each site, the values of its options. Sorted by cost, so that the last one has the least loss. More
    than ``most_points`` partial assignments are thinned to the best one in each of as many equal intervals of cost (then
    the answer is exact to budget / most_points). Raises InputError if even the cheapest assignment exceeds the budget.

    >>> frontier([[3, 1], [2, 0]], [[1, 2], [1, 3]], budget=4)
    [(5.0, 2.0, [0, 0]), (3.0, 3.0, [1, 0])]
    """
    least = [float(np.min(c)) for c in costs]
    ahead = np.concatenate([np.cumsum(least[::-1])[::-1][1:], [0.0]])
    if sum(least) > budget * (1 + 1e-9):
        raise InputError(
            f"no choice fits the budget: the cheapest needs {sum(least):.4g}, the budget is {budget:.4g}; "
            "raise the budget ratio"
        )
    loss, cost = np.zeros(1), np.zeros(1)
    back = []
    for site, (site_losses, site_costs) in enumerate(zip(losses, costs)):
        total_loss = (loss[:, None] + np.asarray(site_losses)[None]).ravel()
        total_cost = (cost[:, None] + np.asarray(site_costs)[None]).ravel()
        option = np.tile(np.arange(len(site_losses)), len(loss))
        parent = np.repeat(np.arange(len(loss)), len(site_losses))
        inside = total_cost + ahead[site] <= budget * (1 + 1e-9)
        order = np.lexsort((total_loss[inside], total_cost[inside]))
        index = np.flatnonzero(inside)[order]
        best = np.minimum.accumulate(total_loss[index])
        keep = np.ones(len(index), bool)
        keep[1:] = best[1:] < best[:-1]
        index = index[keep]
        if len(index) > most_points:
            bucket = (total_cost[index] / budget * most_points).astype(int)
            last = np.append(bucket[1:] != bucket[:-1], True)  # the least loss of a bucket is its last point
            index = index[last]
        loss, cost = total_loss[index], total_cost[index]
        back.append((parent[index], option[index]))
    points = []
    for i in range(len(loss)):
        choices, at = [], i
        for parent, option in reversed(back):
            choices.append(int(option[at]))
            at = parent[at]
        points.append((float(loss[i]), float(cost[i]), choices[::-1]))
    return points


def best(losses, costs, budget):
    """Choices of the assignment with the least total loss at a total cost of at most ``budget``."""
    return frontier(losses, costs, budget)[-1][2]
