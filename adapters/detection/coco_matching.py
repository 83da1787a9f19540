"""pycocotools' COCOeval without the work that it repeats where a picture has no object of a category: the same results, sooner.

There every detection is wrong at every threshold; whether one counts depends on its area alone. Of ten categories and three objects a
picture that is most of what is to be done.
"""

import numpy as np
from pycocotools.cocoeval import COCOeval


class Evaluator(COCOeval):
    """COCOeval of boxes or masks by category."""

    def computeIoU(self, imgId, catId):
        """Overlaps of detections with objects, [] where there are none of these."""
        if self.params.useCats and not self._gts[imgId, catId]:
            return []
        return super().computeIoU(imgId, catId)

    def evaluateImg(self, imgId, catId, aRng, maxDet):
        """Matches of one picture and category; see COCOeval."""
        if not self.params.useCats or self._gts[imgId, catId] or not self._dts[imgId, catId]:
            return super().evaluateImg(imgId, catId, aRng, maxDet)
        found = self._dts[imgId, catId]
        kept = [found[i] for i in np.argsort([-d["score"] for d in found], kind="mergesort")[:maxDet]]
        thresholds = len(self.params.iouThrs)
        outside = np.array([d["area"] < aRng[0] or d["area"] > aRng[1] for d in kept])
        return {
            "image_id": imgId,
            "category_id": catId,
            "aRng": aRng,
            "maxDet": maxDet,
            "dtIds": [d["id"] for d in kept],
            "gtIds": [],
            "dtMatches": np.zeros((thresholds, len(kept))),
            "gtMatches": np.zeros((thresholds, 0)),
            "dtScores": [d["score"] for d in kept],
            "gtIgnore": np.array([]),
            "dtIgnore": np.repeat(outside[None], thresholds, 0),
        }
