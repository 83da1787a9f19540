"""Semantic segmentation: MMSegmentation (mIoU), and vessels in retinal pictures by a U-Net (F1, AUC)."""
