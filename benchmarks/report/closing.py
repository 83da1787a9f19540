"""The lines that a run ends with: who is near the ANN, what that costs, and where it stands next to an integer network."""

from .within import POINTS, best_rows

MOST = 3
"""Methods that are named: the cheapest."""


def closing(rows, random=False):
    """Two lines or one for each task of ``rows`` (as of ``rows_of_run``), as text; nothing where no spiking row stands beside an ANN.
    random: their network has random weights, so that there is no score to be near to."""
    if random:
        return [
            f"{task}: random weights: the scores mean nothing, and the tables of the results folder leave these rows out"
            for task in dict.fromkeys(row["task"] for row in rows)
        ]
    found = []
    for task in dict.fromkeys(row["task"] for row in rows):
        near, missed = best_rows([row for row in rows if row["task"] == task])
        if not near and not missed:
            continue
        near = sorted(near, key=lambda row: (min(row["of_ann"].values(), default=9.0), row["timesteps"]))
        words = [f"{row['method']} at T = {row['timesteps']}{_wide(row)}" for row in near]
        more = f" and {len(words) - MOST} more" if len(words) > MOST else ""
        found.append(f"{task}: within {POINTS} points of the ANN: {', '.join(words[:MOST]) or 'none'}{more}")
        found += [f"{task}: {_cost(row)}" for row in near[:1] if row["of_ann"]]
    return found


def _wide(row):
    """The interval of the drop, where it is too wide to say so."""
    _, low, high = row["drop"]
    known = low is not None and high is not None
    return (
        f" [{low:.1f}, {high:.1f} points below it: too few samples to tell]"
        if known and high - low > 4 * POINTS
        else ""
    )


def _cost(row):
    low, high = min(row["of_ann"].values()), max(row["of_ann"].values())
    said = f"{row['method']} takes {low:.2f} to {high:.2f} of the ANN's energy under {len(row['of_ann'])} models and readings"
    if not row["of_integer"]:
        return said + "; beside an integer network: --rivals"
    less = sum(share < 1 for share in row["of_integer"].values())
    return said + f", and less than an integer network that skips zeros under {less} of {len(row['of_integer'])}"
