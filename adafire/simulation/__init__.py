"""From a recorded network to outputs over time: a ``Plan`` says how, a ``Run`` is the state, ``simulate`` is the loop.

plan.py folds and prepares what a step needs, proof.py proves it against the network, proved_plans.py keeps the proved ones.
steps.py makes one chunk of timesteps, planned.py the read-out; state.py holds neurons and sums, loop.py advances them.
running_mean.py is for operators that need the mean over time, stepwise.py for those that go step by step, exit.py is early exit,
memo.py what a stream need not compute again.
"""

from .exit import Exit, ExitJudge, class_scores, confidence, entropy, run_until_sure, trajectory
from .loop import advance_chunk, clock, plain, read_out, simulate
from .memo import Memo, same
from .memory import ran_out, words
from .plan import CHUNK
from .planned import PlainPass, PlannedPass
from .pooled import pooled_spikes
from .precision import PRECISIONS, cast, dtype_of, exact_params
from .proof import digest, own_outputs
from .proved_plans import Plans
from .rows import check_rows
from .state import Run
from .steps import StepPass, lift

__all__ = [
    "Exit",
    "ExitJudge",
    "check_rows",
    "class_scores",
    "confidence",
    "entropy",
    "run_until_sure",
    "trajectory",
    "advance_chunk",
    "clock",
    "plain",
    "read_out",
    "simulate",
    "Memo",
    "same",
    "ran_out",
    "words",
    "CHUNK",
    "PlainPass",
    "PlannedPass",
    "pooled_spikes",
    "PRECISIONS",
    "cast",
    "dtype_of",
    "exact_params",
    "digest",
    "own_outputs",
    "Plans",
    "Run",
    "StepPass",
    "lift",
]
