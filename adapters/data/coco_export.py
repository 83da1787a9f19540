"""Former address of adapters/detection/data/coco_export.py, for commands and tasks written before."""

import sys

from ..detection.data import coco_export

if __name__ == "__main__":
    sys.exit(coco_export.main())
sys.modules[__name__] = coco_export
