"""Networks from the model libraries, with random weights that carry signals: what tests/many converts."""

import tempfile
import warnings
from pathlib import Path

import torch
from torch import nn


def build(name):
    """(network, input of two samples, forward) of 'library:name'; weights random, of a sensible scale."""
    library, _, name = name.partition(":")
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network, shape, forward = _BUILDERS[library](name)
        network.eval()
        inputs = torch.randn(8, *shape, generator=torch.Generator().manual_seed(1))
        inputs = inputs + torch.linspace(-1, 1, 8).view(8, *[1] * len(shape))
        wake(network)
        normed(network, lambda: forward(network, inputs))
    return network, inputs[::7], forward


def wake(network):
    """Weights that carry what arrives: layers of variance kept, no branch that a zero switches off, biases of every size."""
    for name, p in network.named_parameters():
        leaf = name.rpartition(".")[2]
        if p.dim() > 1 and p.numel() > max(p.shape) and ("weight" in leaf):
            fan = p[0].numel()
            nn.init.normal_(p, std=((2 if p.dim() > 2 else 1) / fan) ** 0.5)
        elif leaf == "bias" or leaf.endswith("_bias") and p.dim() == 1:
            nn.init.normal_(p, std=0.1)
        elif p.detach().abs().max().item() < 1e-2:  # scales of branches that begin at zero
            nn.init.constant_(p, 0.5)


def normed(network, call):
    """Batch norms with the statistics of one batch: mean 0 and variance 1, whatever the weights before them are."""
    norms = [
        m for m in network.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm) and m.running_mean is not None
    ]
    kept = [m.momentum for m in norms]
    for m in norms:
        m.reset_running_stats()
        m.momentum = None
        m.train()
        if m.weight is not None:
            nn.init.ones_(m.weight)
            nn.init.normal_(m.bias, 1.0, 0.3)  # most units open: networks that are not trained are chaotic otherwise
    with torch.no_grad():
        call()
    for m, momentum in zip(norms, kept):
        m.momentum = momentum
        m.eval()


def _plain(network, x):
    return network(x)


_VIDEO = {"r3d_18", "mc3_18", "r2plus1d_18", "s3d", "swin3d_t", "mvit_v2_s"}


def _torchvision(name):
    from torchvision import models

    name, _, part = name.partition("/")
    options, shape, forward = {"weights": None}, (3, 64, 64), _plain
    if name in models.list_models(module=models.detection) or name in models.list_models(module=models.segmentation):
        options["weights_backbone"] = None
    if name in ("googlenet", "inception_v3"):
        options["init_weights"] = False
        shape = (3, 96, 96)
    if name.startswith("vit_"):
        options["image_size"] = 64
    if name.startswith("maxvit"):
        options["input_size"], shape = (224, 224), (3, 224, 224)
    if name in models.list_models(module=models.video):
        shape = (3, 16, 32, 32)
    if name.startswith("s3d"):
        shape = (3, 16, 64, 64)
    if name.startswith("mvit"):
        options["spatial_size"], shape = (64, 64), (3, 16, 64, 64)
    if name.startswith("raft"):
        shape, forward = (2, 3, 128, 128), lambda network, x: network(x[:, 0], x[:, 1], num_flow_updates=2)
    network = models.get_model(name, **options)
    if part == "backbone":
        forward = lambda network, x: network.backbone(x)
    elif part == "head":
        head = "rpn.head" if "rcnn" in name else "head"
        forward = lambda network, x: network.get_submodule(head)(list(network.backbone(x).values()))
    elif name in models.list_models(module=models.detection):
        forward = lambda network, x: network(list(x))
    return network, shape, forward


def _timm(name):
    import timm

    name, size = _sized(name)
    try:
        network = timm.create_model(name, img_size=size)
    except TypeError:
        network = timm.create_model(name)
    return network, (3, size, size), _plain


