"""A small ReLU ResNet for grey or colour pictures of 28 x 28 to 64 x 64 pixels: 150,000 weights, 3 M MACs at 28 x 28.

It has, on purpose, what makes a conversion go wrong when modules are taken for calls: a functional ReLU, one ReLU
module shared by two calls of a block, a max pooling, and shortcuts both with and without a projection. Source: ours.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    """Two 3 x 3 convolutions and a shortcut; one ReLU module serves both activations."""

    def __init__(self, inputs, outputs, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU()
        self.shortcut = (
            nn.Identity()
            if stride == 1 and inputs == outputs
            else nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        )

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class SmallResNet(nn.Module):
    """[B, channels, H, W] -> [B, num_classes] logits. widths: of the blocks; each but the first halves the picture
    where it widens."""

    def __init__(self, num_classes=10, channels=1, widths=(16, 32, 64, 64)):
        super().__init__()
        self.stem = nn.Conv2d(channels, widths[0], 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(widths[0])
        self.pool = nn.MaxPool2d(2)
        pairs = list(zip((widths[0], *widths), widths))
        self.blocks = nn.Sequential(*(Block(i, o, 1 if i == o else 2) for i, o in pairs))
        self.head = nn.Linear(widths[-1], num_classes)

    def forward(self, x):
        x = self.pool(F.relu(self.norm(self.stem(x))))
        return self.head(torch.flatten(F.adaptive_avg_pool2d(self.blocks(x), 1), 1))


def resnet_small(num_classes=10, **arguments):
    """The network of benchmarks/zoo/resnet_fashion with default arguments; ``arguments`` go to SmallResNet."""
    return SmallResNet(num_classes, **arguments)
