"""A small VGG for grey or colour pictures of 28 x 28 pixels or more: 220,000 weights, 4.9 M MACs at 28 x 28.

It is what a VGG is to a conversion: one chain of 3 x 3 convolutions, each with batch norm and a ReLU module of its own,
a max pooling after each stage, and a hidden fully connected layer behind them, which holds two thirds of the weights.
There is no shortcut and no functional call but the flattening. Source: ours, after vgg_cifar.py.
"""

from torch import nn


class SmallVGG(nn.Module):
    """[B, channels, size, size] -> [B, num_classes] logits.

    widths, depths: channels and number of convolutions of the stages, each of which ends in a max pooling of 2 x 2;
    hidden: neurons of the fully connected layer between the last pooling and the logits; size: of the pictures, in
    pixels, because the fully connected layer sees every place of the last pooling's output.
    """

    def __init__(self, num_classes=10, channels=1, widths=(16, 32, 64), depths=(1, 2, 2), hidden=256, size=28):
        super().__init__()
        layers = []
        for width, depth in zip(widths, depths, strict=True):
            for _ in range(depth):
                layers += [nn.Conv2d(channels, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
                channels = width
            layers.append(nn.MaxPool2d(2))
            size //= 2
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Linear(channels * size * size, hidden), nn.ReLU(), nn.Linear(hidden, num_classes)
        )

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


def vgg_small(num_classes=10, **arguments):
    """The network of benchmarks/zoo/vgg_fashion with default arguments; ``arguments`` go to SmallVGG."""
    return SmallVGG(num_classes, **arguments)
