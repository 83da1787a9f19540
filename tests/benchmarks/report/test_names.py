"""What tables call the data of records, which records they show, and what stands in their first lines; by hand."""

import pytest

from adafire.errors import InputError
from benchmarks.report import leaderboard, names, page, provenance, rendering, rows, shown
from benchmarks.running import environment
from benchmarks.running.splits import reasons, split_of, whole
from helpers.records import make, make_row, of_set
from helpers.rendered import render

PIXELS, JPEG = "pixels of the set's own files", "10000 JPEG files"
EXPECTED = {"ann": 0.6, "tolerance": 0.005, "samples": 200}


@pytest.mark.parametrize(
    "record, split, why",
    [
        (of_set("CIFAR-10", 10000, data_form=PIXELS), "full", set()),
        (of_set("CIFAR-10", 10000, data_form=PIXELS, limit=10000), "full", set()),
        (of_set("CIFAR-10", 10000, data_form="10000 PNG files"), "full", set()),
        (of_set("CIFAR-10", 10000, data_form="9000 lossless WebP and 1000 PNG files"), "full", set()),
        (of_set("CIFAR-10", 10000, data_form="9999 PNG and 1 WebP files"), "part", {"form"}),
        (of_set("CIFAR-10", 10000, data_form=JPEG), "part", {"form"}),
        (of_set("CIFAR-10", 10000), "part", {"form"}),  # an old record does not say
        (of_set("CIFAR-10", 9000, data_form=PIXELS), "part", {"amount"}),
        (of_set("CIFAR-10", 3000, data_form=JPEG, limit=3000), "part", {"amount", "form"}),
        (of_set("ImageNet", 50000, data_form="50000 JPEG files"), "full", set()),  # its own form
        (of_set("coco", 5000), "full", set()),
        (of_set("coco", 174), "part", {"amount"}),
        (of_set("coco", 5000, settings={"data": {"type": "coco", "annotations": "mine.json"}}), "part", {"set"}),
        (of_set("coco", 5000, settings={"data": {"images": "val2017"}}), "full", set()),
        (
            of_set("CamVid", 233, settings={"data": {"name": "CamVid", "data_prefix": {"img_path": "test"}}}),
            "full",
            set(),
        ),
        (of_set("DRIVE test", 20), "full", set()),
        (of_set("DRIVE test", 20, window=256), "part", {"window"}),
        (of_set("my own set", 20), "part", {"set"}),
        (of_set("my own set", 200, expected=EXPECTED), "full", set()),  # its task says how many there are
        (of_set("my own set", 199, expected=EXPECTED), "part", {"amount"}),
        (of_set("CIFAR-10", 200, data_form=PIXELS, expected=EXPECTED), "full", set()),  # the task goes first
        (make(), "mini", None),
        (make(limit=3), "mini", None),
    ],
)
def test_mini_part_and_full_follow_from_what_is_there(record, split, why):
    assert split_of(record) == split
    assert why is None or set(reasons(record)) == why


def test_the_record_and_its_key_keep_what_was_asked_for():
    part = of_set("coco", 174)
    assert part.split == "full" and part.name.startswith("toy-full-full/")
    (row,) = rows.rows_of(part)
    assert (row["task"], row["split"]) == ("toy part", "part")


def test_an_old_record_is_compared_with_what_its_task_expects_now():
    """coco_yolo's yolov3 expects 0.279 +- 0.01 on 5,000 images; records did not always keep that."""
    old = of_set("coco", 5000, task="coco_yolo")
    old = old.model_copy(update={"variant": "yolov3"})
    assert whole(old) == 5000
    assert "the ANN has mAP 0.6000; the task expects 0.279 +- 0.01" in names.about([old])
    assert "the task expects" not in names.about([old.model_copy(update={"task_version": 99})]), "another task by then"
    few = old.model_copy(update={"samples": 100, "limit": 100})
    assert "(95 % interval 0.5000 to 0.7000) on 100 samples; the task expects 0.279" in names.about([few])
    near = few.model_copy(update={"rows": [few.rows[0].model_copy(update={"low": 0.28})]})
    assert "the task expects" not in names.about([near]), "its interval reaches what is expected"


