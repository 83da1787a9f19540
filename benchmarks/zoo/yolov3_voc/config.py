# MMDetection's YOLOv3 with the 20 classes of PASCAL VOC, for testing; the weights are yours.
_base_ = 'mmdet::yolo/yolov3_d53_8xb8-320-273e_coco.py'

model = dict(bbox_head=dict(num_classes=20))
test_dataloader = dict(dataset=dict(
    type='VOCDataset',
    data_root='data/VOCdevkit/',
    ann_file='VOC2007/ImageSets/Main/test.txt',
    data_prefix=dict(_delete_=True, sub_data_root='VOC2007/')))
val_dataloader = test_dataloader
test_evaluator = dict(_delete_=True, type='VOCMetric', metric='mAP', eval_mode='11points')
val_evaluator = test_evaluator
