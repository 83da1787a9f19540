"""Triton's kernels against the torch references, bit for bit: ``TRITON_INTERPRET=1 python -m helpers.triton_checks`` runs the
kernels in Triton's interpreter, on the CPU, and prints one JSON object: name of a check -> what differs, or null.

A process of its own, for the interpreter is chosen when triton is imported.
"""

import itertools
import json
import sys
from types import SimpleNamespace

import torch
import torch.nn.functional as F

import adafire
from adafire.graph.activations import activation_of
from adafire.neurons import (
    DifferentialBurst,
    HeldBurst,
    MultiThreshold,
    NeuronParams,
    count,
    gpu,
    kernels,
    pool_kernels,
)
from adafire.simulation.running_mean import _NOISE
from helpers.networks import Residual

ACTIVATIONS = {
    "relu": activation_of("relu", F.relu, (None,), {}),
    "leaky": activation_of("leaky_relu", F.leaky_relu, (None, 0.1), {}),
    "relu6": activation_of("relu6", F.relu6, (None,), {}),
    "hardtanh": activation_of("hardtanh", F.hardtanh, (None, -0.7, 0.9), {}),
}
SHAPES = {"channels_last": (3, 5, 7, 9), "channels_first": (2, 3, 5, 11), "one": (1, 1, 1, 1), "rows": (5, 13)}


def on_triton(yes):
    """Launch the kernels for tensors on the CPU, or the reference."""
    gpu.available, gpu.DEVICES = lambda: yes, {"cpu"} if yes else set()
    kernels.enabled = yes


def params(shape, law, phi_plus, phi_minus, generator):
    one = (1, shape[1], *[1] * (len(shape) - 2))
    theta = torch.rand(one, generator=generator) + 0.3
    bias = torch.randn(one, generator=generator) * 0.1
    return NeuronParams(theta, bias, torch.rand(one, generator=generator), phi_plus, phi_minus, law)


def currents(shape, steps, layout, generator, dtype=torch.float32, still=False):
    z = torch.randn(*(() if still else (steps,)), *shape, generator=generator).to(dtype) * 2
    if layout == "channels_last":
        z = z.movedim(1 - len(shape), -1).contiguous().movedim(-1, 1 - len(shape))
    return z


def differing(found, wanted):
    """The first two tensors that are not the same bits, or None. Their signs of zero are compared, too."""
    bits = lambda t: t.contiguous().view({4: torch.int32, 2: torch.int16}[t.element_size()])
    for k, (a, b) in enumerate(zip(found, wanted)):
        if a.shape != b.shape or a.dtype != b.dtype:
            return f"tensor {k}: {a.dtype} {list(a.shape)}, wanted {b.dtype} {list(b.shape)}"
        if not torch.equal(bits(a), bits(b)):
            return f"tensor {k}: {int((bits(a) != bits(b)).sum())} of {a.numel()} differ, by up to {float((a - b).abs().max())}"
    return None


def law_check(law, activation, layout, phi, dtype=torch.float32, joined=False, still=False):
    """Two chunks of a site, by the kernel and by the law's own scan."""
    shape, steps, outcomes = SHAPES[layout], (3, 2), []
    for triton in (True, False):
        g = torch.Generator().manual_seed(len(layout) + phi[0])
        on_triton(triton)
        p, state, t, found = params(shape, law, *phi, g), None, 0, []
        site = SimpleNamespace(activation=activation, shape=shape, channel_axis=1)
        for length in steps:
            z = currents(shape, length, layout, g, dtype, still)
            more = currents(shape, length, layout, g, dtype) if joined else None
            if triton:
                result = (
                    law.fast(z, t, length, p, state, site) if law else kernels.scan(z, t, length, p, state, site, more)
                )
                assert result is not None, "no kernel was launched"
                out, state = result
            else:
                z = z if more is None else z.float() + more.float()
                first = z if still else z[0]
                state = (law or count).initial_state(first, p) if state is None else state
                out, state = (law or count).scan(z, t, length, p, state, activation)
            found += [out.to(dtype).clone(), *(s.clone() for s in state)]
            t += length
        outcomes.append(found)
    return differing(*outcomes)


def held_check(layout):
    """A stream's step from what is held."""
    law, shape, outcomes = HeldBurst(DifferentialBurst(levels=4), zone=1.5), SHAPES[layout], []
    for triton in (True, False):
        g = torch.Generator().manual_seed(1)
        on_triton(triton)
        p = params(shape, law, 8, 8, g)
        site = SimpleNamespace(activation=ACTIVATIONS["relu"], shape=shape, channel_axis=1)
        z = currents(shape, 1, layout, g)
        state = law.initial_state(z[0], p)
        state = state._replace(mean=torch.randint(0, 8, shape, generator=g) / 8 + torch.zeros_like(state.mean))
        out, state = law.fast(z, 0, 1, p, state, site) if triton else law.scan(z, 0, 1, p, state, site.activation)
        outcomes.append([out, state.mean, state.events, state.graded])
    return differing(*outcomes)


LAWS = {"counts": None, "bursts": DifferentialBurst((2.0, 1.0, 0.5), 3), "changes": MultiThreshold(5)}


def sent_of(law, theta, t, steps):
    return pool_kernels.Sent(theta) if law is None else law.sent_by_pooling(theta, t, steps)


def reference_pool(maximum, theta, law, spikes, state, t):
    """What running_mean.py does with the spikes of one step; state as the kernels keep it."""
    x = state[0] + spikes.float()
    now = maximum(x)
    size_of = torch.maximum(now.abs(), theta) * _NOISE
    change = now - state[1]
    change = torch.where(change.abs() <= size_of, 0.0, change)
    sent = change
    if law is not None:
        told = change - (now - change) / float(max(t, 1))
        told = torch.where(told.abs() <= size_of, 0.0, told)
        sent = law.spikes_of((told / (t + 1.0) / theta)[None], t)[0]
    return change.to(spikes.dtype), (x, now, state[2] + sent.abs(), state[3] + (sent != 0))


