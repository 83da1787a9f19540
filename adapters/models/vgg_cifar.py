"""VGG-11, -13, -16 and -19 for pictures of 32 x 32, with batch norm and one linear layer. Source: Simonyan, Zisserman,
'Very Deep Convolutional Networks for Large-Scale Image Recognition', ICLR 2015, as CIFAR checkpoints have it.

Names of weights are those of github.com/kuangliu/pytorch-cifar: 'features.0.weight' (a convolution with bias),
'features.1.running_mean' (its batch norm), ..., 'classifier.weight' [num_classes, 512], 'classifier.bias'. Layers
are numbered in the order convolution, norm, ReLU; a pooling ends each stage.
"""

from torch import nn

from adafire.errors import InputError

STAGES = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
"""Convolutions of the stages, which have 64, 128, 256, 512 and 512 channels."""
POOLINGS = {"max": nn.MaxPool2d, "average": nn.AvgPool2d}


class CifarVGG(nn.Module):
    """[B, 3, 32, 32] -> [B, num_classes] logits; each stage ends in a pooling of 2 x 2, 'max' or 'average'."""

    def __init__(self, depth, num_classes=10, pooling="max"):
        super().__init__()
        if pooling not in POOLINGS:
            raise InputError(f"pooling is {pooling!r}; expected {' or '.join(map(repr, POOLINGS))}")
        layers, channels = [], 3
        for number, width in zip(STAGES[depth], (64, 128, 256, 512, 512)):
            for _ in range(number):
                layers += [nn.Conv2d(channels, width, 3, 1, 1), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
                channels = width
            layers.append(POOLINGS[pooling](2, 2))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(512, num_classes)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


def vgg11(num_classes=10, pooling="max"):
    """9.2 M weights."""
    return CifarVGG(11, num_classes, pooling)


def vgg13(num_classes=10, pooling="max"):
    """9.4 M weights."""
    return CifarVGG(13, num_classes, pooling)


def vgg16(num_classes=10, pooling="max"):
    """14.7 M weights, 313 M MACs. Average pooling is what spikes pass through exactly."""
    return CifarVGG(16, num_classes, pooling)


def vgg19(num_classes=10, pooling="max"):
    """20.0 M weights."""
    return CifarVGG(19, num_classes, pooling)
