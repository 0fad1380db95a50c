"""MobileNetV2 as TensorFlow Lite has it: batch norm folded, strided layers padded behind, 1001 classes (0: none)."""

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from videoda_models.errors import WeightsError
from videoda_models.inflate import InflatedModel
from videoda_models.inflated_layers import Init, TfSameConv2d
from videoda_models.weights import read_state_dict

_LAYER = re.compile(r"(\d\d)\.(?:DEPTHWISE_)?CONV_2D\.(weight|bias)")


def tf_mobilenet_v2(num_classes: int = 1001) -> nn.Module:
    """Torchvision's MobileNetV2 with TensorFlow's padding in its strided layers, batch norm folded; input in [−1, 1].

    Each convolution has a bias in place of the batch norm behind it: training and evaluation mode do the same. Without
    the npz it is hard to train, since nothing normalises.
    """
    from torchvision.models import mobilenet_v2

    network = mobilenet_v2(weights=None, num_classes=num_classes, norm_layer=nn.Identity)
    for name, layer in list(network.named_modules()):
        if isinstance(layer, nn.Conv2d):
            layer.bias = nn.Parameter(torch.zeros(layer.out_channels))
        if isinstance(layer, nn.Conv2d) and layer.stride == (2, 2):
            twin = TfSameConv2d(layer.in_channels, layer.out_channels, 3, stride=2, groups=layer.groups)
            twin.load_state_dict(layer.state_dict())
            network.set_submodule(name, twin)
    return network


def mobilenet_v2_from_npz(path: str | Path) -> nn.Module:
    """The image network with the weights of an npz of 53 layers `NN.CONV_2D.weight` (O, h, w, I) and `.bias` (O,).

    In evaluation mode: frames (N, 3, H, W) with even sides, values x/127.5 − 1 -> logits (N, 1001).
    """
    state = read_state_dict(path)
    network = tf_mobilenet_v2(int(state["52.CONV_2D.weight"].shape[0]) if "52.CONV_2D.weight" in state else 1001)
    network.load_state_dict(convert_npz(state))
    return network.eval()


def convert_npz(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names and layouts of the npz become those of `tf_mobilenet_v2`."""
    layers: dict[int, dict[str, Tensor]] = {}
    for name, tensor in state.items():
        match = _LAYER.fullmatch(name)
        if match is None:
            raise WeightsError(
                f"unexpected array {name!r}; allowed are 'NN.CONV_2D.weight', 'NN.DEPTHWISE_CONV_2D.bias' …"
            )
        layers.setdefault(int(match[1]), {})[match[2]] = tensor.float()
    reference = tf_mobilenet_v2()
    units = [name for name, module in reference.named_modules() if isinstance(module, nn.Conv2d)]
    if sorted(layers) != list(range(len(units) + 1)) or any(len(layer) != 2 for layer in layers.values()):
        raise WeightsError(f"{len(layers)} layers with weight and bias; a MobileNetV2 has {len(units) + 1}")
    converted: dict[str, Tensor] = {}
    for index, name in enumerate(units):
        weight, bias = layers[index]["weight"], layers[index]["bias"]
        depthwise = reference.get_submodule(name).groups != 1
        converted[f"{name}.weight"] = weight.permute(3, 0, 1, 2) if depthwise else weight.permute(0, 3, 1, 2)
        converted[f"{name}.bias"] = bias
    converted["classifier.1.weight"] = layers[len(units)]["weight"].flatten(1)
    converted["classifier.1.bias"] = layers[len(units)]["bias"]
    return converted


class InflatedTfMobileNetV2(InflatedModel):
    """MobileNetV2 with TensorFlow's padding and no batch norm, inflated; loads the npz as well as its own files."""

    def __init__(
        self,
        num_classes: int,
        in_channels: int = 3,
        *,
        time_kernel: int = 3,
        init: Init = "mean",
        dropout: float | None = None,
    ) -> None:
        super().__init__(
            tf_mobilenet_v2(num_classes), in_channels=in_channels, time_kernel=time_kernel, init=init, dropout=dropout
        )

    def convert_checkpoint(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The npz's names, or the image network's, become this model's."""
        return super().convert_checkpoint(convert_npz(state) if any(map(_LAYER.fullmatch, state)) else state)
