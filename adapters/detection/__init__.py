"""Object detection with MMDetection: configs and checkpoints, COCO and PASCAL VOC, boxes and their mean average precision."""
