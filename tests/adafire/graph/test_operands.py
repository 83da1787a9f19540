"""Operators whose operands matter: constants beside spikes, activations that are spelled out, shapes taken from spikes, values
over the whole batch, random draws, and operators that torch.vmap has no rule for."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import adafire
from adafire.calibration.thresholds import Histogram
from adafire.graph.calling import call_network
from adafire.graph.recorder import record
from helpers.networks import relative_error

G = torch.Generator().manual_seed(0)
X = torch.randn(4, 3, 6, 6, generator=G)
FLOOR = torch.rand(1, 4, 1, 1, generator=G)


class Net(nn.Module):
    """Convolution, activation, body(self, value, input), convolution, activation, mean, linear layer."""

    def __init__(self, body=lambda self, h, x: h, activation=torch.relu, width=4, **modules):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second, self.last = (
            nn.Conv2d(3, 4, 3, padding=1),
            nn.Conv2d(width, 6, 3, padding=1),
            nn.Linear(6, 3),
        )
        self.body, self.activation = body, activation
        for name, module in modules.items():
            setattr(self, name, module)
        self.eval()

    def forward(self, x):
        h = self.body(self, self.activation(self.first(x)), x)
        return self.last(self.activation(self.second(h)).mean((2, 3)))


def error(net, x=X, timesteps=64, method="adafire-signed"):
    with torch.no_grad():
        return relative_error(adafire.convert(net, x, method=method, timesteps=timesteps)(x), net(x))


def sites(net, x=X):
    return [site.activation.kind for site in adafire.check(net, x).sites]


CONSTANT_OPERANDS = {
    "minimum of a number": lambda s, h, x: torch.minimum(h, torch.tensor(0.3)),
    "maximum of a learned floor": lambda s, h, x: torch.maximum(h, FLOOR),
    "max of a learned floor": lambda s, h, x: torch.max(FLOOR, h),
    "min of what the input gives": lambda s, h, x: torch.min(h, x[:, :1].abs() / 2),
    "fmax": lambda s, h, x: torch.fmax(h, FLOOR),
    "hypot": lambda s, h, x: torch.hypot(h, FLOOR),
    "norm that counts": lambda s, h, x: h * (h - 0.4).abs().clamp(max=0.1).norm(p=1, dim=1, keepdim=True),
    "clamp between tensors": lambda s, h, x: torch.clamp(h, FLOOR / 3, FLOOR),
    "lerp": lambda s, h, x: torch.lerp(h, FLOOR, 0.3),
    "renorm": lambda s, h, x: torch.renorm(h, 2, 0, 1.0),
    "cumulative products and maxima": lambda s, h, x: (h + 0.5).cumprod(1) + h.cummax(2)[0],
    "sorted, k-th and middle values": lambda s, h, x: (
        h.sort(1)[0] + h.kthvalue(2, 3, keepdim=True)[0] + h.median(2, keepdim=True)[0]
    ),
    "largest values": lambda s, h, x: torch.cat([h.topk(2, 1)[0], h[:, :2]], 1),
    "quantile": lambda s, h, x: h - h.quantile(0.5, 1, keepdim=True),
    "a slope that depends on spikes": lambda s, h, x: F.prelu(h - 0.2, h.mean((0, 2, 3))),
    "the norm's weights from spikes": lambda s, h, x: F.batch_norm(
        h, FLOOR.flatten(), FLOOR.flatten() + 1, h.mean((0, 2, 3)) + 1
    ),
}


@pytest.mark.parametrize("case", CONSTANT_OPERANDS)
@pytest.mark.parametrize("method", ["ours", "adafire-signed"])
def test_a_constant_operand_does_not_grow_with_time(case, method):
    net = Net(CONSTANT_OPERANDS[case])
    assert error(net, method=method) < 4e-3


def test_a_maximum_of_a_constant_is_no_spike():
    rows = adafire.check(Net(CONSTANT_OPERANDS["maximum of a learned floor"]), X).rows
    assert [row.status for row in rows if row.operator == "maximum"] == ["analog"]
    rows = adafire.check(Net(lambda s, h, x: F.max_pool2d(h, 3, 1, 1)), X).rows
    assert [row.status for row in rows if row.operator == "max_pool2d"] == ["exact"]


SPELLINGS = {
    "clamp to 0, c": (lambda v: v.clamp(0, 0.5), "hardtanh"),
    "clip by keywords": (lambda v: torch.clip(v, min=0, max=0.5), "hardtanh"),
    "clamp by a learned bound": (lambda v: torch.clamp(v, torch.tensor(0.0), torch.tensor(0.4)), "hardtanh"),
    "clamp by bounds of channels": (lambda v: torch.clamp(v, torch.zeros(1, 1, 1, 1), FLOOR[:, :1]), "hardtanh"),
    "clamp_min": (lambda v: v.clamp_min(0), "relu"),
    "maximum": (lambda v: torch.maximum(v, torch.zeros(())), "relu"),
    "max, the other way round": (lambda v: torch.max(torch.zeros_like(v), v), "relu"),
    "threshold": (lambda v: F.threshold(v, 0, 0), "relu"),
    "threshold, another": (lambda v: F.threshold(v, 0.1, 0.05), "threshold"),
    "mask": (lambda v: v * (v > 0), "relu"),
    "mask, cast": (lambda v: (0 < v).float() * v, "relu"),
    "mask of its type": (lambda v: (v >= 0).type_as(v).mul(v), "relu"),
    "where": (lambda v: torch.where(v > 0, v, 0.0), "relu"),
    "where, zeros": (lambda v: torch.where(v < 0, torch.zeros_like(v), v), "relu"),
    "where, method": (lambda v: v.where(v > 0, torch.tensor(0.0)), "relu"),
    "masked_fill": (lambda v: v.masked_fill(v < 0, 0), "relu"),
    "absolute value": (lambda v: (v + v.abs()) / 2, "relu"),
    "leaky": (lambda v: torch.where(v > 0, v, 0.1 * v), "spelled_out"),
    "elu": (lambda v: torch.where(v > 0, v, v.exp() - 1), "spelled_out"),
    "capped": (lambda v: v * ((v > 0) & (v < 9)), "spelled_out"),
    "silu": (lambda v: torch.sigmoid(v) * v, "silu"),
}


@pytest.mark.parametrize("case", SPELLINGS)
def test_activations_are_taken_however_they_are_spelled(case):
    spelled, kind = SPELLINGS[case]
    net = Net(activation=spelled)
    assert sites(net) == [kind, kind]
    assert error(net, timesteps=32, method="ours") < 2e-3 and error(net) < 4e-3


def test_a_gate_of_another_half_is_no_silu():
    def gated(self, h, x):
        a, b = h.chunk(2, 1)
        return (
            torch.cat([a * torch.sigmoid(b), a * (b > 0)], 1)
            if self.hard
            else a.repeat(1, 2, 1, 1) * torch.sigmoid(b.repeat(1, 2, 1, 1))
        )

    assert "silu" not in sites(Net(gated, hard=False)) and error(Net(gated, hard=False)) < 4e-3
    with pytest.raises(adafire.UnsupportedError, match="'gt' feeds integers or booleans"):
        adafire.check(Net(gated, hard=True), X)


def test_halves_of_one_layer_are_told_apart():
    class Glu(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.first, self.last = nn.Conv2d(3, 8, 3), nn.Linear(4, 3)

        def forward(self, x):
            a, b = self.first(x).chunk(2, 1)
            return self.last((a * torch.sigmoid(b)).mean((2, 3)))

    assert sites(Glu()) == ["sigmoid"] and error(Glu()) < 4e-3


def test_a_clamp_of_the_input_is_no_activation():
    class Clamped(Net):
        def forward(self, x):
            return super().forward(x.clamp(0, 1))

    assert len(sites(Clamped())) == 2 and error(Clamped()) < 4e-3


def test_what_is_taken_as_an_activation_is_said_where_none_is_found():
    with pytest.raises(
        adafire.UnsupportedError, match=r"no activation.*Found calls: conv2d, erf, linear, mean\. .*clamp\(x, 0, c\)"
    ) as refused:
        adafire.check(Net(activation=torch.erf), X)
    assert "scripted" not in str(refused.value)
    with pytest.raises(adafire.UnsupportedError, match="no layer with weights was seen.*A scripted or compiled"):
        adafire.check(torch.jit.trace(Net(), X), X)
    with pytest.raises(adafire.UnsupportedError, match="no weights come after an activation.*'relu' at 1"):
        adafire.check(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), X)


ORDER = torch.tensor([3, 1, 0, 2]).view(1, 4, 1, 1)
SHAPES = {
    "gather, expand_as": lambda s, h, x: h.gather(1, ORDER.expand_as(h)),
    "masked_fill, expand_as": lambda s, h, x: h.masked_fill((ORDER > 1).expand_as(h), 0.2),
    "where, view_as": lambda s, h, x: torch.where((torch.arange(h.numel()) % 3 > 0).view_as(h), h, -h),
    "reshape_as": lambda s, h, x: h.gather(1, ORDER.repeat(4, 1, 6, 6).flatten().reshape_as(h)),
    "type_as": lambda s, h, x: h * (ORDER > 1).type_as(h),
    "to": lambda s, h, x: h * (ORDER > 1).to(h),
    "indices that the input gives": lambda s, h, x: h.gather(1, x.argmax(1, keepdim=True).expand_as(h)),
    "order that the input gives": lambda s, h, x: h.gather(2, x[:, :1].argsort(2).expand_as(h)),
    "what the input gives, rounded": lambda s, h, x: h * torch.floor(x[:, :1]) / 3,
    "the same tensor again": lambda s, h, x: torch.as_tensor(h) + torch.asarray(h),
    "copied": lambda s, h, x: h.new_tensor(FLOOR) * h,
    "scattered": lambda s, h, x: (
        torch.zeros_like(h).scatter(1, ORDER.expand_as(h), h) + h.masked_scatter(ORDER.expand_as(h) > 2, h * 2)
    ),
    "put by an index": lambda s, h, x: (
        torch.zeros_like(h).index_put((torch.arange(4), ORDER.flatten()), h[:, 0]).index_add(1, ORDER.flatten(), h)
    ),
    "copied by an index": lambda s, h, x: h.index_copy(1, ORDER.flatten()[:2], h[:, 2:]).index_fill(
        1, ORDER.flatten()[:1], 0.1
    ),
    "grid of what spikes": lambda s, h, x: (
        h + torch.meshgrid(h.mean((0, 2, 3)), torch.ones(6), indexing="ij")[0].mean()
    ),
}


@pytest.mark.parametrize("case", SHAPES)
@pytest.mark.filterwarnings("ignore:To copy construct")
def test_constants_that_take_a_shape_or_are_taken_from_the_input(case):
    net, other = Net(SHAPES[case]).requires_grad_(False), X.flip(0, 3)  # what the dry run saw is not what comes later
    snn = adafire.convert(net, [X, other], method="adafire-signed", timesteps=64)
    assert relative_error(snn(X), net(X)) < 4e-3 and relative_error(snn(other), net(other)) < 4e-3


BATCH_WIDE = {
    "mean": lambda h: h - h.mean(),
    "maximum": lambda h: h / (h.max() + 0.1),
    "norm": lambda h: h / (h.norm() + 0.1),
    "sum": lambda h: h * (h.sum() + 1).sqrt() * 0.05,
    "deviation": lambda h: h / (h.std() + 0.1),
    "an activation of one number": lambda h: h * torch.relu(h.mean() - 0.1),
    "a number for a linear layer": lambda h: h + h.mean().view(1, 1),
}


@pytest.mark.parametrize("case", BATCH_WIDE)
@pytest.mark.parametrize("method", ["ours", "adafire-signed"])
def test_values_over_the_whole_batch(case, method):
    assert error(Net(lambda s, h, x: BATCH_WIDE[case](h)), method=method) < 4e-3


def test_early_exit_refuses_values_over_the_whole_batch():
    net = Net(lambda s, h, x: h / (h.max() + 0.1))
    with pytest.raises(adafire.UnsupportedError, match="network:max: 'max' gives one value over the whole batch"):
        adafire.convert(net, torch.cat([X, X.flip(3)]), method="adafire+iat", timesteps=4, search="none")


def test_an_output_of_one_number():
    class Score(Net):
        def forward(self, x):
            return super().forward(x).mean()

    assert error(Score()) < 4e-3


class Noise(nn.Module):
    """A buffer that is drawn anew at every call."""

    def __init__(self):
        super().__init__()
        self.register_buffer("noise", torch.zeros(1, 4, 1, 1))

    def forward(self, h):
        return h + self.noise.normal_()


RANDOM = {
    "beside the input": (lambda s, h, x: h + torch.rand(h.shape), "'rand'"),
    "on fresh memory": (lambda s, h, x: h + h.new_empty(h.shape).normal_(), "'normal'"),
    "on a constant": (lambda s, h, x: h * torch.bernoulli(FLOOR), "'bernoulli'"),
    "in a buffer": (lambda s, h, x: s.noisy(h), "'normal'"),
    "in control flow": (
        lambda s, h, x: h if torch.rand(()) > 0.5 else h * 2,
        "'rand' draws random numbers.*'bool' in the network hands them to Python",
    ),
    "in the read-out": (None, "'randn'"),
    "slopes": (lambda s, h, x: F.rrelu(h - 0.2, training=True), "rrelu in training"),
    "attention": (lambda s, h, x: F.scaled_dot_product_attention(h, h, h, dropout_p=0.5), "attention with dropout"),
    "dropout": (lambda s, h, x: F.dropout2d(h), "dropout in training"),
    "weights": (lambda s, h, x: F.conv2d(h, F.dropout(s.second.weight)[:4]), "dropout in training"),
    "a sequence": (lambda s, h, x: s.lstm(h.flatten(2))[0].view(4, 4, 6, 6), "lstm with dropout"),
}


@pytest.mark.parametrize("case", RANDOM)
def test_random_forwards_are_refused_by_name(case):
    body, name = RANDOM[case]
    net = Net(body or Net().body, noisy=Noise(), lstm=nn.LSTM(36, 36, 2, batch_first=True, dropout=0.5))
    net.lstm.train()
    if body is None:
        forward, net.forward = net.forward, lambda x: forward(x) + torch.randn(3)
    with pytest.raises(adafire.UnsupportedError, match=name):
        adafire.convert(net, X, timesteps=2)
    assert not any(hasattr(t, "_adafire_call") for t in (*net.parameters(), *net.buffers()))


def test_draws_that_nobody_uses_do_no_harm():
    def body(self, h, x):
        skip = torch.rand(())  # layer drop: looked at in training only
        return h * 2 if self.training and skip < 0.1 else h

    assert error(Net(body)) < 4e-3
    assert error(Net(lambda s, h, x: F.dropout(h, 0.0))) < 4e-3


def test_weights_standardised_by_a_batch_norm():
    class Standardised(nn.Conv2d):
        def forward(self, x):
            w = F.batch_norm(self.weight.view(1, self.out_channels, -1), None, None, training=True).view_as(self.weight)
            return F.conv2d(x, w, self.bias, padding=1)

    net = Net()
    net.second = Standardised(4, 6, 3)
    assert error(net) < 4e-3


def test_weights_from_the_input_and_from_spikes():
    def per_sample(h, w, groups):
        return F.conv2d(h.reshape(1, -1, 6, 6), w, padding=1, groups=groups).view(4, 4, 6, 6)

    from_input = Net(lambda s, h, x: per_sample(h, x.mean((2, 3)).repeat(1, 48).view(16, 4, 3, 3) / 4, 4))
    from_spikes = Net(lambda s, h, x: per_sample(h, h.mean((2, 3)).repeat(1, 36).view(16, 4, 3, 3) / 4, 4))
    for net in (from_input, from_spikes):
        snn = adafire.convert(net, X, method="adafire-signed", timesteps=64)
        assert relative_error(snn(X), net(X)) < 4e-3
        ours, known = snn.report(), adafire.convert(Net(), X, method="ann", timesteps=1)
        known(X)
        assert (
            ours.ann_macs == known.report().ann_macs + 4 * 4 * 16**2
        )  # 4 x 4 channels; 3 x 3 on 6 x 6 without padding: 16 x 16


class Sequence(nn.Module):
    """Convolution, ReLU, a recurrent layer over columns, ReLU, linear layer."""

    def __init__(self, make, **options):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.layer = nn.Conv2d(3, 5, 3), make(5, 4, batch_first=True, **options)
        self.last = nn.Linear(8 if options.get("bidirectional") else 4, 3)

    def forward(self, x):
        return self.last(torch.relu(self.layer(torch.relu(self.first(x)).mean(2).transpose(1, 2))[0]).mean(1))


class Cells(Sequence):
    def __init__(self, make):
        super().__init__(lambda *a, **k: make(*a))

    def forward(self, x):
        h, state = torch.relu(self.first(x)).mean(2), None
        for k in range(h.shape[2]):
            state = self.layer(h[..., k], state)
        return self.last(torch.relu(state[0] if isinstance(state, tuple) else state))


RECURRENT = {
    "lstm": lambda: Sequence(nn.LSTM),
    "two-way gru": lambda: Sequence(nn.GRU, bidirectional=True),
    "rnn": lambda: Sequence(nn.RNN),
    "lstm cell": lambda: Cells(nn.LSTMCell),
    "gru cell": lambda: Cells(nn.GRUCell),
}


@pytest.mark.parametrize("case", RECURRENT)
@pytest.mark.filterwarnings("error:There is a performance drop")
def test_recurrent_layers_between_neurons(case):
    net = RECURRENT[case]().eval()
    assert error(net, method="ours") < 4e-3 and error(net) < 4e-3


def test_macs_of_recurrent_layers():
    net = Sequence(nn.LSTM).eval()
    snn = adafire.convert(net, X, method="adafire-signed", timesteps=4)
    snn(X)
    row = next(row for row in snn.report().layers if row["op"] == "lstm")
    assert row["ann_macs"] == 4 * 4 * (4 * 5 + 4 * 4)  # 4 columns, 4 gates of 4, from 5 channels and 4 of its own
    assert row["macs"] == 4 * row["ann_macs"]


FOREIGN = {
    "matrix_exp": lambda s, h, x: torch.matrix_exp(0.05 * h),
    "kron": lambda s, h, x: torch.kron(h, torch.ones(2, 1)),
    "no rule at all": lambda s, h, x: h + torch.stack(torch._foreach_mul([h, h], 0.5)).sum(0),
    "global filter": lambda s, h, x: torch.fft.irfft2(torch.fft.rfft2(h) * torch.view_as_complex(s.filter), s=(6, 6)),
    "magnitudes of frequencies": lambda s, h, x: torch.fft.fft2(h).abs() / 6,
    "product in frequencies": lambda s, h, x: torch.fft.ifft2(torch.fft.fft2(h) * torch.fft.fft2(h.flip(1))).real / 6,
}


@pytest.mark.parametrize("case", FOREIGN)
@pytest.mark.parametrize("method", ["ours", "adafire-signed"])
def test_foreign_and_complex_operators(case, method):
    net = Net(FOREIGN[case], filter=nn.Parameter(torch.randn(4, 6, 4, 2, generator=torch.Generator().manual_seed(1))))
    assert error(net, method=method) < 4e-3


def test_channels_whose_largest_activation_is_next_to_nothing():
    histogram = Histogram(3)
    for scale in (1e-43, 1e-40, 1.0):
        histogram.update(torch.tensor([[1e-43, 0.5, 0.0]]) * scale, 1)
    assert histogram.maximum.tolist() == [0, 0.5, 0] and histogram.counts.sum(1).tolist() == [3, 3, 3]
    net = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 2, 3), nn.Flatten()
    ).eval()
    net[2].weight.data[0] = 1e-43
    for method in ("ours", "adafire-signed", "dcgs", "rate-max"):
        assert error(net, timesteps=32, method=method) < 0.1


def test_calls_of_the_network_itself_have_a_name():
    trace = record(Net(), X, call_network)
    assert [site.name for site in trace.sites] == ["network:relu", "network:relu[call 2]"]
    with pytest.raises(adafire.UnsupportedError, match="^network:rand: operator 'rand' draws random numbers"):
        adafire.check(Net(RANDOM["beside the input"][0]), X)