def _mmdet(name):
    from adapters.detection.networks import build_detector

    name, size = _sized(name)
    with tempfile.TemporaryDirectory() as folder:
        network, _ = build_detector(_thinner(name, "mmdet", Path(folder) / "config.py"))
    if not hasattr(network, "encoder"):
        return network, (3, size, size), lambda network, x: network(x, mode="tensor")
    from mmdet.structures import DetDataSample  # the DETR family asks for the sizes of the pictures

    sizes = {
        "img_shape": (size, size),
        "batch_input_shape": (size, size),
        "ori_shape": (size, size),
        "scale_factor": (1.0, 1.0),
    }
    return (
        network,
        (3, size, size),
        lambda network, x: network(x, [DetDataSample(metainfo=sizes) for _ in x], mode="tensor"),
    )


def _mmseg(name):
    from adapters.segmentation.networks import build_segmentor

    name, size = _sized(name)
    with tempfile.TemporaryDirectory() as folder:
        network, _ = build_segmentor(_thinner(name, "mmseg", Path(folder) / "config.py"))
    return network, (3, size, size), lambda network, x: network(x, mode="tensor")


def _sized(name):
    name, _, size = name.partition("@")
    return name, int(size or 64)


def _thinner(name, package, path):
    """A config with ResNet-18 in place of ResNet-50: a quarter of the channels, and of the time."""
    from mmengine.config import Config

    from adapters.shared.mm_networks import find_config

    config = Config.fromfile(find_config(f"{package}::{name}", package))
    model = config.model
    if model.get("backbone", {}).get("depth") == 50 and model.backbone.type in ("ResNet", "ResNetV1c", "ResNetV1d"):
        model.backbone.depth = 18
        behind = [model.neck] if isinstance(model.get("neck"), dict) else model.get("neck")
        for part in _parts(behind or model.decode_head):
            for key in part.keys() & {"in_channels", "c1_in_channels"}:
                part[key] = [n // 4 for n in part[key]] if isinstance(part[key], (list, tuple)) else part[key] // 4
    Config({"model": model}).dump(path)
    return path


def _parts(behind):
    """The first layers behind a backbone, as a config lists them."""
    return list(behind)[:1] if isinstance(behind, (list, tuple)) else [behind]


_BUILDERS = {"torchvision": _torchvision, "timm": _timm, "mmdet": _mmdet, "mmseg": _mmseg}

_LISTED = {
    "torchvision": """
        alexnet convnext_tiny deeplabv3_mobilenet_v3_large densenet121 efficientnet_b0 efficientnet_v2_s
        fasterrcnn_mobilenet_v3_large_320_fpn/head fcn_resnet50 fcos_resnet50_fpn/head googlenet inception_v3
        lraspp_mobilenet_v3_large maskrcnn_resnet50_fpn/backbone mnasnet0_5 mobilenet_v2 mobilenet_v3_large mobilenet_v3_small
        quantized_googlenet quantized_mobilenet_v2 quantized_resnet18 quantized_shufflenet_v2_x0_5 r3d_18 raft_small
        regnet_x_400mf regnet_y_400mf resnet18 resnext50_32x4d retinanet_resnet50_fpn/head shufflenet_v2_x0_5 squeezenet1_1
        ssdlite320_mobilenet_v3_large/head swin_t swin_v2_t vgg11_bn vit_b_32
        """,
    "timm": """
        botnet26t_256@256 caformer_s18 cait_xxs24_224 coat_lite_tiny convnext_atto convnextv2_atto
        cs3darknet_focus_s csatv2 cspresnet50 darknet17 davit_tiny dla34 dpn48b eca_botnext26ts_256@256 ecaresnet26t
        edgenext_xx_small efficientformerv2_s0@224 efficientnet_lite0 efficientvit_b0 efficientvit_m0 ese_vovnet19b_dw
        eva02_tiny_patch14_224@224 fasternet_t0 fastvit_t8 focalnet_tiny_srf gcvit_xxtiny gernet_s ghostnet_050 ghostnetv3_050
        gmlp_ti16_224 halonet26t@256 hardcorenas_a hgnetv2_b0 hiera_tiny_224@224 hieradet_small hrnet_w18_small
        inception_next_atto lambda_resnet26t@256 lcnet_050 legacy_xception levit_128s@224 levit_conv_128s@224 mambaout_femto
        mixer_s32_224 mixnet_s mobilenetv3_small_050 mobilenetv4_conv_small mobileone_s0 mobilevit_xxs mobilevitv2_050
        nextvit_small nf_regnet_b0 nf_resnet26 pit_ti_224 poolformerv2_s12 pvt_v2_b0 rdnet_tiny regnetz_005 repvgg_a0 repvit_m0_9
        resmlp_12_224 resnest14d resnet10t resnetv2_18 rexnet_100 selecsls42 sequencer2d_s seresnet18 shvit_s1 skresnet18
        starnet_s1 swiftformer_xs swin_tiny_patch4_window7_224 test_coatnet test_efficientnet_evos test_maxvit test_nfnet
        test_vit_relpos tf_efficientnet_b0 tiny_vit_5m_224 tinynet_e tnt_s_patch16_224 twins_pcpvt_small visformer_tiny
        vit_tiny_patch16_224 volo_d1_224 xcit_nano_12_p16_224
        """,
    "mmdet": """
        atss/atss_r18_fpn_8xb8-amp-lsj-200e_coco autoassign/autoassign_r50-caffe_fpn_1x_coco
        centernet/centernet-update_r18_fpn_8xb8-amp-lsj-200e_coco centernet/centernet_r18_8xb16-crop512-140e_coco
        conditional_detr/conditional-detr_r50_8xb2-50e_coco deformable_detr/deformable-detr_r50_16xb2-50e_coco
        detr/detr_r18_8xb2-500e_coco efficientnet/retinanet_effb3_fpn_8xb4-crop896-1x_coco@128
        fcos/fcos_r50-caffe_fpn_gn-head_1x_coco foveabox/fovea_r50_fpn_4xb4-1x_coco fsaf/fsaf_r50_fpn_1x_coco
        gfl/gfl_r50_fpn_1x_coco libra_rcnn/libra-retinanet_r50_fpn_1x_coco nas_fpn/retinanet_r50_nasfpn_crop640-50e_coco@128
        paa/paa_r50_fpn_1x_coco pisa/retinanet-r50_fpn_pisa_1x_coco pvt/retinanet_pvtv2-b0_fpn_1x_coco
        retinanet/retinanet_r18_fpn_1x_coco rpn/rpn_r50_fpn_1x_coco rtmdet/rtmdet-ins_tiny_8xb32-300e_coco
        rtmdet/rtmdet_tiny_8xb32-300e_coco sabl/sabl-retinanet_r50_fpn_1x_coco solov2/solov2-light_r18_fpn_ms-3x_coco@128
        ssd/ssd300_coco@300 ssd/ssdlite_mobilenetv2-scratch_8xb24-600e_coco@128
        ssd/ssdlite_mobilenetv2-scratch_8xb24-600e_coco@320 yolo/yolov3_d53_8xb8-320-273e_coco
        yolo/yolov3_mobilenetv2_8xb24-320-300e_coco yolof/yolof_r50-c5_8xb8-1x_coco yolox/yolox_nano_8xb8-300e_coco
        yolox/yolox_tiny_8xb8-300e_coco
        """,
    "mmseg": """
        ann/ann_r50-d8_4xb2-40k_cityscapes-512x1024 apcnet/apcnet_r50-d8_4xb2-40k_cityscapes-512x1024
        bisenetv1/bisenetv1_r18-d32_4xb4-160k_cityscapes-1024x1024 bisenetv2/bisenetv2_fcn_4xb4-160k_cityscapes-1024x1024
        ccnet/ccnet_r50-d8_4xb2-40k_cityscapes-512x1024 cgnet/cgnet_fcn_4xb4-60k_cityscapes-680x680
        ddrnet/ddrnet_23-slim_in1k-pre_2xb6-120k_cityscapes-1024x1024 deeplabv3/deeplabv3_r18-d8_4xb2-80k_cityscapes-512x1024
        deeplabv3plus/deeplabv3plus_r18-d8_4xb2-80k_cityscapes-512x1024 dmnet/dmnet_r50-d8_4xb2-40k_cityscapes-512x1024
        dnlnet/dnl_r50-d8_4xb2-40k_cityscapes-512x1024 dpt/dpt_vit-b16_8xb2-160k_ade20k-512x512
        emanet/emanet_r50-d8_4xb2-80k_cityscapes-512x1024 erfnet/erfnet_fcn_4xb4-160k_cityscapes-512x1024
        fastscnn/fast_scnn_8xb4-160k_cityscapes-512x1024@128 fcn/fcn_r18-d8_4xb2-80k_cityscapes-512x1024
        gcnet/gcnet_r50-d8_4xb2-40k_cityscapes-512x1024 hrnet/fcn_hr18s_4xb2-40k_cityscapes-512x1024
        icnet/icnet_r18-d8_4xb2-80k_cityscapes-832x832@128 isanet/isanet_r50-d8_4xb2-40k_cityscapes-512x1024
        mobilenet_v2/mobilenet-v2-d8_deeplabv3_4xb2-80k_cityscapes-512x1024
        mobilenet_v3/mobilenet-v3-d8-scratch-s_lraspp_4xb4-320k_cityscapes-512x1024@416
        nonlocal_net/nonlocal_r50-d8_4xb2-40k_cityscapes-512x1024 pidnet/pidnet-s_2xb6-120k_1024x1024-cityscapes
        pspnet/pspnet_r18-d8_4xb2-80k_cityscapes-512x1024 resnest/resnest_s101-d8_deeplabv3_4xb2-80k_cityscapes-512x1024
        segformer/segformer_mit-b0_8xb2-160k_ade20k-512x512 segmenter/segmenter_vit-s_fcn_8xb1-160k_ade20k-512x512
        segmenter/segmenter_vit-s_mask_8xb1-160k_ade20k-512x512 sem_fpn/fpn_r50_4xb2-80k_cityscapes-512x1024
        setr/setr_vit-l_naive_8xb1-80k_cityscapes-768x768 stdc/stdc1_4xb12-80k_cityscapes-512x1024
        swin/swin-tiny-patch4-window7-in1k-pre_upernet_8xb2-160k_ade20k-512x512
        twins/twins_pcpvt-s_fpn_fpnhead_8xb4-80k_ade20k-512x512 unet/unet-s5-d16_fcn_4xb4-40k_drive-64x64
        upernet/upernet_r18_4xb2-40k_cityscapes-512x1024 vit/vit_deit-s16_upernet_8xb2-160k_ade20k-512x512
        """,
}
"""Names by library; name@size: of the pictures' sides, where it is not 64."""

REFUSED = {
    "mmdet:dab_detr/dab-detr_r50_8xb2-50e_coco": "'setitem' before a neuron",
    "mmdet:dino/dino-4scale_r50_8xb2-12e_coco@256": "feeds integers or booleans",
    "mmdet:solo/solo_r18_fpn_8xb8-lsj-200e_coco@128": "'eq'",  # compares a maximum with itself
    "mmseg:segnext/segnext_mscan-t_1xb16-adamw-160k_ade20k-512x512": "'rand' draws random numbers",
    "timm:mvitv2_tiny": "'setitem' before a neuron",
}
"""What cannot be converted, and words of the refusal."""

SENSITIVE = {"timm:focalnet_tiny_srf"}
"""Noise of 0.1 % in the input moves their outputs by more than a tenth (with these weights), so that errors fall late."""

NAMES = [f"{library}:{name}" for library, names in _LISTED.items() for name in names.split()] + list(REFUSED)
ALSO_OURS = {
    "torchvision:resnet18",
    "torchvision:mobilenet_v2",
    "torchvision:vit_b_32",
    "timm:convnext_atto",
    "timm:efficientvit_b0",
    "mmdet:retinanet/retinanet_r18_fpn_1x_coco",
    "mmdet:yolox/yolox_nano_8xb8-300e_coco",
    "mmseg:fcn/fcn_r18-d8_4xb2-80k_cityscapes-512x1024",
    "mmseg:segformer/segformer_mit-b0_8xb2-160k_ade20k-512x512",
}
"""Converted by ``ours``, too."""
