"""The support table: what becomes of every operator when a network is run as spikes over time.

One row an operator, whatever its spelling (``torch.relu``, ``F.relu``, ``nn.ReLU``, ``x.relu_()`` are all 'relu'). The
tracer, the pre-flight check and the generated documentation read this table and nothing else.

Treatments (ours; DESIGN 3.1):
  activation   becomes a layer of neurons
  linear       acts on every timestep by itself; exact, because the mean of L(x_t) is L(mean of x_t)
  structure    moves values; exact
  rate         acts on the running mean, y_t = t f(X_t/t) - (t-1) f(X_{t-1}/(t-1)); the mean of y over t steps is exactly
               f(mean of x), but what flows on is analog (except after max pooling, where it is still spikes)
  unsupported  refused where a neuron comes after it, with the reason
"""

from typing import NamedTuple

from torch.overrides import resolve_name


class Rule(NamedTuple):
    """One row. ``counts`` says what the operator does to spikes when synaptic operations are counted:
    'through' spikes stay spikes; 'synapse' every spike is multiplied with weights; 'analog' the result is a number."""

    treatment: str
    exact: bool
    counts: str
    note: str


RULES = {}


def _rows(names, treatment, exact, counts, note):
    for name in names.split():
        RULES[name] = Rule(treatment, exact, counts, note)


# fmt: off
_rows("relu", "activation", True, "through", "neurons; count follows max(X, 0)")
_rows("leaky_relu prelu rrelu relu6 hardtanh silu gelu hardswish mish elu celu selu tanh sigmoid hardsigmoid softplus "
      "softsign swish threshold hardshrink softshrink tanhshrink logsigmoid", "activation", True, "through",
      "neurons; count follows t f(X/t); negative values need negative spikes")
_rows("spelled_out", "activation", True, "through",
      "neurons; an activation of one value written with a mask of it, such as where(x > 0, x, exp(x) - 1)")
_rows("conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d linear addmm",
      "linear", True, "synapse", "weights on spikes; one synaptic operation a spike and synapse")
_rows("batch_norm", "linear", True, "synapse",
      "in eval mode; folded into the convolution before it where there is one; behind neurons it scales spikes")
_rows("fft ifft rfft irfft fft2 ifft2 rfft2 irfft2 fftn ifftn rfftn irfftn hfft ihfft",
      "linear", True, "analog", "a sum of every value with complex weights; mixes spikes (analog)")
_rows("add sub rsub neg cumsum", "linear", True, "through", "spikes of both operands go on")
_rows("avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d mean sum",
      "linear", True, "through", "a spike passes with weight 1/window, merged into the next layer's synapses")
_rows("interpolate upsample", "linear", True, "analog", "nearest copies spikes; linear modes mix them (analog)")
_rows("roi_align", "linear", True, "analog", "bilinear samples of boxes that are constant in time; mixes spikes (analog)")
_rows("mul div multiply true_divide", "linear", True, "through",
      "by a number, a parameter or a value constant in time; a product or quotient of two spike streams is a rate operator")
_rows("matmul bmm baddbmm einsum mm", "linear", True, "synapse",
      "with a parameter; a product of two spike streams is a rate operator")
_rows("view reshape flatten unflatten permute transpose swapaxes movedim t T mT cat concat concatenate stack split chunk "
      "unbind tensor_split narrow select getitem unsqueeze squeeze expand expand_as repeat repeat_interleave tile "
      "contiguous clone detach to type type_as float half bfloat16 double pad pixel_shuffle pixel_unshuffle "
      "channel_shuffle native_channel_shuffle roll flip rot90 unfold fold index_select gather view_as reshape_as "
      "dropout dropout1d dropout2d dropout3d feature_dropout alpha_dropout feature_alpha_dropout identity real data "
      "requires_grad_ take_along_dim diagonal tril triu cpu cuda as_tensor asarray broadcast_tensors broadcast_to swapdims "
      "moveaxis atleast_1d atleast_2d atleast_3d hstack vstack dstack hsplit vsplit dsplit ravel adjoint fliplr flipud "
      "view_as_real view_as_complex imag conj resolve_conj fftshift ifftshift",
      "structure", True, "through", "moves values")
_rows("masked_fill where", "structure", True, "analog", "picks values by a mask; what it fills in is analog")
_rows("max_pool1d max_pool2d max_pool3d max_pool1d_with_indices max_pool2d_with_indices max_pool3d_with_indices "
      "adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d max amax maximum",
      "rate", True, "through", "increment of the maximum of cumulative counts: still spikes")
_rows("softmax log_softmax softmin layer_norm group_norm instance_norm local_response_norm rms_norm normalize "
      "min amin minimum exp log log1p expm1 sqrt rsqrt reciprocal pow square abs clamp clip clamp_min clamp_max "
      "norm logsumexp std var prod sin cos erf logit sign cosine_similarity cdist lp_pool1d lp_pool2d "
      "scaled_dot_product_attention multi_head_attention_forward glu grid_sample vector_norm",
      "rate", True, "analog", "acts on the running mean; analog")
_rows("masked_scatter scatter_add index_add index_copy index_fill", "rate", True, "analog",
      "gives a new tensor with values written into it: acts on the running means; analog")

RECURRENT = set("lstm gru rnn_tanh rnn_relu lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell".split())
_rows(" ".join(sorted(RECURRENT)), "rate", True, "analog",
      "a recurrent layer over a sequence, all of it at every timestep: acts on the running mean; analog")
# fmt: on