@pytest.mark.parametrize(
    "record, title, words",
    [
        (
            of_set("CIFAR-10", 3000, data_form="3000 JPEG files", limit=3000, set_aside=True),
            "toy part (first 3000)",
            "CIFAR-10, 3000 JPEG files (re-encoded: the set itself is lossless), the first 3,000 of 10,000 samples, "
            "calibrated on 4 set aside from the same set",
        ),
        (
            of_set("CIFAR-10", 3000, limit=3000),
            "toy part (first 3000)",
            "CIFAR-10, in which form of file was not recorded, the first 3,000 of 10,000 samples",
        ),
        (
            of_set("coco", 174, limit=200),
            "toy part (first 200)",
            "COCO val2017, 174 of 5,000 samples (the first 200 were",
        ),
        (of_set("coco", 5000), "toy", "COCO val2017, 5,000 samples"),
        (
            of_set("DRIVE test", 16, window=256),
            "toy part",
            "DRIVE test, 16 of 20 samples, only the central 256 x 256 pixels",
        ),
        (
            of_set("coco", 9, settings={"data": {"type": "coco", "annotations": "mine.json"}}),
            "toy part",
            "coco, 9 samples, no standard test set",
        ),
        (of_set("furniture", 359), "toy part", "furniture, 359 samples, no standard test set"),
        (make(), "toy mini", "scenes (mini), 20 samples"),
        (
            make(variant="mini-frames", limit=20),
            "toy mini: mini-frames (first 20)",
            "scenes (mini), the first 20 samples",
        ),
    ],
)
def test_what_a_table_is_called_and_what_its_data_are(record, title, words):
    assert names.label([record]) == title
    assert words in names.data_words([record])
    text = render([record])
    assert f"### {title}\n" in text and "CIFAR-10 full" not in text


def test_one_record_that_tells_the_form_tells_it_for_its_table():
    old, new = of_set("CIFAR-10", 10000), of_set("CIFAR-10", 10000, "burst", data_form=JPEG)
    assert "10000 JPEG files (re-encoded" in names.data_words([old, new])


def test_the_first_lines_say_which_whole_sets_were_run():
    part = [of_set("coco", 174), of_set("coco", 100, limit=100), of_set("furniture", 9)]
    assert names.whole_sets([]) == "Whole standard test sets run so far: none yet."
    assert names.whole_sets([make(), *part]) == (
        "Whole standard test sets run so far: none yet. Of others a part: COCO val2017 (174 of 5,000). "
        "All else is data that the project carries or generates, or no standard test set."
    )
    whole_one = of_set("CIFAR-10", 10000, data_form=PIXELS, task="cifar")
    assert names.whole_sets([whole_one, *part]).startswith(
        "Whole standard test sets run so far: CIFAR-10 (cifar). Of others a part: COCO val2017 (174 of 5,000)."
    )
    random = of_set("coco", 5000, weights="random")
    assert "none yet" in names.whole_sets([random]), "random weights are no result"
    first = render(part).splitlines()[:3]
    assert first[0] == "# Results" and first[2].startswith("Whole standard test sets run so far: none yet.")


def test_random_weights_leave_every_table_and_are_counted():
    random = of_set("coco", 10, weights="random", task="memory")
    records = [make(), random]
    assert shown.shown(records) == [make()]
    text = render(records)
    assert "1 records with random weights are not shown" in text and "### memory" not in text
    assert "memory" not in rendering.table(records) and "memory" not in str(page.content(records))
    assert "random weights" not in render([make()])


