"""PointNet (Qi et al., CVPR 2017) for classes and for parts, with or without its T-Nets, and public checkpoints' names.

Inputs are points [B, channels, N]; outputs are raw scores, [B, classes] or [B, parts, N]. Every weight is applied to
one point at a time, so any N goes. What the public implementations differ in is an argument:

    pointnet()                                              3-64-64-64-128-1024, ReLU after each (the paper's)
    pointnet(widths=(64, 128, 1024), last_relu=False,       as fxia22/pointnet.pytorch and
             input_transform=True, feature_transform=1)     yanx27/Pointnet_Pointnet2_pytorch have it
    pointnet(pool='mean')                                   Adaptive Calibration's: mean over points, no maximum
    pointnet_parts(parts=50, widths=(64, 128, 1024), ...)   part segmentation
"""

import torch
import torch.nn.functional as F
from torch import nn

from adafire.errors import InputError


def _pooled(x, pool):
    """One feature [B, C] of all points [B, C, N]: their maximum, or their mean."""
    return x.amax(-1) if pool == "max" else x.mean(-1)


def _transformed(x, matrix):
    """Points [B, C, N], each multiplied with its cloud's matrix [B, C, C] (as a row vector)."""
    return torch.bmm(x.transpose(1, 2), matrix).transpose(1, 2)


class TNet(nn.Module):
    """A small PointNet that puts out a matrix [B, k, k] near the identity, from features [B, channels, N]."""

    def __init__(self, k, channels=None, widths=(64, 128, 1024), hidden=(512, 256), pool="max"):
        super().__init__()
        self.k, self.pool = k, pool
        sizes = (channels or k, *widths)
        for i in range(3):
            setattr(self, f"conv{i + 1}", nn.Conv1d(sizes[i], sizes[i + 1], 1))
        sizes = (widths[-1], *hidden, k * k)
        for i in range(3):
            setattr(self, f"fc{i + 1}", nn.Linear(sizes[i], sizes[i + 1]))
        for i, size in enumerate((*widths, *hidden)):
            setattr(self, f"bn{i + 1}", nn.BatchNorm1d(size))
        nn.init.zeros_(self.fc3.weight)
        nn.init.zeros_(self.fc3.bias)

    def forward(self, x):
        for i in (1, 2, 3):
            x = F.relu(getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(x)))
        x = _pooled(x, self.pool)
        for i in (1, 2):
            x = F.relu(getattr(self, f"bn{i + 3}")(getattr(self, f"fc{i}")(x)))
        x = self.fc3(x).view(-1, self.k, self.k)
        return x + torch.eye(self.k, dtype=x.dtype, device=x.device)


class Features(nn.Module):
    """The convolutions over points. forward: (global feature [B, widths[-1]], features of every point after each).

    input_transform: a T-Net for the coordinates; feature_transform: number of the convolution after which the features'
    T-Net stands, 0 for none; last_relu: whether the last convolution has one; local_first: whether the features handed
    out are those before the T-Net.
    """

    def __init__(self, channels, widths, input_transform, feature_transform, pool, last_relu, tnet, local_first=False):
        super().__init__()
        if pool not in ("max", "mean"):
            raise InputError(f"pool is {pool!r}; expected 'max' or 'mean'")
        if not 0 <= int(feature_transform) < len(widths):
            raise InputError(
                f"feature_transform is {feature_transform}; expected the number of a convolution before the "
                f"last, 1 to {len(widths) - 1}, or 0 for none"
            )
        self.count, self.pool, self.last_relu, self.local_first = len(widths), pool, last_relu, local_first
        self.feature_transform = int(feature_transform)
        sizes = (channels, *widths)
        tnet = {**tnet, "pool": pool}
        self.stn = TNet(3, channels, **tnet) if input_transform else None
        for i in range(self.count):
            setattr(self, f"conv{i + 1}", nn.Conv1d(sizes[i], sizes[i + 1], 1))
            setattr(self, f"bn{i + 1}", nn.BatchNorm1d(sizes[i + 1]))
        self.fstn = TNet(widths[self.feature_transform - 1], **tnet) if self.feature_transform else None

    def forward(self, x):
        if self.stn is not None:
            points = _transformed(x[:, :3], self.stn(x))
            x = torch.cat([points, x[:, 3:]], 1) if x.shape[1] > 3 else points
        local = []
        for i in range(1, self.count + 1):
            x = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(x))
            x = F.relu(x) if i < self.count or self.last_relu else x
            moved = _transformed(x, self.fstn(x)) if i == self.feature_transform else x
            local.append(x if self.local_first else moved)
            x = moved
        return _pooled(x, self.pool), local


class PointNet(nn.Module):
    """Scores [B, classes] of clouds [B, channels, N]."""

    def __init__(
        self,
        classes=40,
        channels=3,
        widths=(64, 64, 64, 128, 1024),
        hidden=(512, 256),
        input_transform=False,
        feature_transform=0,
        pool="max",
        last_relu=True,
        dropout=0.3,
        tnet=None,
    ):
        super().__init__()
        self.feat = Features(channels, widths, input_transform, feature_transform, pool, last_relu, tnet or {})
        sizes = (widths[-1], *hidden, classes)
        self.count = len(hidden)
        for i in range(self.count + 1):
            setattr(self, f"fc{i + 1}", nn.Linear(sizes[i], sizes[i + 1]))
        for i, size in enumerate(hidden):
            setattr(self, f"bn{i + 1}", nn.BatchNorm1d(size))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        x, _ = self.feat(x)
        for i in range(1, self.count + 1):
            x = F.relu(getattr(self, f"bn{i}")(getattr(self, f"fc{i}")(x)))
        return getattr(self, f"fc{self.count + 1}")(self.dropout(x))


class PointNetParts(nn.Module):
    """Scores [B, parts, N] of the points of clouds [B, channels, N].

    local: numbers of the convolutions whose features of a point stand beside the global feature. categories: the kind
    of object is given as well, one-hot [B, categories] (yanx27's); then forward takes two arguments.
    """

    def __init__(
        self,
        parts=50,
        channels=3,
        widths=(64, 128, 1024),
        hidden=(512, 256, 128),
        local=(1,),
        categories=0,
        input_transform=False,
        feature_transform=0,
        pool="max",
        last_relu=True,
        local_first=False,
        tnet=None,
    ):
        super().__init__()
        self.feat = Features(
            channels, widths, input_transform, feature_transform, pool, last_relu, tnet or {}, local_first
        )
        self.local, self.categories, self.count = tuple(local), categories, len(hidden)
        sizes = (widths[-1] + categories + sum(widths[k - 1] for k in self.local), *hidden, parts)
        for i in range(self.count + 1):
            setattr(self, f"conv{i + 1}", nn.Conv1d(sizes[i], sizes[i + 1], 1))
        for i, size in enumerate(hidden):
            setattr(self, f"bn{i + 1}", nn.BatchNorm1d(size))

    def forward(self, x, category=None):
        whole, local = self.feat(x)
        if self.categories:
            whole = torch.cat([whole, category], 1)
        x = torch.cat([whole.unsqueeze(-1).expand(-1, -1, x.shape[-1]), *(local[k - 1] for k in self.local)], 1)
        for i in range(1, self.count + 1):
            x = F.relu(getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(x)))
        return getattr(self, f"conv{self.count + 1}")(x)


def pointnet(**arguments):
    """PointNet for classes; arguments as above."""
    return PointNet(**arguments)


def pointnet_parts(**arguments):
    """PointNet for parts; arguments as above."""
    return PointNetParts(**arguments)
