"""Small PointNets whose batch norms and T-Nets do something."""

import torch
from torch import nn

SMALL = dict(classes=4, widths=(8, 8, 16), hidden=(12,))
TNETS = dict(input_transform=True, feature_transform=1, tnet=dict(widths=(6, 8, 12), hidden=(10, 8)))


def alive(network, seed=0):
    """Random batch norms and T-Nets that do something, in eval mode."""
    torch.manual_seed(seed)
    for name, module in network.named_modules():
        if isinstance(module, nn.BatchNorm1d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.3)
        if name.endswith("stn.fc3"):
            nn.init.normal_(module.weight, 0, 0.2)
    return network.eval()
