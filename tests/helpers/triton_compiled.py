"""What Triton makes of the kernels for an NVIDIA GPU, which needs none: ``python -m helpers.triton_compiled`` prints one JSON
object, name of a kernel -> the operations of its PTX on float32 that round (and those of the pool kernels, with multiply-adds allowed)."""

import json
import re

from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource, compile

from adafire.neurons import triton_laws, triton_pools

FLOATS = {"plus", "minus", "a", "b", "most", "zone", "finest", "noise"}
POINTERS = {
    "z",
    "more",
    "out",
    "s",
    "sums",
    "theta_at",
    "weights",
    "x_at",
    "n_at",
    "mean_at",
    "events_at",
    "graded_at",
    "bias_at",
}
POINTERS |= {"v0_at", "total_at", "size_at", "active_at"}
STEP = dict(BLOCK=1024, FRESH=False)
WINDOW = dict(KH=3, KW=3, SH=2, SW=2, PH=1, PW=1)
KERNELS = {
    **{
        f"scan {kind} {stored}": (triton_laws.scan_kernel, dict(KIND=kind, MORE=True, TAKES=True, **STEP), stored)
        for kind, stored in ((0, "fp32"), (1, "bf16"), (2, "fp32"))
    },
    **{
        f"differential {bursts}": (
            triton_laws.differential_kernel,
            dict(KIND=2, BURSTS=bursts, BOUNDED=True, LEVELS=4, **STEP),
            "fp32",
        )
        for bursts in (True, False)
    },
    "cumulate": (triton_pools.cumulate_kernel, STEP, "fp32"),
    "pool": (triton_pools.pool_kernel, dict(COUNTED=1, LEVELS=3, **WINDOW, **STEP), "bf16"),
    "row max": (triton_pools.row_max_kernel, dict(COUNTED=1, LEVELS=3, TILE=128, FRESH=False, BLOCK=8), "fp32"),
}


def operations(kernel, constants, stored, fused=False):
    """Operations of a kernel, compiled as ``gpu.launch`` has it done (fused: with multiply-adds)."""
    kind = lambda name: "constexpr" if name in constants else "fp32" if name in FLOATS else "i32"
    of = lambda name: f"*{stored if name in ('z', 'more', 'out') else 'fp32'}" if name in POINTERS else kind(name)
    names = kernel.arg_names
    source = ASTSource(kernel, {n: of(n) for n in names}, {(names.index(n),): value for n, value in constants.items()})
    made = compile(source, target=GPUTarget("cuda", 90, 32), options={"enable_fp_fusion": fused})
    return sorted(set(re.findall(r"\b(?:fma|mad|add|sub|mul|div|rcp)\.[\w.]*f32\b", made.asm["ptx"])))


if __name__ == "__main__":
    found = {name: operations(*given) for name, given in KERNELS.items()}
    print(json.dumps({**found, "scan 0, fused": operations(*KERNELS["scan 0 fp32"], fused=True)}))
