"""Inflation: a 2-D image network becomes a video network that gives the same answer for a still video."""

import copy
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn

from videoda_models.cross_modality import average_first_kernel, mean_over_channels
from videoda_models.errors import ModelOptionError
from videoda_models.inflated_layers import InflatedConv3d, Init, make_3d, spread_kernel, with_in_channels
from videoda_models.pooled_model import PooledVideoModel
from videoda_models.staged_model import StagedVideoModel


class InflatedModel(PooledVideoModel, StagedVideoModel):
    """A 2-D network made 3-D: every frame is a time step (T' = T), time is mixed by the inflated kernels.

    State dicts of the 2-D network load as they are: their kernels are spread over time on the way in, and where
    `in_channels` is not the 2-D network's, the first kernel is averaged over its channels and given to each of ours
    (cross-modality initialisation: Wang et al., Temporal Segment Networks, ECCV 2016). `stages`, which can be frozen,
    are the blocks of the 2-D network: `blocks.0` … of a MobileNet, `blocks.conv1` … of a ResNet. `dropout` is before
    the last layer; None: the 2-D network's own.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        in_channels: int | None = None,
        time_kernel: int = 3,
        init: Init = "mean",
        dropout: float | None = None,
    ) -> None:
        super().__init__()
        if time_kernel < 1 or time_kernel % 2 == 0:
            raise ModelOptionError(f"time_kernel is {time_kernel}; allowed are odd numbers")
        if init not in ("mean", "centre"):
            raise ModelOptionError(f"init is {init!r}; allowed are 'mean' and 'centre'")
        if in_channels is not None and in_channels < 1:
            raise ModelOptionError(f"in_channels is {in_channels}; allowed is 1 or more (RGB is 3, optical flow 2)")
        blocks, neck, head, self._names = take_apart(network)
        self.init: Init = init
        self.blocks = make_3d(with_in_channels(blocks, in_channels), time_kernel=time_kernel)
        self.stages = tuple(f"blocks.{name}" for name, _ in self.blocks.named_children())
        self.neck = copy.deepcopy(neck) if dropout is None else with_dropout(neck, dropout)
        self.in_channels = next(m.in_channels for m in self.blocks.modules() if isinstance(m, InflatedConv3d))
        self.add_logits(head.in_features, head.out_features)
        self.load_state_dict(InflatedModel.convert_checkpoint(self, network.state_dict()))

    @property
    def _first_kernel(self) -> str:
        name = next(name for name, module in self.blocks.named_modules() if isinstance(module, InflatedConv3d))
        return f"blocks.{name}.weight"

    def features(self, x: Float[Tensor, "B C T H W"]) -> Float[Tensor, "B F T 1 1"]:
        """What the 2-D network's last layer sees, per frame: (B, C, T, H, W) -> (B, F, T, 1, 1)."""
        self.check_input(x)
        pooled = self.trunk(x).mean(dim=(3, 4)).transpose(1, 2)
        frames = self.neck(pooled.flatten(0, 1)[:, :, None, None])
        return frames.unflatten(0, pooled.shape[:2]).transpose(1, 2)[..., None, None]

    def convert_checkpoint(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """A state dict of the 2-D network becomes one of this model; this model's own stays as it is."""
        own = self.state_dict()
        converted: dict[str, Tensor] = {}
        for name, tensor in state.items():
            old = next((prefix for prefix in self._names if name.startswith(prefix)), None)
            if old is None:
                converted[name] = tensor
                continue
            new = self._names[old] + name.removeprefix(old)
            target = own.get(new)
            if target is not None and tensor.ndim == 4 and target.ndim == 5:
                if new == self._first_kernel and tensor.shape[1] != self.in_channels:
                    tensor = mean_over_channels(tensor, in_channels=self.in_channels)
                tensor = spread_kernel(tensor, time=target.shape[2], init=self.init)
            elif target is not None and name.endswith("layer_scale") and tensor.numel() == target.numel():
                tensor = tensor.reshape(target.shape)
            converted[new] = tensor
        return average_first_kernel(converted, self._first_kernel, in_channels=self.in_channels)


def inflate(
    network: nn.Module, *, num_classes: int | None = None, time_kernel: int = 3, init: Init = "mean"
) -> InflatedModel:
    """A torchvision 2-D CNN with its weights as a video network (I3D's inflation, Carreira and Zisserman 2017).

    Convolutions wider than 1 get `time_kernel` taps over time: the 2-D kernel spread evenly ("mean") or in the centre
    tap alone ("centre"). `num_classes=None` keeps the 2-D network's own last layer. A network whose still video would
    not give the 2-D answer (checked on a random image) is refused.

    Examples:
        >>> import torch, torchvision
        >>> image_net = torchvision.models.resnet18().eval()
        >>> video_net = inflate(image_net).eval()
        >>> image = torch.rand(1, 3, 64, 64)
        >>> still = image[:, :, None].expand(-1, -1, 4, -1, -1)
        >>> bool(torch.allclose(video_net(still)[:, :, 0], image_net(image), atol=1e-4))
        True
    """
    weight = next(network.parameters())
    model = InflatedModel(network, time_kernel=time_kernel, init=init).to(weight.device, weight.dtype)
    model.train(network.training)
    _check_still_video(network, model)
    if num_classes is not None:
        model.replace_logits(num_classes)
    return model


def take_apart(network: nn.Module) -> tuple[nn.Module, nn.Module, nn.Linear, dict[str, str]]:
    """Blocks (N, C, H, W), neck on pooled (N, C, 1, 1), last layer; and {name prefix in a file: prefix in the model}.

    Files of version 0.1 call the blocks `trunk`.
    """
    classifier = getattr(network, "classifier", None)
    features = getattr(network, "features", None)
    if (
        isinstance(features, nn.Module)
        and isinstance(classifier, nn.Sequential)
        and isinstance(classifier[-1], nn.Linear)
    ):
        last = len(classifier) - 1
        # ConvNeXt normalises before it flattens; the others flatten between the trunk and the classifier.
        flatten = [] if any(isinstance(layer, nn.Flatten) for layer in classifier) else [nn.Flatten(1)]
        names = {f"classifier.{i}.": f"neck.{i + len(flatten)}." for i in range(last)}
        names |= {"features.": "blocks.", "trunk.": "blocks.", f"classifier.{last}.": "logits."}
        return features, nn.Sequential(*flatten, *classifier[:-1]), classifier[-1], names
    head = getattr(network, "fc", None)
    children = dict(network.named_children())
    if isinstance(head, nn.Linear) and "avgpool" in children:
        before = list(children)[: list(children).index("avgpool")]
        blocks = nn.Sequential()
        for name in before:
            blocks.add_module(name, children[name])
        names = {**{f"{name}.": f"blocks.{name}." for name in before}, "trunk.": "blocks.", "fc.": "logits."}
        return blocks, nn.Sequential(nn.Flatten(1)), head, names
    raise ModelOptionError(
        f"{type(network).__name__} cannot be inflated; allowed are networks laid out as torchvision's ResNet "
        "(… avgpool, fc) or as its MobileNet, EfficientNet and ConvNeXt (features, classifier)"
    )


def with_dropout(neck: nn.Module, dropout: float) -> nn.Module:
    """A copy of a neck whose dropout, or a new one behind it where it has none, drops this share."""
    if not 0 <= dropout < 1:
        raise ModelOptionError(f"dropout is {dropout}; allowed is 0 to below 1")
    neck = copy.deepcopy(neck)
    layers = [layer for layer in neck.modules() if isinstance(layer, nn.Dropout)]
    for layer in layers:
        layer.p = dropout
    return neck if layers else nn.Sequential(*neck.children(), nn.Dropout(dropout))


def _check_still_video(network: nn.Module, model: InflatedModel) -> None:
    modes = network.training, model.training
    weight = next(network.parameters())
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(1, model.in_channels, 64, 64, generator=generator).to(weight.device, weight.dtype)
    network.eval()
    model.eval()
    try:
        with torch.no_grad():
            wanted, given = network(image), model(image[:, :, None].expand(-1, -1, 2, -1, -1))
    except RuntimeError as error:
        raise ModelOptionError(f"{type(network).__name__} cannot be inflated: {str(error).splitlines()[0]}") from error
    finally:
        network.train(modes[0])
        model.train(modes[1])
    gap = float((given[:, :, 0] - wanted).abs().max())
    if gap > 1e-3 * max(1.0, float(wanted.abs().max())):
        raise ModelOptionError(
            f"{type(network).__name__} cannot be inflated: a still video's answer is off by {gap:.2g}"
        )