PRODUCTS = set(
    "mul multiply matmul bmm baddbmm einsum mm conv1d conv2d conv3d conv_transpose1d conv_transpose2d "
    "conv_transpose3d linear addmm batch_norm roi_align".split()
)
"""Linear in each operand, not in two at once: a rate operator as soon as two operands change in time."""

HOMOGENEOUS_RATES = set(
    "max_pool1d max_pool2d max_pool3d max_pool1d_with_indices max_pool2d_with_indices "
    "max_pool3d_with_indices adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d max amax "
    "maximum min amin minimum abs".split()
)
"""f(a x) = a f(x) for a > 0: the running mean need not be divided by t and multiplied again, where every tensor that the
operator takes changes in time (a constant does not grow with t)."""

QUOTIENTS = {"div", "true_divide"}

DRAWS = set(
    "rand randn randint randperm rand_like randn_like randint_like normal bernoulli multinomial uniform exponential "
    "cauchy geometric log_normal random poisson binomial standard_gamma sample_dirichlet gumbel_softmax "
    "fractional_max_pool2d fractional_max_pool2d_with_indices fractional_max_pool3d "
    "fractional_max_pool3d_with_indices".split()
)
"""Give other numbers at every call; the in-place spellings (``x.normal_()``) do, too."""

_REFUSED = dict.fromkeys(DRAWS, "draws random numbers; draw them once, outside of forward, and keep them as a buffer")
_REFUSED |= {
    "setitem": "writes into a tensor in place; build the result with torch.cat, torch.stack or torch.where instead",
    "copy": "writes into a tensor in place; use the value itself instead",
    "index_put": "writes into a tensor in place; build the result with torch.where or torch.cat instead",
    "scatter": "writes into a tensor in place; use scatter, which gives a new one",
    "nonzero": "gives integers that depend on the data",
    **dict.fromkeys("unique unique_consecutive masked_select".split(), "gives a shape that depends on the data"),
    "fake_quantize_per_tensor_affine": "rounds; convert the network as it was before it was prepared for quantisation",
    "fake_quantize_per_channel_affine": "rounds; convert the network as it was before it was prepared for quantisation",
}
_JUMPS = dict.fromkeys("argmax argmin argsort count_nonzero".split(), "gives integers that depend on the data")
_JUMPS |= dict.fromkeys(
    "round floor ceil trunc fix heaviside floordiv floor_divide".split(),
    "is constant almost everywhere; put the rounding after the network, or leave it out: a neuron rounds by "
    "itself, and clamp(x, 0, c) in place of a quantised activation becomes one",
)
WRITES = {name for name, why in _REFUSED.items() if why.startswith("writes")}
"""Refused in their in-place spellings only."""
JUMPS = set(_JUMPS)
"""Refused where their operand changes in time; exact where it is constant."""
for _name, _why in (_REFUSED | _JUMPS).items():
    RULES[_name] = Rule("unsupported", False, "analog", _why)

UNKNOWN = Rule("rate", True, "analog", "unknown operator, taken to be deterministic: acts on the running mean; analog")

VALUE_READS = {
    "item",
    "bool",
    "int",
    "float_",
    "index",
    "tolist",
    "numpy",
    "array",
    "equal",
    "is_nonzero",
    "allclose",
    "nonzero_static",
    "complex",
}
"""Functions that hand a tensor's values to Python: control flow may then depend on the data."""

_DUNDER = {
    "iadd": "add",
    "radd": "add",
    "isub": "sub",
    "imul": "mul",
    "rmul": "mul",
    "itruediv": "div",
    "truediv": "div",
    "rtruediv": "reciprocal_of",
    "rsub": "rsub",
    "rmatmul": "matmul",
    "ipow": "pow",
    "rpow": "exp",
    "idiv": "div",
    "float": "float_",
    "matmul": "matmul",
    "div": "div",
    "rdiv": "reciprocal_of",
}
_SPELLINGS = {
    "subtract": "sub",
    "divide": "div",
    "negative": "neg",
    "boolean_dispatch": "max_pool2d",
    "convolution": "conv2d",
    "absolute": "abs",
    "Tensor": "identity",
}


def canonical(func):
    """(name, in_place): the row name of a torch function as ``__torch_function__`` sees it.

    >>> import torch
    >>> canonical(torch.Tensor.add_), canonical(torch.Tensor.__iadd__), canonical(torch.nn.functional.relu)
    (('add', True), ('add', True), ('relu', False))
    """
    full = resolve_name(func) or getattr(func, "__qualname__", None) or getattr(func, "__name__", str(func))
    parts = full.split(".")
    name = parts[-2] if parts[-1] == "__get__" and len(parts) > 1 else parts[-1]
    if name.startswith("__") and name.endswith("__"):
        bare = name[2:-2]
        return _DUNDER.get(bare, bare), bare in ("iadd", "isub", "imul", "itruediv", "ipow", "idiv", "setitem")
    in_place = name.endswith("_") and not name.endswith("__") and name != "requires_grad_"
    name = name.rstrip("_") if in_place else name.lstrip("_")
    name = name.lstrip("_")
    return _SPELLINGS.get(name, name), in_place


def rule_for(name, streams):
    """The row of operator ``name`` with ``streams`` operands that change in time."""
    rule = RULES.get(name, UNKNOWN)
    if name in PRODUCTS and streams > 1:
        return Rule("rate", True, "analog", "product of two spike streams: acts on the running means; analog")
    return rule


def table():
    """Rows (operator, treatment, exact, counts, note) of the whole support table, for documentation."""
    return [(name, *rule) for name, rule in sorted(RULES.items(), key=lambda item: (item[1].treatment, item[0]))]
