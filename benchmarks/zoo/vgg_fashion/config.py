# A small VGG on Fashion-MNIST, trained as the network of resnet_fashion is, with half its learning rate: the hidden fully
# connected layer has no batch norm. Data, augmentation and what is looked at when: see there.
#
# Train:     python tools/train_ann.py benchmarks/zoo/vgg_fashion/config.py --threads 1
_base_ = '../resnet_fashion/config.py'

model = dict(network='adapters.models.vgg_small:vgg_small')
optim_wrapper = dict(optimizer=dict(lr=0.05))
