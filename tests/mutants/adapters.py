"""Adapters: data read as they lie there, predictions scored as the field scores them."""

from . import Mutant

MUTANTS = [
    Mutant(
        "DRIVE's F1 says a vessel from a third on",
        "adapters/segmentation/vessel_scores.py",
        "    hits, alarms = own[BINS // 2 :].sum(), other[BINS // 2 :].sum()",
        "    hits, alarms = own[BINS // 3 :].sum(), other[BINS // 3 :].sum()",
        ("tests/adapters/segmentation/test_vessels.py",),
    ),
    Mutant(
        "DRIVE's pictures get another gamma",
        "adapters/segmentation/data/drive.py",
        "(np.arange(256) / 255) ** (1 / 1.2) * 255",
        "(np.arange(256) / 255) ** 1.2 * 255",
        ("tests/adapters/segmentation/test_vessels.py",),
    ),
    Mutant(
        "tonic's shares to score and to train on are swapped",
        "adapters/events/data/published_events.py",
        "            test, rest = test + own[:cut], rest + own[cut:]",
        "            test, rest = test + own[cut:], rest + own[:cut]",
        (
            "tests/adapters/events/test_recordings.py",
            "tests/adapters/events/test_events.py",
            "tests/adapters/events/test_event_camera.py",
        ),
    ),
    Mutant(
        "tonic's train and test sets are swapped",
        "adapters/events/data/published_events.py",
        '        test, rest = listed(opened[False], "test/"), listed(opened[True], "train/")',
        '        test, rest = listed(opened[True], "test/"), listed(opened[False], "train/")',
        (
            "tests/adapters/events/test_recordings.py",
            "tests/adapters/events/test_events.py",
            "tests/adapters/events/test_event_camera.py",
        ),
    ),
    Mutant(
        "detection batches of pictures of different padded sizes",
        "adapters/detection/detector.py",
        'waiting[tuple(-(-side // divisor) for side in sample["inputs"].shape[-2:])]',
        "waiting[()]",
        ("tests/adapters/detection/test_mmdetection.py",),
    ),
    Mutant(
        "pictures are normalised by the mean alone",
        "adapters/classification/preprocessing.py",
        "transform.normalize(transform.to_tensor(image), self.mean, self.std)",
        "transform.normalize(transform.to_tensor(image), self.mean, [1.0] * len(self.std))",
        ("tests/adapters/classification/test_classification.py", "tests/adapters/classification/test_preprocessing.py"),
    ),
    Mutant(
        "McNemar's test counts one side only",
        "adapters/shared/stats.py",
        "    return min(1.0, 2 * total / 2**n)",
        "    return min(1.0, total / 2**n)",
        ("adapters/shared/stats.py", "tests/benchmarks/report/test_paired.py"),
    ),
    Mutant(
        "a sliding window holds what came before its recording began",
        "adapters/events/data/sliding.py",
        "    inside = slice(*np.searchsorted(t, [0, ends[-1]]))",
        "    inside = slice(0, np.searchsorted(t, ends[-1]))",
        ("tests/adapters/events/test_sliding.py",),
    ),
]
