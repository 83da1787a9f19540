"""ResNet-20, -32, -44 and -56 for pictures of 32 x 32, with option-A shortcuts. Source: He, Zhang, Ren, Sun, 'Deep
Residual Learning for Image Recognition', CVPR 2016, section 4.2.

A shortcut that halves the picture takes every second pixel and pads the new channels with zeros, half of them before
and half behind: no weights. Names of weights are those of the widely used checkpoints of
github.com/akamaster/pytorch_resnet_cifar10 ('conv1', 'layer1.0.bn1', ..., 'linear').
"""

import torch.nn.functional as F
from torch import nn


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions and the option-A shortcut; a functional ReLU."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.stride, self.added = stride, outputs - inputs

    def shortcut(self, x):
        if self.stride == 1 and not self.added:
            return x
        before = self.added // 2
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, before, self.added - before))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class CifarResNet(nn.Module):
    """[B, 3, 32, 32] -> [B, num_classes] logits; depth 6 n + 2 with n = ``blocks`` per stage of 16, 32, 64 channels."""

    def __init__(self, blocks, num_classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = self._stage(blocks, 16, 16, 1)
        self.layer2 = self._stage(blocks, 16, 32, 2)
        self.layer3 = self._stage(blocks, 32, 64, 2)
        self.linear = nn.Linear(64, num_classes)

    @staticmethod
    def _stage(blocks, inputs, outputs, stride):
        first = BasicBlock(inputs, outputs, stride)
        return nn.Sequential(first, *(BasicBlock(outputs, outputs, 1) for _ in range(blocks - 1)))

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(F.adaptive_avg_pool2d(x, 1).flatten(1))


def resnet20(num_classes=10):
    """0.27 M weights, 37 M MACs (41 M with those on the padding)."""
    return CifarResNet(3, num_classes)


def resnet32(num_classes=10):
    """0.46 M weights."""
    return CifarResNet(5, num_classes)


def resnet44(num_classes=10):
    """0.66 M weights."""
    return CifarResNet(7, num_classes)


def resnet56(num_classes=10):
    """0.85 M weights."""
    return CifarResNet(9, num_classes)
