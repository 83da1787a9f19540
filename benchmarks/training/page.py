"""The page docs/reproduce.md: every command from nothing to the paper's tables, made from the tables of recipes and of the paper.

python -m benchmarks.training.page > docs/reproduce.md
"""

from ..report.reproduction import TABLES
from ..running import catalogue
from ..running.task import TASKS, load_task
from . import recipes
from .plan import hours_of, weights_from

DATA = {
    "cifar10": "`DIR/cifar-10-batches-py` as torchvision has it, or `DIR/{train,test}/<class>/<picture>`",
    "cifar100": "`DIR/cifar-100-python` as torchvision has it, or `DIR/{train,test}/<class>/<picture>`",
    "imagefolder": "`DIR/val/<class>/<picture>` or the official `val/` and `ILSVRC2012_devkit_t12/`, and `DIR/train/...` to calibrate on",
    "modelnet40": "`DIR/ModelNet40` (.off), `modelnet40_ply_hdf5_2048` or `modelnet40_normal_resampled`",
    "modelnet10": "`DIR/ModelNet10` (.off), or `modelnet40_normal_resampled` with modelnet10_test.txt",
    "shapenet": "`DIR/shapenetcore_partanno_segmentation_benchmark_v0` (with or without normals) or `hdf5_data`",
    "shapenetpart": "`DIR/shapenetcore_partanno_segmentation_benchmark_v0` (with or without normals) or `hdf5_data`",
    "voc": "`DIR/VOCdevkit/VOC2007`, and `VOC2012` to train on as well",
    "coco": "`DIR/annotations/instances_val2017.json` and `DIR/val2017`",
    "action": "one folder of .aedat files for each action, directly in `DIR`",
    "ncars": "`DIR/n-cars_train` and `DIR/n-cars_test`",
}
"""Kind of data -> where a folder has it; of all others the task file says it."""

HEAD = """# Reproduce the paper

<!-- made by: python -m benchmarks.training.page -->

A table of the paper is one command: it trains the networks that have no weights, converts, measures, and prints the paper's and
others' published figures beside ours. What is done is not done again, and a training that was interrupted goes on, when the same
command is called again; records are in `runs/`, weights in `runs/weights/TASK-VARIANT.pth`, where `run_bench` finds them by itself.

    python tools/reproduce.py --list                                            # tables, tasks, where weights come from
    python tools/train_ann.py --list                                            # recipes, what others report, hours

Hours are estimates for one GPU of a data centre, not measured; how long measuring takes is not estimated. What others report is
of their networks and schedules, with its source; `unknown` is what we know no figure of. No recipe here was run at full size by
this project: figures of ours stand in the leaderboard only where a record is.
"""

RULES = """## What a training does

The network of the variant is built as `run_bench` builds it, and trained on the train set of the variant's own data set, with
train samples left out whose content is scored as well (counted in the recipe file). A share of each class of the train set is held
out, and the epoch that is best on it is kept; the test set is looked at once, at the end. AdamW or SGD with a cosine; the augmentation
is named in [recipes.py](../benchmarks/training/recipes.py). `--amp` trains in bfloat16, `--seed` draws otherwise, `--epochs` shortens
(records then say so), `--batch` changes the batch, `--resume` goes on. Segmenters and detectors begin at ImageNet's weights of
their backbone, downloaded once (`--scratch`: at random ones), with the losses of MMSegmentation and MMDetection.

Beside the weights lie `TASK-VARIANT.recipe.json` (data and their fingerprints, hyper-parameters, seed, metrics, versions) and
`TASK-VARIANT.log.jsonl`. Every record that is made of them says `weights trained here, recipe ...`. Weights that a task names
itself, published ones, come before those trained here; `--checkpoint FILE` takes others. Networks that were trained here
otherwise than their recipe says, over fewer epochs say, are refused for a table: `--if-shortened take` measures with them,
`--if-shortened retrain` trains them again and keeps the old ones under another name.
"""


def page():
    """The text of docs/reproduce.md."""
    parts, shown = [HEAD], set()
    for name, table in TABLES.items():
        tasks = [task for task in table.tasks if (TASKS / f"{task}.py").is_file()]
        elsewhere = " --data-root action_vgg11=DIR" if "action_vgg11" in tasks else ""
        lines = [f"## {table.title}", ""]
        lines += [f"    python tools/reproduce.py {name} --dry-run"]
        lines += [f"    python tools/reproduce.py {name} --data-root DIR{elsewhere} --train", ""]
        lines += ["| task | data | weights |", "|---|---|---|"]
        for task in tasks:
            loaded = load_task(catalogue.find_task(task))
            variant = next(one for one, own in loaded.variants.items() if own.split == "full")
            kind = loaded.variants[variant].data["type"]
            lines.append(f"| {task} | {DATA.get(kind, _tonic(task))} | {weights_from(loaded, variant)} |")
        parts.append("\n".join(lines) + "\n")
        shown |= set(tasks)
    parts += [RULES, _trainings()]
    return "\n".join(parts)


def _tonic(task):
    return f"as [tasks/{task}.py](../tasks/{task}.py) says"


def _trainings():
    lines = ["## Every training", "", "One at a time, for those who want no table:", ""]
    lines += [f"    python tools/train_ann.py {e.task} --variant {e.variant} --data-root DIR" for e in recipes.table()]
    lines += [
        "",
        "| task | variant | recipe | epochs | on one GPU | reported by others |",
        "|---|---|---|---:|---|---|",
    ]
    for e in recipes.table():
        epochs = recipes.RECIPES[e.recipe].epochs
        lines.append(f"| {e.task} | {e.variant} | {e.recipe} | {epochs} | {hours_of(e)} | {e.literature} |")
    lines += ["", "The recipes:", ""]
    for name, recipe in recipes.RECIPES.items():
        rate = recipe.optimiser
        lines.append(f"* **{name}**: {rate['type']}, rate {rate['lr']:g}, batch {recipe.batch}: {recipe.about}.")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
