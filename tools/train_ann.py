"""Train the network of a task on its own data, or one of benchmarks/zoo, with MMEngine's Runner; write weights, recipe and log."""

import json
import os
import shlex
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from adafire.errors import InputError  # noqa: E402
from benchmarks import command  # noqa: E402

EXAMPLES = """\
examples:
  python tools/train_ann.py --list                                             # recipes, what others report, hours
  python tools/train_ann.py cifar10_vgg16 --data-root DIR                      # weights: runs/weights/cifar10_vgg16-full.pth
  python tools/train_ann.py cifar10_vgg16 --data-root DIR --resume             # go on after an interruption
  python tools/train_ann.py benchmarks/zoo/yolo_fashion/config.py --out runs/yolo_fashion.pth
  python tools/train_ann.py benchmarks/zoo/yolo_fashion/config.py --resume        # go on after an interruption
  python tools/train_ann.py CONFIG --epochs 2 --work-dir runs/try --cfg-options data_setup.train.scenes=500

A task: the network of its variant (--variant) is trained on that variant's own train data by the recipe of benchmarks/training,
the best epoch is chosen on samples held out of the train set, and the test set is looked at once, at the end. The
weights lie in runs/weights/TASK-VARIANT.pth, where run_bench takes them from for a variant without weights of its own; beside
them .recipe.json (data, recipe, seed, metrics, versions) and .log.jsonl.

A config: an ordinary MMEngine config (training, validation and test loops) with one optional line, data_setup, that
names a set-up of adapters/setups.py; missing data are generated. The checkpoint with the best validation metric
(CheckpointHook's save_best), else the last one, is kept; the test data are looked at once, at the end.
Three files are written: OUT (weights and a little meta data, loads with torch.load(weights_only=True)),
recipe.json and training_log.jsonl beside it. --resume unpickles the work folder's own checkpoint.
"""


def options_of():
    parser, whole = command.Parser(__doc__, EXAMPLES, prog="train_ann.py"), command.whole
    add = parser.add_argument
    add("given", nargs="?", metavar="TASK | CONFIG", help="a task, or an MMEngine config file")
    add("--list", action="store_true", help="list the tasks that there are recipes for; train nothing")
    add("--variant", metavar="NAME", help="variant of the task (default: the first with a recipe)")
    add(
        "--data-root",
        metavar="DIR",
        help="folder with the task's data, train set and test set (or $ADAFIRE_DATA, or data.toml)",
    )
    add(
        "--scratch",
        action="store_true",
        help="of a task: begin at random weights where the recipe takes a pretrained backbone",
    )
    add("--batch", type=whole(2), metavar="N", help="samples a step, in place of the recipe's")
    add(
        "--work-dir",
        metavar="DIR",
        help="checkpoints and logs (default: runs/train/TASK-VARIANT, or runs/train/<config's folder>)",
    )
    add("--resume", action="store_true", help="continue from the last checkpoint in the work folder")
    add("--epochs", type=whole(1), metavar="N", help="train N epochs, the schedule stretched to fit")
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add("--amp", action="store_true", help="train with bfloat16 convolutions (losses and tests stay fp32)")
    add("--threads", type=whole(1, 1024), metavar="N", help="PyTorch's threads on the CPU (default: its own choice)")
    add("--seed", type=whole(0), metavar="N", help="of what is drawn (default: the config's; of a task 0)")
    add("--out", metavar="FILE", help="weights (default: runs/weights/TASK-VARIANT.pth; of a config WORK_DIR/slim.pth)")
    add(
        "--store",
        choices=("fp16", "fp32"),
        help="dtype in OUT of convolution and linear weights; biases and batch norm stay fp32 (default: fp32 of a task, fp16 "
        "of a config)",
    )
    add(
        "--workers",
        type=whole(1, 1024),
        metavar="N",
        help="of a config that generates its data: processes that do (default: cores)",
    )
    add("--fashion-mnist", metavar="DIR", help="of such a config: folder with the full Fashion-MNIST's four files")
    add(
        "--download",
        action="store_true",
        help="of such a config: fetch Fashion-MNIST with torchvision when it is absent",
    )
    add("--cfg-options", nargs="+", default=[], metavar="KEY=VALUE", help="change entries of the config")
    add("--trust-config", action="store_true", help="execute a config file from outside this project (it is Python)")
    return parser


