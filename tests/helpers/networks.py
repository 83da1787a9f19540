"""Small networks that hold what real ones do: shared and functional ReLUs, residuals, pooling, concatenation, pyramids."""

import torch
import torch.nn.functional as F
from torch import nn


class Residual(nn.Module):
    """Shared nn.ReLU, F.relu, in-place ReLU, max pooling, concatenation, residual add, average pooling, linear head."""

    def __init__(self, classes=5):
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.a, self.b = nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1, groups=2)
        self.norm_b = nn.BatchNorm2d(8)
        self.c = nn.Conv2d(16, 12, 3, stride=2, padding=2, dilation=2)
        self.relu, self.pool, self.fc = nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Linear(12, classes)

    def forward(self, x):
        x = self.relu(self.norm(self.stem(x)))
        x = self.pool(x)
        y = F.relu(self.a(x))
        y = self.norm_b(self.b(y))
        y += x
        y = self.relu(y)
        z = torch.cat([x, y], 1)
        z = self.relu(self.c(z))
        return self.fc(z.mean((2, 3)))


class Pyramid(nn.Module):
    """A shared head over two levels that returns a dict of lists: nearest upsampling, a fixed output scale."""

    def __init__(self):
        super().__init__()
        self.down1, self.down2 = nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(8, 8, 3, 2, 1)
        self.lateral, self.head, self.out = nn.Conv2d(8, 8, 1), nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(8, 4, 1)
        self.act, self.scale = nn.ReLU(), nn.Parameter(torch.tensor(2.0))

    def forward(self, x):
        c1 = self.act(self.down1(x))
        c2 = self.act(self.down2(c1))
        p1 = self.lateral(c1) + F.interpolate(c2, size=c1.shape[-2:], mode="nearest")
        return {"maps": [self.out(self.act(self.head(p))) * self.scale for p in (p1, c2)]}


class Modern(nn.Module):
    """Leaky ReLU, SiLU as a module and spelled out, GELU, hard-swish, ReLU6, squeeze-and-excitation, layer norm."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(3 if i == 0 else 6, 6, 3, padding=1) for i in range(6))
        self.se, self.norm, self.fc = nn.Conv2d(6, 6, 1), nn.LayerNorm(6), nn.Linear(6, 4)
        self.out = nn.Linear(6, 4)

    def forward(self, x):
        x = F.leaky_relu(self.convs[0](x), 0.1)
        x = F.silu(self.convs[1](x))
        y = self.convs[2](x)
        x = y * torch.sigmoid(y)
        x = F.gelu(self.convs[3](x)) + x
        x = F.hardswish(self.convs[4](x))
        x = x * torch.sigmoid(self.se(x.mean((2, 3), keepdim=True)))
        x = F.relu6(self.convs[5](x)).flatten(2).transpose(1, 2)
        x = self.norm(x)
        return self.out(F.relu(torch.softmax(self.fc(x), -1) @ self.fc.weight)).mean(1)


class Shuffle(nn.Module):
    """Channel split and shuffle with the batch inside a reshape, as ShuffleNet and YOLO-FastestV2 write it."""

    def __init__(self):
        super().__init__()
        self.stem, self.branch, self.fc = (
            nn.Conv2d(3, 8, 3, 2, 1),
            nn.Conv2d(4, 4, 3, padding=1, groups=4),
            nn.Linear(8, 3),
        )

    def forward(self, x):
        x = torch.relu(self.stem(x))
        b, c, h, w = x.shape
        first, second = x.reshape(b * c // 2, 2, h * w).permute(1, 0, 2).reshape(2, -1, c // 2, h, w)
        x = torch.cat([first, torch.relu_(self.branch(second))], 1)
        return self.fc(F.adaptive_max_pool2d(x, 1).flatten(1))


class Bottleneck(nn.Module):
    """Where numbers meet weights: a depth-wise convolution and a linear bottleneck without activations, a sum of two such
    layers and nearest upsampling in a pyramid, and a read-out behind two layers without one."""

    def __init__(self):
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6)
        self.depth, self.norm_depth = nn.Conv2d(6, 6, 3, padding=1, groups=6, bias=False), nn.BatchNorm2d(6)
        self.point, self.lateral, self.top = nn.Conv2d(6, 8, 1), nn.Conv2d(6, 4, 1), nn.Conv2d(8, 4, 1)
        self.out, self.squeeze, self.fc = nn.Conv2d(4, 6, 3, padding=1), nn.Linear(6, 3), nn.Linear(3, 2)

    def forward(self, x):
        fine = F.relu6(self.norm(self.stem(x)))
        coarse = F.relu(self.point(self.norm_depth(self.depth(F.max_pool2d(fine, 2)))))
        both = self.lateral(fine) + F.interpolate(self.top(coarse), scale_factor=2, mode="nearest")
        return self.fc(self.squeeze(F.relu(self.out(both)).mean((2, 3))))


NETWORKS = {cls.__name__: cls for cls in (Residual, Pyramid, Modern, Shuffle, Bottleneck)}


def build(name, seed=0):
    """A network with non-trivial batch norm statistics, in eval mode."""
    torch.manual_seed(seed)
    network = NETWORKS[name]()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.3)
    return network.eval()


def integer_network(seed=0):
    """Residual with small integer weights and no batch norm: every current is an integer, so arithmetic is exact."""
    torch.manual_seed(seed)
    network = Residual()
    network.norm, network.norm_b = nn.Identity(), nn.Identity()
    for parameter in network.parameters():
        parameter.data = torch.randint(-2, 3, parameter.shape).float()
    return network.eval()


def relative_error(a, b):
    """|a - b| / |b| over all tensors of two nested outputs."""
    from adafire.graph.interception import tensors_in

    a, b = (torch.cat([t.flatten().double() for t in tensors_in(tree)]) for tree in (a, b))
    return float((a - b).norm() / b.norm())
