"""What a table is called, what its first line says of data, network and weights, and which whole test sets were run at all."""

from ..running.expected import of_records
from ..running.splits import reasons, split_of, standard, whole
from ..running.task import task_label
from .rows import distinct, groups


def label(records, among=()):
    """'fashion_resnet mini', 'cifar10_resnet20 part (first 3000)', 'coco_yolo part: yolo-fastestv2': task, split, the variant
    where it is not named like the split that was asked for, and what else tells this table from others. among: the records of
    all tables; where those of one task and variant scored different numbers of samples, the number is named."""
    first = _representative(records)
    variant = "" if first.variant == first.split else f": {first.variant}"
    place = lambda record: (record.task, record.split, record.variant, distinct(record))
    others = {record.samples for record in among if place(record) == place(first)}
    amount = f" ({first.samples:,} samples)" if len(others) > 1 else ""
    return task_label(first.task, split_of(first)) + variant + distinct(first) + amount


def about(records):
    """One line: what the data, network and weights of a table are, what is odd about them, and the command that makes it."""
    first = records[0]
    weights, odd = first.workload.weights, of_records(records)
    words = [
        f"data {data_words(records)}",
        f"network {first.workload.network}, weights {(weights.sha256 or 'none')[:12]}",
        f"{first.precision}, {first.device_type}, seed {first.seed}, task version {first.task_version}",
    ]
    words[1:1] = [f"{odd}, so these are other data or weights, or they are read wrongly"] if odd else []
    return "; ".join(words) + f". `python tools/run_bench.py tasks/{first.task}.py --variant {first.variant}`"


def data_words(records):
    """What was scored: which set, in which form, how much of it, and what was kept back to calibrate on."""
    first = _representative(records)
    data, calibration, mini = first.workload.data, first.workload.calibration, split_of(first) == "mini"
    why = {} if mini else reasons(first)
    form = " ".join(word for word in (first.data_form, why.get("form") and f"({why['form']})") if word)
    if first.limit == first.samples:
        amount = f"the first {why.get('amount', f'{first.samples:,} samples')}"
    else:
        amount = why.get("amount", f"{first.samples:,} samples")
        amount += f" (the first {first.limit:,} were asked for)" if first.limit else ""
    aside = getattr(calibration, "set_aside", False)
    words = (
        f"{data.name} (mini)" if mini else set_name(first),
        form if first.data_form else form.strip("()"),
        amount,
        why.get("window"),
        why.get("set"),
        f"calibrated on {calibration.samples:,} set aside from the same set" if aside else None,
    )
    return ", ".join(word for word in words if word)


def set_name(record):
    """'COCO val2017': a standard test set's own name, or the one that the adapter gives."""
    known = standard(record)
    return known.title if known else record.workload.data.name


def whole_sets(records):
    """A few sentences on the tables of ``records``: which standard test sets were run whole, and of which a part."""
    full, part, tables = {}, {}, groups(records)
    for group in tables:
        first = _representative(group)
        if split_of(first) == "full":
            full.setdefault(set_name(first), []).append(first.task)
        elif split_of(first) == "part" and whole(first):
            most = part.setdefault(set_name(first), [0, whole(first)])
            most[0] = max(most[0], first.samples)
    whole_words = "; ".join(f"{name} ({', '.join(sorted(set(tasks)))})" for name, tasks in sorted(full.items()))
    part_words = "; ".join(
        f"{name} ({done:,} of {all_samples:,})" for name, (done, all_samples) in sorted(part.items())
    )
    found = [f"Whole standard test sets run so far: {whole_words or 'none yet'}."]
    found += [f"Of others a part: {part_words}."] if part_words else []
    found += ["All else is data that the project carries or generates, or no standard test set."] if tables else []
    return " ".join(found)


def _representative(records):
    """The record that says most about the data: those of one table share them, but old records lack what newer ones keep."""
    return next((record for record in records if record.data_form), records[0])