def run(options):
    if options.list:
        return show_list()
    if not options.given:
        raise InputError(
            "what is to be trained? A task, as in python tools/train_ann.py cifar10_vgg16 --data-root DIR (--list shows "
            "them), or a config, as benchmarks/zoo/yolo_fashion/config.py"
        )
    of_task = not options.given.endswith(".py") or Path(options.given).resolve().parent == ROOT / "tasks"
    if of_task:  # what is wrong with the request is told before torch is imported
        from benchmarks.running import catalogue
        from benchmarks.training import session

        given_root = options.data_root

        task, variant = session.choose(options.given, options.variant, options.trust_config)
        folder = catalogue.data_folder(task.variants[variant], options.data_root)
        options.data_root = folder and str(folder)
        of_generated(options, f"task {task.name!r} is trained on data of --data-root")
        if not folder:
            raise InputError(f"task {task.name!r} is trained on data of yours: give their folder with --data-root DIR")
    elif options.variant or options.data_root or options.batch or options.scratch:
        raise InputError("--variant, --data-root, --batch and --scratch are for a task; a config says all that itself")
    if options.device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    import torch

    from benchmarks.running.opening import origin_told

    if options.device == "cuda" and not torch.cuda.is_available():
        raise InputError("--device cuda: PyTorch sees no CUDA device here; use --device cpu")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if options.threads:
        torch.set_num_threads(options.threads)
    if not of_task:
        return run_config(options, device)
    with origin_told(task.variants[variant], given_root):
        return run_task(task, variant, options, device)


def of_generated(options, why):
    """InputError for an option on generated data where none are made."""
    given = [
        ("--workers", options.workers),
        ("--fashion-mnist", options.fashion_mnist),
        ("--download", options.download),
    ]
    for name, value in given:
        if value:
            raise InputError(
                f"{name} is for a config whose data are generated (data_setup), and {why}; leave {name} out"
            )


def show_list():
    """The table of recipes on stdout."""
    from benchmarks.report.terminal import print_table
    from benchmarks.training import recipes

    rows = [
        [e.task, e.variant, e.recipe, str(recipes.RECIPES[e.recipe].epochs), f"{e.hours:g}", e.literature]
        for e in recipes.table()
    ]
    head = ["task", "variant", "recipe", "epochs", "hours on one GPU, estimated", "reported by others"]
    print_table(head, rows, spare=("reported by others",))
    return 0


def run_task(task, variant, options, device):
    from benchmarks.training import session
    from benchmarks.training.config_files import parsed

    wanted = session.Wanted(
        options.data_root,
        options.epochs,
        device,
        options.amp,
        options.seed,
        options.resume,
        options.store or "fp32",
        options.work_dir,
        options.out,
        options.batch,
        parsed(options.cfg_options),
        options.scratch,
    )
    out, metrics, entry = session.train(task, variant, wanted)
    for phase, words in (("val", "held out of the train set"), ("test", "test set")):
        print(f"{words}: " + "  ".join(f"{name} {value:.4g}" for name, value in metrics[phase].items()))
    print(f"reported by others: {entry.literature}")
    print(f"wrote {out} ({out.stat().st_size:,} bytes), its recipe and log beside it; to convert it and to measure:")
    given = "" if session.is_found(task, variant, out) else f" --checkpoint {shlex.quote(str(out))}"
    print(
        f"  python tools/run_bench.py {task.name} --variant {variant} --data-root {shlex.quote(options.data_root)}{given}"
    )


def run_config(options, device):
    import torch

    from benchmarks.training import clock
    from benchmarks.training.config_files import load_config
    from benchmarks.training.loop import register_frameworks, score, train

    config = load_config(options)
    register_frameworks(config)
    from adapters.setups import SetupOptions, set_up
    from benchmarks.zoo.recipe import recipe, slim, training_log, write

    if not config.get("data_setup"):
        of_generated(options, f"{options.given} has none")
    data = set_up(config, SetupOptions(options.workers or os.cpu_count(), options.fashion_mnist, options.download))
    out = Path(options.out or Path(config.work_dir) / "slim.pth")

    content = slim(train(config, device, options.amp), options.store or "fp16")
    write(out, lambda path: torch.save(content, path))
    metrics = {phase: score(config, out, phase) for phase in ("val", "test") if config.get(f"{phase}_dataloader")}
    made = recipe(
        options.given,
        config,
        data,
        content,
        out,
        metrics,
        device,
        cfg_options=options.cfg_options,
        amp="bfloat16" if options.amp else None,
        **clock.told(config.work_dir),
        resumed=options.resume,
    )
    write(out.with_name("recipe.json"), lambda path: path.write_text(json.dumps(made, indent=2) + "\n"))
    log = "".join(json.dumps(row) + "\n" for row in training_log(config.work_dir))
    write(out.with_name("training_log.jsonl"), lambda path: path.write_text(log))
    for phase, values in metrics.items():
        print(f"{phase}: " + "  ".join(f"{name} {value:.4g}" for name, value in values.items()))
    print(f"wrote {out} ({out.stat().st_size:,} bytes), recipe.json and training_log.jsonl beside it")


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    again = [*argv, *(["--resume"] if "--resume" not in argv else [])]
    return command.run(run, options_of(), argv, command.same_again(__file__, again))


if __name__ == "__main__":
    command.leave(main())