def test_old_copies_of_a_mini_leave_every_table_and_are_counted():
    """imagenet_resnet50 names fashion_resnet; what was recorded under its own name is Fashion-MNIST, and is not shown."""
    copy, own = make(task="imagenet_resnet50"), make(task="coco_yolo")
    text = render([copy, own, make()])
    assert "### imagenet_resnet50" not in text and "### coco_yolo mini" in text and "### toy mini" in text
    assert "1 records of imagenet_resnet50 are not shown: their mini was a copy of fashion_resnet's" in text
    real = of_set("ImageNet", 100, task="imagenet_resnet50", limit=100)
    assert "### imagenet_resnet50 part (first 100)" in render([real])
    memory = make(task="cityscapes_fastscnn", variant="memory")
    assert shown.stands_in(memory) is None, "a mini split of its own beside the reference"


GONE, KNOWN = "a" * 40, "b" * 40


def test_rows_of_commits_that_are_gone_are_named(monkeypatch):
    def at(commit, method):
        return make(method, git={"commit": commit, "dirty": False})

    monkeypatch.setattr(provenance, "knows_commit", {GONE: False, KNOWN: True}.get)
    records = [at(GONE, "burst"), at(KNOWN, "adafire"), make("ann")]
    assert provenance.unknown_commits(records) == [GONE]
    words = "Rows of burst come from commit aaaaaaaaa, which is not in this repository's history"
    assert words in render(records, [GONE]) and "come from commit" not in render(records)
    assert words in page.content(records, [GONE])["tables"][0]["about"]
    assert rendering.files(records, [GONE])[rendering.UNKNOWN] == f"{GONE}\n".encode()
    # where it cannot be told, what somebody with the history found is taken, as far as records still name it
    monkeypatch.setattr(provenance, "knows_commit", lambda commit: None)
    assert provenance.unknown_commits(records) == []
    assert provenance.unknown_commits(records, [GONE, "c" * 40]) == [GONE]


def test_the_list_of_gone_commits_makes_no_checkout_stale(tmp_path, monkeypatch):
    from benchmarks.running.store import Store

    Store(tmp_path).write(make("burst", git={"commit": GONE, "dirty": False}))
    monkeypatch.setattr(provenance, "knows_commit", lambda commit: False)
    rendering.write(tmp_path)
    assert (tmp_path / rendering.UNKNOWN).read_text() == f"{GONE}\n"
    monkeypatch.setattr(provenance, "knows_commit", lambda commit: None)
    assert rendering.stale(tmp_path) == []
    monkeypatch.setattr(provenance, "knows_commit", lambda commit: True)
    assert set(rendering.stale(tmp_path)) == {rendering.UNKNOWN, "DETECTION.md", "index.html"}


def test_a_commit_beside_the_history_is_not_known(tmp_path, monkeypatch):
    """A commit that a rebase left behind is still an object here, but in no clone."""
    import subprocess

    def git(*arguments):
        who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        done = subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "first")
    first = git("rev-parse", "HEAD")
    git("commit", "-q", "--allow-empty", "-m", "second")
    second = git("rev-parse", "HEAD")
    git("reset", "-q", "--hard", first)
    monkeypatch.setattr(environment, "PROJECT", tmp_path)
    assert environment.knows_commit(first) is True and environment.knows_commit(second) is False


def test_between_marks():
    text = "# A\n\n<!-- m -->\nold\n<!-- end of m -->\n\nrest\n"
    assert rendering.between(text, "m", "new") == "# A\n\n<!-- m -->\nnew\n<!-- end of m -->\n\nrest\n"
    assert rendering.between(rendering.between(text, "m", "x"), "m", "old") == text
    for broken in ("# A\n", "<!-- m -->\nold\n"):
        with pytest.raises(InputError, match="expected the lines <!-- m -->"):
            rendering.between(broken, "m", "new")


def test_rows_of_one_table_share_their_name():
    records = [of_set("coco", 174), of_set("coco", 174, "burst", rows=[make_row(2), make_row(4)])]
    (group,) = rows.groups(records)
    assert {row["task"] for row in rows.rows_of_table(group)} == {"toy part"}
