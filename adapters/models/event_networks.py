"""Networks for event data: those for pictures with other input channels, and a small one.

18 channels are 2 polarities x 9 time bins, 2 channels one frame (adapters/events/data/event_frames.py). Any size of 32 x 32 or
more goes in: the last layer is behind a global average. Source: He et al., CVPR 2016 (ResNet-18, here with torchvision's
names of weights); Simonyan, Zisserman, ICLR 2015 (VGG-11 with batch norm); the four convolutions are ours.
"""

import torch.nn.functional as F
from torch import nn

from .resnet_small import SmallResNet
from .vgg_cifar import STAGES


def resnet18(num_classes=10, channels=18):
    """torchvision's ResNet-18 with a first convolution for ``channels``: 11.2 M weights."""
    from torchvision.models import resnet18 as plain

    network = plain(num_classes=num_classes)
    network.conv1 = nn.Conv2d(channels, 64, 7, 2, 3, bias=False)
    nn.init.kaiming_normal_(network.conv1.weight, mode="fan_out", nonlinearity="relu")
    return network


class EventCNN(nn.Module):
    """[B, channels, H, W] -> [B, num_classes] logits. widths: of 3 x 3 convolutions with batch norm and ReLU, 'M' for a
    max pooling of 2 x 2; then a global average and one linear layer."""

    def __init__(self, widths, num_classes, channels, dropout=0.0):
        super().__init__()
        layers = []
        for width in widths:
            if width == "M":
                layers.append(nn.MaxPool2d(2))
            else:
                layers += [
                    nn.Conv2d(channels, width, 3, 1, 1, bias=False),
                    nn.BatchNorm2d(width),
                    nn.ReLU(inplace=True),
                ]
                channels = width
        self.features, self.dropout = nn.Sequential(*layers), nn.Dropout(dropout)
        self.classifier = nn.Linear(channels, num_classes)

    def forward(self, x):
        x = F.adaptive_avg_pool2d(self.features(x), 1).flatten(1)
        return self.classifier(self.dropout(x))


def vgg11(num_classes=10, channels=18):
    """9.2 M weights; for 32 x 32 and more."""
    widths = []
    for number, width in zip(STAGES[11], (64, 128, 256, 512, 512)):
        widths += [width] * number + ["M"]
    return EventCNN(widths, num_classes, channels)


def conv4(num_classes=10, channels=2, dropout=0.3):
    """Four convolutions (16, 32, 64, 64), 62 K weights."""
    return EventCNN((16, "M", 32, "M", 64, "M", 64), num_classes, channels, dropout)


def resnet_small(num_classes=10, channels=18, **arguments):
    """The project's small residual network (resnet_small.py): 155 K weights."""
    return SmallResNet(num_classes, channels=channels, **arguments)
