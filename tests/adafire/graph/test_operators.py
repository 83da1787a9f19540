"""Every row of the support table between two layers with neurons: what the row says is exact converges to the network, what it
refuses is refused by name."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import adafire
from adafire.graph import support as ops
from helpers.networks import relative_error

G = torch.Generator().manual_seed(0)
X = torch.randn(4, 3, 6, 6, generator=G)
CHANNELS = torch.rand(1, 4, 1, 1, generator=G)
ORDER = torch.tensor([2, 0, 3, 1])
MASK = (torch.arange(4) > 1).view(1, 4, 1, 1)
W = {
    n: torch.randn(*shape, generator=G) * 0.4
    for n, shape in dict(
        conv1d=(4, 4, 3), conv2d=(4, 4, 3, 3), conv3d=(1, 1, 3, 3, 3), square=(6, 6), three=(4, 6, 6), bias=(6,)
    ).items()
}
HEADS = nn.MultiheadAttention(6, 2, batch_first=True).eval()
SEQUENCE = {
    kind: make(6, 5, batch_first=True).eval()
    for kind, make in dict(
        lstm=nn.LSTM, gru=nn.GRU, rnn_tanh=nn.RNN, rnn_relu=lambda *a, **k: nn.RNN(*a, nonlinearity="relu", **k)
    ).items()
}
CELLS = {
    kind: make(6, 5).eval()
    for kind, make in dict(
        lstm_cell=nn.LSTMCell,
        gru_cell=nn.GRUCell,
        rnn_tanh_cell=nn.RNNCell,
        rnn_relu_cell=lambda *a: nn.RNNCell(*a, nonlinearity="relu"),
    ).items()
}


def flat(h):
    """[B, 4, 36]: a sequence of four, or four channels of a signal."""
    return h.flatten(2)


def rows(h):
    """[B, 4, 6]: a sequence."""
    return h.mean(2)


def deep(h):
    """[B, 1, 4, 6, 6]: a volume."""
    return h[:, None]


def fft(name):
    """The transform of that name, as real numbers."""

    def body(h):
        h = rows(h) if name in ("fft", "ifft", "rfft", "ihfft", "irfft", "hfft") else h
        out = getattr(torch.fft, name)(h)
        return torch.view_as_real(out.resolve_conj()).flatten(1) if out.is_complex() else out

    return body


def pair(h):
    """Two streams of spikes, of one shape."""
    return h, h.flip(1)


def setitem(h):
    """Half of the channels written into a tensor of zeros."""
    out = torch.zeros_like(h)
    out[:, :2] = h[:, :2]
    return out


# name of a row -> an operator of that name on what neurons send, h [4, 4, 6, 6]
CALLS = dict(
    conv1d=lambda h: F.conv1d(flat(h), W["conv1d"]),
    conv2d=lambda h: F.conv2d(h, W["conv2d"], padding=1),
    conv3d=lambda h: F.conv3d(deep(h), W["conv3d"]),
    conv_transpose1d=lambda h: F.conv_transpose1d(rows(h), W["conv1d"]),
    conv_transpose2d=lambda h: F.conv_transpose2d(h, W["conv2d"]),
    conv_transpose3d=lambda h: F.conv_transpose3d(deep(h), W["conv3d"]),
    linear=lambda h: F.linear(h, W["square"], W["bias"]),
    addmm=lambda h: torch.addmm(W["bias"], h.flatten(0, 2), W["square"]).view_as(h),
    batch_norm=lambda h: F.batch_norm(h, W["bias"][:4], CHANNELS.flatten() + 1),
    add=lambda h: torch.add(h, CHANNELS, alpha=2),
    sub=lambda h: torch.sub(h, CHANNELS, alpha=2),
    rsub=lambda h: torch.rsub(h, CHANNELS),
    neg=lambda h: -h,
    cumsum=lambda h: h.cumsum(1),
    avg_pool1d=lambda h: F.avg_pool1d(flat(h), 4),
    avg_pool2d=lambda h: F.avg_pool2d(h, 3, 2, 1),
    avg_pool3d=lambda h: F.avg_pool3d(deep(h), 2),
    adaptive_avg_pool1d=lambda h: F.adaptive_avg_pool1d(flat(h), 5),
    adaptive_avg_pool2d=lambda h: F.adaptive_avg_pool2d(h, 4),
    adaptive_avg_pool3d=lambda h: F.adaptive_avg_pool3d(deep(h), 2),
    mean=lambda h: h - h.mean(),
    sum=lambda h: h.sum((2, 3)),
    interpolate=lambda h: F.interpolate(h, scale_factor=2, mode="bicubic"),
    mul=lambda h: torch.mul(*pair(h)),
    multiply=lambda h: torch.multiply(h, CHANNELS),
    div=lambda h: torch.div(h, other=h.sum() + 1),
    true_divide=lambda h: torch.true_divide(h, CHANNELS + 1),
    matmul=lambda h: h @ h.transpose(2, 3),
    mm=lambda h: h.flatten(0, 2).mm(W["square"]).view_as(h),
    bmm=lambda h: flat(h).bmm(flat(h).transpose(1, 2)),
    baddbmm=lambda h: torch.baddbmm(W["three"], h[:, 0], h[:, 1]),
    einsum=lambda h: torch.einsum("bcij,bcjk->bcik", *pair(h)),
    view=lambda h: h.view(4, -1),
    reshape=lambda h: h.reshape(4, -1),
    flatten=lambda h: h.flatten(1),
    unflatten=lambda h: h.unflatten(1, (2, 2)),
    permute=lambda h: h.permute(0, 2, 3, 1),
    transpose=lambda h: h.transpose(1, 2),
    swapaxes=lambda h: h.swapaxes(1, 2),
    swapdims=lambda h: h.swapdims(1, 2),
    movedim=lambda h: h.movedim(1, 2),
    moveaxis=lambda h: torch.moveaxis(h, 1, 2),
    t=lambda h: h[:, 0, 0].t().t(),
    T=lambda h: h.sum((2, 3)).T.T,
    mT=lambda h: h.mT,
    adjoint=lambda h: h.adjoint(),
    cat=lambda h: torch.cat(pair(h), 1),
    concat=lambda h: torch.concat(pair(h), 1),
    concatenate=lambda h: torch.concatenate(pair(h), 1),
    stack=lambda h: torch.stack(pair(h), 1),
    hstack=lambda h: torch.hstack(pair(h)),
    vstack=lambda h: torch.vstack(pair(h))[:4],
    dstack=lambda h: torch.dstack(pair(h)),
    split=lambda h: h.split(2, 1)[1],
    chunk=lambda h: h.chunk(2, 1)[1],
    unbind=lambda h: h.unbind(1)[2],
    tensor_split=lambda h: h.tensor_split(2, 1)[1],
    hsplit=lambda h: h.hsplit(2)[1],
    vsplit=lambda h: h.transpose(0, 1).vsplit(2)[1].transpose(0, 1),
    dsplit=lambda h: h.dsplit(2)[1],
    narrow=lambda h: h.narrow(1, 1, 2),
    select=lambda h: h.select(1, 2),
    getitem=lambda h: h[:, ORDER],
    unsqueeze=lambda h: h.unsqueeze(2),
    squeeze=lambda h: h[:, :1].squeeze(1),
    expand=lambda h: h[:, :1].expand(-1, 4, -1, -1),
    expand_as=lambda h: h.gather(1, ORDER[None, :, None, None].expand_as(h)),
    repeat=lambda h: h.repeat(1, 2, 1, 1),
    repeat_interleave=lambda h: h.repeat_interleave(2, 1),
    tile=lambda h: h.tile(1, 2, 1, 1),
    contiguous=lambda h: h.contiguous(),
    clone=lambda h: h.clone(),
    detach=lambda h: h.detach(),
    to=lambda h: h.to(torch.float64).to(h),
    type=lambda h: h.type(torch.float64).float(),
    type_as=lambda h: MASK.type_as(h) * h,
    float=lambda h: h.float(),
    half=lambda h: h.half().float(),
    bfloat16=lambda h: (h.bfloat16() * 0 + 1).float() * h,
    double=lambda h: h.double().float(),
    pad=lambda h: F.pad(h, (1, 1), value=0.5),
    pixel_shuffle=lambda h: F.pixel_shuffle(h, 2),
    pixel_unshuffle=lambda h: F.pixel_unshuffle(h, 2),
    channel_shuffle=lambda h: F.channel_shuffle(h, 2),
    native_channel_shuffle=lambda h: torch.native_channel_shuffle(h, 2),
    roll=lambda h: h.roll(1, 2),
    flip=lambda h: h.flip(2),
    rot90=lambda h: h.rot90(1, (2, 3)),
    fliplr=lambda h: h.fliplr(),
    flipud=lambda h: h.flipud(),
    unfold=lambda h: F.unfold(h, 3),
    fold=lambda h: F.fold(F.unfold(h, 3), 6, 3),
    index_select=lambda h: h.index_select(1, ORDER),
    gather=lambda h: h.gather(1, h.max(1, keepdim=True)[1]),
    take_along_dim=lambda h: h.take_along_dim(ORDER[None, :, None, None], 1),
    view_as=lambda h: h.gather(1, ORDER[None, :, None, None].repeat(4, 1, 6, 6).flatten().view_as(h)),
    reshape_as=lambda h: CHANNELS.expand(4, 4, 6, 6).flatten().reshape_as(h) * h,
    dropout=lambda h: F.dropout(h, 0.5, False),
    dropout1d=lambda h: F.dropout1d(flat(h), 0.5, False),
    dropout2d=lambda h: F.dropout2d(h, 0.5, False),
    dropout3d=lambda h: F.dropout3d(deep(h), 0.5, False),
    feature_dropout=lambda h: torch.feature_dropout(h, 0.5, False),
    alpha_dropout=lambda h: F.alpha_dropout(h, 0.5, False),
    feature_alpha_dropout=lambda h: F.feature_alpha_dropout(h, 0.5, False),
    real=lambda h: torch.fft.fft(h).real,
    imag=lambda h: torch.fft.fft(h).imag,
    conj=lambda h: torch.fft.fft(h).conj().real,
    resolve_conj=lambda h: torch.fft.fft(h).conj().resolve_conj().imag,
    data=lambda h: h.data,
    view_as_real=lambda h: torch.view_as_real(torch.fft.fft(h)),
    view_as_complex=lambda h: torch.view_as_complex(h.unflatten(3, (3, 2)).contiguous()).abs(),
    fftshift=lambda h: torch.fft.fftshift(h),
    ifftshift=lambda h: torch.fft.ifftshift(h),
    diagonal=lambda h: h.diagonal(dim1=2, dim2=3),
    tril=lambda h: h.tril(),
    triu=lambda h: h.triu(),
    cpu=lambda h: h.cpu(),
    as_tensor=lambda h: torch.as_tensor(h),
    asarray=lambda h: torch.asarray(h),
    broadcast_tensors=lambda h: sum(torch.broadcast_tensors(h, CHANNELS)),
    broadcast_to=lambda h: h[:, :1].broadcast_to(4, 4, 6, 6),
    atleast_1d=lambda h: torch.atleast_1d(h),
    atleast_2d=lambda h: torch.atleast_2d(h),
    atleast_3d=lambda h: torch.atleast_3d(h),
    ravel=lambda h: h.ravel().view(4, -1),
    masked_fill=lambda h: h.masked_fill(MASK, 0.3),
    where=lambda h: torch.where(MASK, h, 0.2 - h),
    max_pool1d=lambda h: F.max_pool1d(flat(h), 3),
    max_pool2d=lambda h: F.max_pool2d(h, 3, 2, 1),
    max_pool3d=lambda h: F.max_pool3d(deep(h), 2),
    max_pool1d_with_indices=lambda h: F.max_pool1d(flat(h), 3, return_indices=True)[0],
    max_pool2d_with_indices=lambda h: F.max_pool2d(h, 2, return_indices=True)[0],
    max_pool3d_with_indices=lambda h: F.max_pool3d(deep(h), 2, return_indices=True)[0],
    adaptive_max_pool1d=lambda h: F.adaptive_max_pool1d(flat(h), 5),
    adaptive_max_pool2d=lambda h: F.adaptive_max_pool2d(h, 2),
    adaptive_max_pool3d=lambda h: F.adaptive_max_pool3d(deep(h), 2),
    max=lambda h: torch.max(h, CHANNELS),
    amax=lambda h: h - h.amax(1, keepdim=True),
    maximum=lambda h: torch.maximum(h, CHANNELS),
    min=lambda h: torch.min(h, CHANNELS),
    amin=lambda h: h.amin((2, 3)) + h.sum((2, 3)),
    minimum=lambda h: torch.minimum(h, torch.tensor(0.4)),
    softmax=lambda h: h.softmax(1),
    log_softmax=lambda h: h.log_softmax(1),
    softmin=lambda h: F.softmin(h, 1),
    layer_norm=lambda h: F.layer_norm(h, (6, 6)),
    group_norm=lambda h: F.group_norm(h, 2),
    instance_norm=lambda h: F.instance_norm(h),
    local_response_norm=lambda h: F.local_response_norm(h, 3),
    rms_norm=lambda h: F.rms_norm(h, (6, 6)),
    normalize=lambda h: F.normalize(h + 0.1),
    exp=lambda h: h.exp(),
    log=lambda h: (h + 0.5).log(),
    log1p=lambda h: h.log1p(),
    expm1=lambda h: h.expm1(),
    sqrt=lambda h: (h + 0.1).sqrt(),
    rsqrt=lambda h: (h + 0.5).rsqrt(),
    reciprocal=lambda h: (h + 0.5).reciprocal(),
    pow=lambda h: (h + 0.2) ** CHANNELS,
    square=lambda h: h.square(),
    abs=lambda h: (h - 0.3).abs(),
    clamp=lambda h: h.clamp(CHANNELS / 4, CHANNELS),
    clip=lambda h: h.clip(0.1, 0.5),
    clamp_min=lambda h: h.clamp_min(CHANNELS),
    clamp_max=lambda h: h.clamp_max(0.4),
    norm=lambda h: h / (h.norm() + 1),
    logsumexp=lambda h: h.logsumexp(1),
    std=lambda h: h / (h.std() + 0.1),
    var=lambda h: h.var((2, 3)),
    prod=lambda h: h[:, :2].prod(1),
    sin=lambda h: h.sin(),
    cos=lambda h: h.cos(),
    erf=lambda h: h.erf(),
    logit=lambda h: (h / (h + 1)).logit(0.1),
    sign=lambda h: (h - 0.3).sign() * (h - 0.3).square(),
    cosine_similarity=lambda h: F.cosine_similarity(h, h.flip(2) + 0.1),
    cdist=lambda h: torch.cdist(rows(h), W["three"][:, :3]),
    lp_pool1d=lambda h: F.lp_pool1d(flat(h), 2, 3),
    lp_pool2d=lambda h: F.lp_pool2d(h + 0.1, 3, 2),
    scaled_dot_product_attention=lambda h: F.scaled_dot_product_attention(rows(h), rows(h), h.mean(3)),
    multi_head_attention_forward=lambda h: HEADS(rows(h), rows(h), rows(h))[0],
    glu=lambda h: F.glu(h, 1),
    grid_sample=lambda h: F.grid_sample(
        h,
        torch.stack(torch.meshgrid(torch.linspace(-1, 1, 5), torch.linspace(-1, 1, 5), indexing="xy"), -1).expand(
            4, 5, 5, 2
        ),
        align_corners=True,
    ),
    vector_norm=lambda h: torch.linalg.vector_norm(h + 0.1, 3, dim=1),
    masked_scatter=lambda h: torch.zeros_like(h).masked_scatter_(MASK, h),
    index_add=lambda h: h.index_add(1, ORDER, h),
    scatter_add=lambda h: h.scatter_add(1, ORDER[None, :, None, None].expand(4, 4, 6, 6), h),
    index_copy=lambda h: h.index_copy(1, ORDER[:2], h[:, 2:]),
    index_fill=lambda h: h.index_fill(1, ORDER[:1], 0.1),
    roi_align=lambda h: __import__("torchvision").ops.roi_align(h, [torch.tensor([[0.0, 0, 5, 5]])] * 4, 3),
    **{
        name: fft(name)
        for name in "fft ifft rfft irfft fft2 ifft2 rfft2 irfft2 fftn ifftn rfftn irfftn hfft ihfft".split()
    },
    **{name: (lambda h, layer=layer: layer(rows(h))[0]) for name, layer in SEQUENCE.items()},
    **{name: (lambda h, cell=cell: cell(rows(h)[:, 0])) for name, cell in CELLS.items()},
)
CALLS["lstm_cell"] = lambda h: CELLS["lstm_cell"](rows(h)[:, 0])[0]

# name of a row -> an activation of that name on currents
ACTIVATIONS = {
    name: getattr(F, name)
    for name in "relu leaky_relu relu6 silu gelu hardswish mish elu celu selu tanh sigmoid "
    "hardsigmoid softplus softsign hardshrink softshrink tanhshrink logsigmoid".split()
}
ACTIVATIONS |= {
    "prelu": lambda v: F.prelu(v, torch.tensor([0.3, -0.2, 0.1, 1.5])),
    "rrelu": lambda v: F.rrelu(v, training=False),
    "hardtanh": lambda v: F.hardtanh(v, -0.3, 0.8),
    "threshold": lambda v: F.threshold(v, 0.1, 0.1),
    "spelled_out": lambda v: torch.where(v > 0, v, v.exp() - 1),
}

# name of a row -> an operator of that name that is refused between neurons
REFUSED = dict(
    **{name: (lambda h, name=name: h + getattr(torch, name)(h)) for name in ("rand_like", "randn_like")},
    **{name: (lambda h, name=name: h + 0.1 * getattr(torch, name)(h.shape)) for name in ("rand", "randn")},
    **{
        name: (lambda h, name=name, args=args: h + 0.1 * getattr(torch.zeros(1, 4, 1, 1), name + "_")(*args))
        for name, args in dict(
            uniform=(), exponential=(), cauchy=(), geometric=(0.5,), log_normal=(), random=(), normal=()
        ).items()
    },
    randint=lambda h: h * torch.randint(2, (4, 1, 1)),
    randint_like=lambda h: h * torch.randint_like(h, 2),
    randperm=lambda h: h[:, torch.randperm(4)],
    bernoulli=lambda h: h * torch.bernoulli(CHANNELS),
    multinomial=lambda h: h[:, torch.multinomial(CHANNELS.flatten(), 2)],
    poisson=lambda h: h * torch.poisson(CHANNELS),
    binomial=lambda h: h * torch.binomial(torch.ones_like(CHANNELS), CHANNELS),
    standard_gamma=lambda h: h * torch.distributions.Gamma(torch.ones(4, 1, 1), 1.0).sample(),
    sample_dirichlet=lambda h: h * torch.distributions.Dirichlet(torch.ones(6)).sample(),
    gumbel_softmax=lambda h: F.gumbel_softmax(h, dim=1),
    fractional_max_pool2d=lambda h: F.fractional_max_pool2d(h, 2, output_size=3),
    fractional_max_pool2d_with_indices=lambda h: F.fractional_max_pool2d(h, 2, output_size=3, return_indices=True)[0],
    fractional_max_pool3d=lambda h: F.fractional_max_pool3d(deep(h), 2, output_size=2),
    fractional_max_pool3d_with_indices=lambda h: F.fractional_max_pool3d(
        deep(h), 2, output_size=2, return_indices=True
    )[0],
    setitem=setitem,
    copy=lambda h: torch.zeros_like(h).copy_(h),
    index_put=lambda h: torch.zeros_like(h).index_put_((ORDER,), h),
    scatter=lambda h: torch.zeros_like(h).scatter_(1, ORDER[None, :, None, None].expand(4, 4, 6, 6), h),
    nonzero=lambda h: h.nonzero().float(),
    unique=lambda h: h.unique(),
    unique_consecutive=lambda h: h.unique_consecutive(),
    masked_select=lambda h: h.masked_select(MASK),
    fake_quantize_per_tensor_affine=lambda h: torch.fake_quantize_per_tensor_affine(h, 0.1, 0, 0, 255),
    fake_quantize_per_channel_affine=lambda h: torch.fake_quantize_per_channel_affine(
        h, torch.ones(4), torch.zeros(4), 1, 0, 255
    ),
    argmax=lambda h: h.gather(1, h.argmax(1, keepdim=True)),
    argmin=lambda h: h.gather(1, h.argmin(1, keepdim=True)),
    argsort=lambda h: h.gather(1, h.argsort(1)),
    count_nonzero=lambda h: h.count_nonzero(1).float(),
    floordiv=lambda h: h // 0.3,
    heaviside=lambda h: torch.heaviside(h, CHANNELS),
    floor_divide=lambda h: torch.floor_divide(h, 0.3),
    **{name: (lambda h, name=name: getattr(torch, name)(h * 3)) for name in ("round", "floor", "ceil", "trunc", "fix")},
)


class Net(nn.Module):
    """Convolution, ReLU (or the activation), the operator, two linear layers with a ReLU between them."""

    def __init__(self, body, activation=torch.relu):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.body, self.activation = nn.Conv2d(3, 4, 3, padding=1), body, activation
        self.parts = [HEADS, *SEQUENCE.values(), *CELLS.values()]
        with torch.no_grad():
            width = self.found(X).shape[1]
        self.second, self.last = nn.Linear(width, 12), nn.Linear(12, 3)
        self.eval()

    def found(self, x):
        out = self.body(self.activation(self.first(x)))
        return out.flatten(1) if out.dim() > 1 else out.expand(len(x), -1)

    def forward(self, x):
        return self.last(torch.relu(self.second(self.found(x))))


def errors(net, x=X, steps=(4, 128), method="adafire-signed"):
    """Relative errors of the converted network at each number of timesteps."""
    with torch.no_grad():
        return [relative_error(adafire.convert(net, x, method=method, timesteps=t)(x), net(x)) for t in steps]


def converges(net, x=X):
    """Assert that the error goes to zero with time, in both ways of coding."""
    few, many = errors(net, x, (4, 128))
    assert many < max(4e-3, few / 8) and errors(net, x, (64,), "ours")[0] < 4e-3


def ops_called(net):
    from adafire.graph.calling import call_network
    from adafire.graph.recorder import record

    return {call.op for call in record(net, X, call_network).calls}


UNREACHABLE = {"identity", "requires_grad_", "cuda", "swish", "upsample"}  # no function is seen by that name on the CPU


def test_every_row_of_the_table_has_an_invocation():
    named = {*CALLS, *ACTIVATIONS, *REFUSED}
    assert set(ops.RULES) - UNREACHABLE == named - UNREACHABLE


@pytest.mark.parametrize("name", sorted(CALLS))
def test_exact_rows_converge(name):
    if name == "roi_align":
        pytest.importorskip("torchvision", reason="roi_align is torchvision's")
    net = Net(CALLS[name])
    converges(net)
    assert name in ops_called(net)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_activation_rows_become_neurons(name):
    net = Net(lambda h: h, ACTIVATIONS[name])
    converges(net)
    assert adafire.check(net, X).sites[0].activation.kind == name


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_refused_rows_are_refused_by_name(name):
    with pytest.raises(adafire.UnsupportedError, match=f"'{name}'"):
        adafire.convert(Net(REFUSED[name]), X, timesteps=2)


class Grid(nn.Module):
    """A range whose end is read from the shape of what flows, as a tensor: Deformable DETR's reference points."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, x):
        h = torch.relu(self.a(x))
        for size in torch._shape_as_tensor(h)[1:]:
            h = h * torch.linspace(0.5, size - 0.5, size)
        y = self.b(torch.relu(h - 0.3))
        y[:, 0] = 2 * y[:, 1]  # a write in place: the network's own Python runs at every step
        return y


def test_ranges_that_end_at_a_shape_which_is_a_tensor():
    network, x = Grid().eval(), torch.randn(4, 6)
    with torch.no_grad():
        errors = [
            relative_error(adafire.convert(network, x, method="adafire-signed", timesteps=t)(x), network(x))
            for t in (4, 64)
        ]
    assert errors[1] < min(0.01, errors[0])
