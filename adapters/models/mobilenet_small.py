"""A small MobileNetV2 for grey or colour pictures of 28 x 28 to 64 x 64 pixels: 116,000 weights, 6.2 M MACs at 28 x 28.

It has what makes a MobileNetV2 hard to convert: inverted residuals whose bottlenecks are linear (their sums, and what the
next 1 x 1 convolution reads, are signed analog values, no activation behind them), depthwise convolutions, in which a
neuron adds up 9 inputs only, and ReLU6, whose outputs are bounded above. Blocks widen four times instead of six, and the
picture is halved only twice. Source: ours, after Sandler et al., 'MobileNetV2: Inverted Residuals and Linear Bottlenecks',
CVPR 2018.
"""

from torch import nn


def unit(inputs, outputs, kernel=1, stride=1, groups=1):
    """Convolution, batch norm and ReLU6, the three layers that everything but a block's end is made of."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU6(),
    )


class InvertedResidual(nn.Module):
    """1 x 1 to ``expansion`` times the channels, 3 x 3 depthwise, 1 x 1 back without activation; the input is added
    where its shape allows it."""

    def __init__(self, inputs, outputs, stride=1, expansion=4):
        super().__init__()
        hidden = inputs * expansion
        self.layers = nn.Sequential(
            *([unit(inputs, hidden)] if expansion > 1 else []),
            unit(hidden, hidden, 3, stride, groups=hidden),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.layers(x) if self.adds else self.layers(x)


class SmallMobileNetV2(nn.Module):
    """[B, channels, H, W] -> [B, num_classes] logits.

    stages: (expansion, outputs, blocks, stride of the first block) of each; stem, last: channels of the first
    convolution and of the 1 x 1 convolution before the average over all places.
    """

    def __init__(
        self,
        num_classes=10,
        channels=1,
        stem=16,
        last=256,
        stages=((1, 16, 1, 2), (4, 24, 1, 1), (4, 40, 3, 2), (4, 64, 2, 1)),
    ):
        super().__init__()
        layers, width = [unit(channels, stem, 3)], stem
        for expansion, outputs, blocks, stride in stages:
            for i in range(blocks):
                layers.append(InvertedResidual(width, outputs, stride if i == 0 else 1, expansion))
                width = outputs
        self.features = nn.Sequential(*layers, unit(width, last))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(last, num_classes)

    def forward(self, x):
        return self.classifier(self.pool(self.features(x)).flatten(1))


def mobilenet_small(num_classes=10, **arguments):
    """The network of benchmarks/zoo/mobilenet_fashion with default arguments; ``arguments`` go to SmallMobileNetV2."""
    return SmallMobileNetV2(num_classes, **arguments)
