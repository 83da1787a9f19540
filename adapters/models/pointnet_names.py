"""Names of the weights in public PointNet checkpoints, turned into those of adapters/models/pointnet.py.

Known: the project's own = fxia22/pointnet.pytorch = yanx27's classifier ('feat.conv1', 'fc1'); vinits5/learning3d
('feature_model.conv1', 'linear1'); AnTao97/dgcnn.pytorch and others that have no module around the convolutions
('conv1', 'linear1', 'bn6'); yanx27's part segmentation ('conv1', 'convs1', 'bns1').
"""

import re

import torch

LAYOUTS = (
    (),
    ((r"^feature_model\.", "feat."), (r"^linear(\d)", r"fc\1")),
    (
        (r"^(conv|bn)([1-5])\.", r"feat.\1\2."),
        (r"^bn([6-9])\.", lambda m: f"bn{int(m[1]) - 5}."),
        (r"^linear(\d)", r"fc\1"),
    ),
    ((r"^(conv\d|bn\d|stn|fstn)\.", r"feat.\1."), (r"^(conv|bn)s(\d)", r"\1\2")),
    (
        (r"^(conv|bn)([1-3])\.", r"feat.\1\2."),
        (r"^bn([4-9])\.", lambda m: f"bn{int(m[1]) - 3}."),
        (r"^linear(\d)", r"fc\1"),
    ),
)


def renamed(state, network):
    """``state`` under the network's names: the layout whose names fit best (as they are, where none does).

    A dimension of length 1 that only one side has (a convolution stored as a linear layer, or as a Conv2d) is added or
    taken off; a bias that the checkpoint does not have, because batch norm follows, is zero.
    """
    wanted = network.state_dict()
    candidates = [{_apply(rules, name): value for name, value in state.items()} for rules in LAYOUTS]
    best = max(candidates, key=lambda found: len(set(found) & set(wanted)))  # the first of equals
    if not set(best) & set(wanted):
        return state
    fitted = {name: _fit(value, wanted.get(name)) for name, value in best.items()}
    for name, value in wanted.items():
        if name.endswith("bias") and name not in fitted and fitted.get(name.replace("bias", "weight"), value).ndim > 1:
            fitted[name] = torch.zeros_like(value)
    return fitted


def _apply(rules, name):
    for pattern, replacement in rules:
        changed = re.sub(pattern, replacement, name)
        if changed != name:
            return changed
    return name


def _fit(value, wanted):
    if (
        wanted is not None
        and value.shape != wanted.shape
        and [n for n in value.shape if n != 1] == [n for n in wanted.shape if n != 1]
    ):
        return value.reshape(wanted.shape)
    return value
