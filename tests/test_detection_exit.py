"""Early exit on detections: confidence and change by hand."""

import torch

from adapters.detection_exit import changed, confidence


def found(*rows):
    """Detections of one image: rows (x1, y1, x2, y2, score, label)."""
    table = torch.tensor(rows, dtype=torch.float32).reshape(-1, 6)
    return table[:, :4], table[:, 4], table[:, 5].long()


def test_confidence_is_how_far_scores_are_from_a_half():
    images = [found((0, 0, 1, 1, 1.0, 0), (0, 0, 1, 1, 0.5, 0)), found(), found((0, 0, 1, 1, 0.04, 0)),
              found((0, 0, 1, 1, 0.1, 1), (0, 0, 1, 1, 0.01, 1))]
    assert torch.allclose(confidence(images), torch.tensor([0.5, 1.0, 1.0, 0.8]))


def test_change_counts_shown_boxes_that_have_no_partner():
    box, near, far = (0, 0, 10, 10), (0, 0, 10, 8), (20, 20, 30, 30)
    one = found((*box, 0.9, 0), (*far, 0.4, 1))  # the second is not shown
    cases = [(found((*near, 0.6, 0)), False), (found((*near, 0.6, 1)), True), (found((*far, 0.6, 0)), True),
             (found(), True), (found((*box, 0.9, 0), (*far, 0.6, 1)), True), (found((*box, 0.3, 0)), True)]
    for other, expected in cases:
        assert changed([one], [other]).tolist() == [expected] == changed([other], [one]).tolist()
    assert changed([found(), one], [found(), one]).tolist() == [False, False]


def test_partners_are_one_to_one():
    a, b = (0, 0, 10, 10), (0, 2, 10, 12)
    two = found((*a, 0.9, 0), (*a, 0.8, 0))
    assert changed([two], [found((*a, 0.9, 0))]).tolist() == [True]
    assert changed([two], [found((*a, 0.9, 0), (*b, 0.8, 0))]).tolist() == [False]