def pool_check(kind, window, dtype=torch.float32):
    law, g = LAWS[kind], torch.Generator().manual_seed(2)
    (kh, kw), stride, (ph, pw) = window
    batch, channels, height, width = 2, 5, 7, 6
    maximum = lambda x: F.max_pool2d(x, (kh, kw), stride, (ph, pw))
    out_size = maximum(torch.zeros(1, 1, height, width)).shape[-2:]
    theta = (torch.rand(1, channels, 1, 1, generator=g) + 0.3).expand(batch, channels, *out_size)
    spikes = torch.randint(-1, 3, (5, batch, channels, height, width), generator=g) * theta[:1, :, :1, :1]
    spikes = spikes.to(dtype).movedim(2, -1).contiguous().movedim(-1, 2)
    last, t, state, found = theta.permute(0, 2, 3, 1).contiguous(), 0, None, []
    on_triton(True)
    for part in spikes.split([3, 2]):
        out, state = pool_kernels.pool(part, window, out_size, state, _NOISE, sent_of(law, last, t, len(part)))
        found += list(out)
        t += len(part)
    on_triton(False)
    zero = torch.zeros(batch, channels, *out_size)
    kept, wanted = (torch.zeros(spikes.shape[1:]), zero, zero, zero), []
    for t, step in enumerate(spikes):
        out, kept = reference_pool(maximum, theta, law, step, kept, t)
        wanted.append(out)
    return differing([*found, *state], [*wanted, *kept])


def row_check(kind, rows, length):
    law, g = LAWS[kind], torch.Generator().manual_seed(3)
    theta = torch.rand(*rows, generator=g) + 0.3
    spikes = torch.randint(-1, 3, (5, *rows, length), generator=g) * theta[..., None]
    t, state, found = 0, None, []
    on_triton(True)
    for part in spikes.split([3, 2]):
        out, state = pool_kernels.row_max(part, state, _NOISE, sent_of(law, theta, t, len(part)))
        found += list(out)
        t += len(part)
    on_triton(False)
    kept, wanted = (torch.zeros(*rows, length), *(torch.zeros(rows) for _ in range(3))), []
    for t, step in enumerate(spikes):
        out, kept = reference_pool(lambda x: x.amax(-1), theta, law, step, kept, t)
        wanted.append(out)
    return differing([*found, *state], [*wanted, *kept])


def network_check(method):
    """A network with shortcuts and max pooling: outputs, and what was counted, by Triton's kernels and by kernels.c."""
    torch.manual_seed(0)
    network, data, seen = Residual().eval(), torch.rand(2, 3, 10, 8), []
    snn = adafire.convert(network, data, method=method, timesteps=4)
    for triton in (True, False):
        on_triton(triton)
        kernels.enabled = True
        snn.reset()
        outputs = snn(data)
        report = snn.report()
        seen.append(([outputs], report.spikes, report.synops))
    (a, *counts), (b, *others) = seen
    return differing(a, b) or (None if counts == others else f"counts {counts}, wanted {others}")


def sites():
    """(activation, layout): every activation in one layout, every layout with one activation."""
    yield from ((name, "channels_last") for name in ACTIVATIONS)
    yield from (("relu", layout) for layout in SHAPES if layout != "channels_last")


def checks():
    """(name, function without arguments) of every check."""
    for (name, layout), phi in itertools.product(sites(), ((1, 0), (4, 3))):
        yield f"count {name} {layout} {phi}", lambda a=ACTIVATIONS[name], s=layout, p=phi: law_check(None, a, s, p)
    relu = ACTIVATIONS["relu"]
    for dtype in (torch.float32, torch.bfloat16):
        yield f"count {dtype}, two currents", lambda d=dtype: law_check(None, relu, "channels_last", (4, 1), d, True)
    yield "count, the same current", lambda: law_check(None, relu, "channels_last", (4, 1), still=True)
    for (kind, law), (name, layout) in itertools.product(LAWS.items(), sites()):
        if law is not None:
            yield f"{kind} {name} {layout}", lambda w=law, a=ACTIVATIONS[name], s=layout: law_check(w, a, s, (6, 6))
    for layout in SHAPES:
        yield f"held {layout}", lambda s=layout: held_check(s)
    for kind, window in itertools.product(
        LAWS, (((2, 2), (2, 2), (0, 0)), ((3, 3), (2, 1), (1, 1)), ((3, 2), (3, 2), (1, 0)))
    ):
        yield f"pool {kind} {window}", lambda k=kind, w=window: pool_check(k, w)
    yield "pool bfloat16", lambda: pool_check("counts", ((3, 3), (2, 2), (1, 1)), torch.bfloat16)
    for kind, (rows, length) in itertools.product(LAWS, (((2, 5), 131), ((1,), 1), ((3, 3), 128))):
        yield f"row max {kind} {rows} {length}", lambda k=kind, r=rows, n=length: row_check(k, r, n)
    for method in ("burst", "adafire-signed", "dcgs", "ours"):
        yield f"network {method}", lambda m=method: network_check(m)


if __name__ == "__main__":
    found = {}
    for name, check in checks():
        if len(sys.argv) > 1 and sys.argv[1] not in name:
            continue
        try:
            found[name] = check()
        except Exception as error:
            found[name] = f"{type(error).__name__}: {str(error)[:500]}"
    print(json.dumps(found))
