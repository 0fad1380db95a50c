"""The configuration of one training run: typed, frozen, written to `config.yaml`, and the command line's source."""

from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from videoda_train.errors import ConfigError
from videoda_train.recipes.path_fields import PathFields
from videoda_train.recipes.views_config import GladConfig, TolConfig, ViewsConfig
from videoda_train.recipes.zero_shot_config import ZeroShotConfig

MethodName = Literal["source_only", "dann", "cfb", "tol", "glad", "glad_cfb", "supervised", "zero_shot"]
Inputs = Literal["streams", "views"]
Streams = Literal["both", "rgb", "flow"]
NEEDED_INPUTS: dict[str, Inputs] = {
    "cfb": "streams",
    "tol": "views",
    "glad": "views",
    "glad_cfb": "views",
    "supervised": "views",
    "zero_shot": "views",
}
"""Source-only and DANN take either."""


@dataclass(frozen=True)
class DataConfig(PathFields):
    """Where the labelled photos or videos and the unlabelled videos are."""

    source_list: Path
    """Labelled photos or videos: one '{path} {label}' per line; or a folder of folders, CLASS/photo.jpg."""
    target_list: Path
    """Videos to adapt to and to classify: one '{path} {label}' or path per line; or a folder, or a pattern such as
    'videos/*.mp4'. Labels are for the accuracies alone."""
    classes: Path | None = None
    """Class names, one per line, in label order; default: the folders of a source that is a folder."""
    evaluation_list: Path | None = None
    """Videos to classify after every epoch and to report on; default: the target's."""
    root: Path | None = None
    """Folder of relative paths in all lists; default: each list file's own."""
    test_list: Path | None = None
    """Videos that are never trained on and classified at the end (inductive), given as the target's."""
    one_class: bool = False
    """The labels of videos that all carry the same one are true; without this they are taken for zeros that nobody
    gave, and no accuracy is told."""

    @property
    def class_map(self) -> Path:
        """Where the class names are.

        Raises:
            ConfigError: they are not given, or the source that would give them does not exist.
        """
        if self.classes is None and not self.source_list.exists():
            raise ConfigError(
                f"--source-list {self.source_list} does not exist; give a list file or a folder of folders"
            )
        if self.classes is None and not self.source_list.is_dir():
            raise ConfigError(
                "no class names; give --classes, a text file with one name per line in label order, or a --source-list "
                "that is a folder of folders, CLASS/photo.jpg"
            )
        return self.classes or self.source_list


@dataclass(frozen=True)
class LoadingConfig(PathFields):
    """Where prepared files go and how they are loaded; changes no sample."""

    prepared_dir: Path | None = None
    """Generated clips and cached flow; default: RUN_DIR/prepared. Runs on the same data can share one."""
    cache_gib: float = 1.0
    """Decoded, resized frames kept in memory, per loader process [GiB]."""
    packed_gib: float = 20.0
    """Generated clips kept on disk as they are loaded, all processes together [GiB]; others are decoded every time."""
    num_workers: int = 0
    """Loader processes; 0 loads in the training process."""
    seconds_per_file: float | None = 600.0
    """Longest time to look at one video before training, and to estimate its flow [s]; then it is named as bad.

    Both are done in processes of their own, which can be stopped where a damaged file makes a decoder hang. None: no
    limit."""


@dataclass(frozen=True)
class ClipConfig:
    """Clip geometry, for RGB and flow alike."""

    num_frames: int = 16
    """Frames of a training clip."""
    num_eval_frames: int = 32
    """Frames of an evaluation clip."""
    resize: int = 256
    """Side that frames are resized to, aspect not kept [px]."""
    crop: int = 224
    """Side of the square crop [px]."""
    flow_bound: float = 20.0
    """Stored flow is clipped to ± this [px at `resize` scale] and quantised to 8 bits."""
    flow_estimation_size: int | None = None
    """Side of the frames that target flow is estimated in, then averaged down to `resize` [px]; default: `resize`."""
    flip_probability: float = 0.5


@dataclass(frozen=True)
class MotionConfig:
    """How a still becomes a clip."""

    source: Literal["camera-motion", "fresh-camera-motion", "static"] = "camera-motion"
    """`camera-motion` makes each still's clip once, on disk; `fresh-camera-motion` renders another one in every epoch,
    where it is loaded; `static` repeats the still, with zero flow."""
    depth: str = "ground"
    """`ground`, `plane`, `dir:FOLDER`, or a depth network's name."""
    size: int = 384
    """Side the still is resized to before the camera moves, aspect not kept [px]."""
    translation: tuple[float, float] = (0.01, 0.02)
    """Range of the camera's step per axis and frame, sign random."""
    rotation_deg: tuple[float, float] = (1.0, 2.0)
    """Range of the camera's rotation per axis and frame, sign random [degrees]."""
    workers: int = 2


@dataclass(frozen=True)
class ModelConfig(PathFields):
    """The networks: two streams, or the backbone behind views."""

    streams: Streams = "both"
    """Which of the two train and vote. Of CFB's parts the bank is the flow stream's, the pace task the RGB stream's."""

    rgb: str = "i3d-inception-rgb"
    """Any network of `videoda models` that takes values in [-1, 1]."""
    flow: str = "i3d-inception-flow"
    """One with 2 input channels, or an inflated image network, whose first kernel is averaged over the colours."""
    rgb_weights: Path | None = None
    """Weights of the RGB stream, such as `rgb_imagenet.pt` (Kinetics); default: random."""
    flow_weights: Path | None = None
    """Weights of the flow stream, such as `flow_imagenet.pt` (Kinetics); default: random."""
    time_stride: Literal["published", "cfb"] = "cfb"
    freeze_through: str | None = "MaxPool3d_4a_3x3"
    """Last frozen endpoint of a stream that starts from weights; one that starts from random weights trains in full.
    Of an inflated network it is a block: `blocks.13`."""
    dropout: float = 0.5
    batch_norm_momentum: float = 0.01
    backbone: str = "i3d-r50-nl"
    """The network that sees views."""
    backbone_weights: str | None = None
    """Its start: a run (its folder), a file, or a tag of the network's card such as `kinetics400`; default: random."""
    backbone_freeze_through: str | None = None
    """Its last frozen endpoint; default: it trains in full."""


@dataclass(frozen=True)
class OptimConfig:
    """The optimiser, its learning rate and how a step's batch is divided."""

    optimizer: Literal["sgd", "adamw"] = "sgd"
    lr: float = 0.05
    batch_size: int = 16
    """Clips of each domain in one step, of all processes together."""
    lr_batch_size: int | None = None
    """Batch size that `lr` was found for: another `batch_size` scales it in proportion. None: `lr` as it is."""
    epochs: int = 60
    schedule: Literal["step", "cosine", "constant"] = "step"
    """`step`: ×0.1 at each milestone; `cosine`: down to 0 at the end."""
    milestones: tuple[int, ...] = (30, 40)
    """Epochs from which the learning rate is ×0.1."""
    warmup_epochs: int = 0
    """Epochs in which the learning rate rises from 0."""
    momentum: float = 0.9
    """Of SGD."""
    weight_decay: float = 1e-4
    clip_value: float | None = 1.0
    """Gradient values are clamped to ± this."""
    clip_norm: float | None = None
    """The gradient of all parameters together is shortened to at most this length."""
    accumulation: int = 1
    """Micro-batches that each process takes in turn: less memory, the same gradient; batch norm sees each alone."""
    sync_batch_norm: bool = False
    """Batch norm over all processes' clips; CUDA only. Off: each process normalises its own."""
    ema_decay: float | None = None
    """Also keep, evaluate and save an exponential moving average of the weights, e.g. 0.999."""

    def __post_init__(self) -> None:
        """Check ranges that no type can express.

        Raises:
            ConfigError: naming the value and what is allowed.
        """
        for name in ("batch_size", "epochs", "accumulation"):
            if getattr(self, name) < 1:
                raise ConfigError(f"optim.{name} is {getattr(self, name)}; it must be at least 1")
        if not 0 <= self.warmup_epochs < self.epochs:
            raise ConfigError(
                f"optim.warmup_epochs is {self.warmup_epochs}; allowed: 0 to optim.epochs - 1 ({self.epochs - 1})"
            )
        if self.accumulation > self.batch_size:
            raise ConfigError(
                f"optim.accumulation is {self.accumulation}; allowed: 1 to optim.batch_size ({self.batch_size})"
            )
        if self.ema_decay is not None and not 0 < self.ema_decay < 1:
            raise ConfigError(f"optim.ema_decay is {self.ema_decay}; allowed: above 0, below 1, or None")
        for name in ("lr", "lr_batch_size", "clip_value", "clip_norm"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ConfigError(f"optim.{name} is {value}; it must be above 0")


Criterion = Literal["entropy", "diversity", "information_maximisation", "snd"]


@dataclass(frozen=True)
class CheckpointConfig:
    """When a run is saved and which checkpoints stay beside the newest; changes no result."""

    every_minutes: float | None = 15.0
    """Also save inside an epoch once this much time has passed [minutes]; 0: after every step; None: never."""
    keep_last: int = 1
    """Epochs whose checkpoints stay; 1 keeps only the newest."""
    keep_best: Criterion | None = None
    """Also keep the checkpoint of the epoch that this criterion prefers; none of them looks at target labels."""


@dataclass(frozen=True)
class TrackingConfig:
    """An experiment tracker beside TensorBoard and `metrics.jsonl`."""

    tracker: Literal["none", "wandb", "trackio"] = "none"
    """Installed by the extra of the same name."""
    project: str = "videoda"


@dataclass(frozen=True)
class CfbConfig:
    """The category-aware flow memory bank and the pace task; each has its own switch."""

    bank: bool = True
    bank_size: int = 60
    """Clips kept per class."""
    bank_from_epoch: int = 10
    """First epoch whose evaluation fills the bank; training uses it from the next epoch on."""
    bank_reduction: Literal["random", "mean"] = "random"
    bank_min_confidence: float | None = None
    """Videos below this confidence (mean softmax score of the streams, 0 to 1) are not kept; default, as published: all
    may be."""
    bank_top_fraction: float | None = None
    """Only this share of all videos, the most confident ones over all classes, is kept, 0 to 1; default, as published:
    all may be."""
    bank_total_size: int | None = None
    """Clips kept of all classes together, shared evenly; default, as published: only each class is limited."""
    pace: bool = True
    pace_weight: float = 0.2
    num_paces: int = 5
    flow_clip_weight: float = 1.0
    """Weight of the flow stream's clip loss (published name: flow_r1)."""
    flow_frame_weight: float = 1.0
    """Weight of the flow stream's per-frame loss (published name: loc_loss_r1)."""
    flow_lr_factor: float = 1.0
    """The flow network's learning rate over that of GLAD's network, where the two train together (`glad_cfb`)."""


@dataclass(frozen=True)
class DannConfig:
    """The domain classifiers of DANN; depth and width are those of its paper for SVHN."""

    weight: float = 1.0
    """Weight of the domain loss beside a classification loss that is summed over classes."""
    depth: int = 2
    """Hidden layers."""
    width: int = 1024
    dropout: float = 0.5


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """Every setting of a run but its data: what a recipe fixes."""

    method: MethodName = "cfb"
    inputs: Inputs = "streams"
    """What a method sees of a video: a clip's RGB and flow, or several RGB clips (TOL, GLAD, the upper bound)."""
    seed: int = 0
    device: str = "auto"
    """`auto`, `cpu`, `cuda`, `cuda:1`, …"""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """`auto` takes bf16 on CUDA and on CPUs with AMX, fp32 elsewhere."""
    deterministic: bool = False
    """Only kernels that give the same bits every time; slower on CUDA. On the CPU results repeat without it."""
    clip: ClipConfig = field(default_factory=ClipConfig)
    motion: MotionConfig = field(default_factory=MotionConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    optim: OptimConfig = field(default_factory=OptimConfig)
    cfb: CfbConfig = field(default_factory=CfbConfig)
    dann: DannConfig = field(default_factory=DannConfig)
    views: ViewsConfig = field(default_factory=ViewsConfig)
    tol: TolConfig = field(default_factory=TolConfig)
    glad: GladConfig = field(default_factory=GladConfig)
    zero_shot: ZeroShotConfig = field(default_factory=ZeroShotConfig)
    loading: LoadingConfig = field(default_factory=LoadingConfig)
    checkpoint: CheckpointConfig = field(default_factory=CheckpointConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)

    @property
    def uses_flow(self) -> bool:
        """Whether a network sees optical flow."""
        return self.model.streams != "rgb" and (self.inputs == "streams" or self.method == "glad_cfb")

    @property
    def uses_bank(self) -> bool:
        """Whether the method keeps target flows for its flow stream."""
        return self.method in ("cfb", "glad_cfb") and self.cfb.bank and self.model.streams != "rgb"

    def __post_init__(self) -> None:
        """Check ranges that no type can express.

        Raises:
            ConfigError: naming the value and what is allowed.
        """
        for name, value in (
            ("clip.num_frames", self.clip.num_frames),
            ("clip.num_eval_frames", self.clip.num_eval_frames),
            ("checkpoint.keep_last", self.checkpoint.keep_last),
            ("cfb.bank_size", self.cfb.bank_size),
        ):
            if value < 1:
                raise ConfigError(f"{name} is {value}; it must be at least 1")
        for name in ("bank_min_confidence", "bank_top_fraction"):
            share = getattr(self.cfb, name)
            if share is not None and not 0 < share <= 1:
                raise ConfigError(f"cfb.{name} is {share}; allowed: above 0, at most 1, or None")
        if self.cfb.bank_total_size is not None and self.cfb.bank_total_size < 1:
            raise ConfigError(f"cfb.bank_total_size is {self.cfb.bank_total_size}; it must be at least 1, or None")
        needed = NEEDED_INPUTS.get(self.method)
        if needed and self.inputs != needed:
            raise ConfigError(f"method is '{self.method}', inputs is '{self.inputs}'; {self.method} needs '{needed}'")
        if self.method == "zero_shot" and self.optim.epochs != 1:
            raise ConfigError(f"optim.epochs is {self.optim.epochs}; zero_shot does not train: give 1, one evaluation")
        if self.inputs == "views" and self.motion.source == "fresh-camera-motion":
            raise ConfigError(
                "motion.source is 'fresh-camera-motion'; methods on views take 'camera-motion', whose clips are on disk"
            )
        if self.method == "glad_cfb" and self.model.streams == "flow":
            raise ConfigError(
                "model.streams is 'flow', method is 'glad_cfb'; GLAD sees RGB: give 'both' or 'rgb', or for flow alone "
                "method 'cfb' with inputs 'streams'"
            )
        if self.clip.crop > self.clip.resize or self.clip.crop < 32:
            raise ConfigError(f"clip.crop is {self.clip.crop}; allowed: 32 to clip.resize ({self.clip.resize})")
        if self.clip.num_eval_frames != 2 * self.clip.num_frames:
            raise ConfigError(
                f"clip.num_eval_frames is {self.clip.num_eval_frames}; it must be twice clip.num_frames "
                f"({2 * self.clip.num_frames}), because the bank keeps every second evaluation flow"
            )


@dataclass(frozen=True, kw_only=True)
class TrainConfig(TrainOptions):
    """One run: options and data."""

    data: DataConfig
    task: str = "custom"
    scale: Literal["full", "mini", "custom"] = "custom"

    @property
    def labels_are_true(self) -> bool:
        """Whether labels that are all the same are true: by the user's word, or because they are orders of clips."""
        return self.data.one_class or self.method == "tol"


def with_data(
    options: TrainOptions, data: DataConfig, *, task: str, scale: Literal["full", "mini", "custom"]
) -> TrainConfig:
    """Return a run of `options` on `data`."""
    values = {f.name: getattr(options, f.name) for f in fields(TrainOptions)}
    return TrainConfig(**values, data=data, task=task, scale=scale)


def to_dict(config: Any) -> dict[str, Any]:
    """Return a configuration as plain YAML and JSON types."""
    return {key: _plain(value) for key, value in asdict(config).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def from_dict(values: Any) -> TrainConfig:
    """Build a configuration from `to_dict`'s output, today's or an earlier version's: what came later has its default.

    Raises:
        ConfigError: settings that this version does not know or that are missing, by name, or values out of range.
    """
    if not isinstance(values, dict):
        raise ConfigError(f"it holds {type(values).__name__}, not settings")
    sections = {name: values.get(name, {}) for name in _PARTS}
    for name, given in sections.items():
        if not isinstance(given, dict):
            raise ConfigError(f"{name} is {given!r}; it must hold settings")
    known = {name: {f.name for f in fields(kind)} for name, kind in _PARTS.items()}
    unknown = [str(key) for key in values if key not in {f.name for f in fields(TrainConfig)}]
    unknown += [f"{name}.{key}" for name, given in sections.items() for key in given if key not in known[name]]
    if unknown:
        raise ConfigError(f"it has settings that this version does not know: {', '.join(unknown)}")
    needed = [f.name for f in fields(DataConfig) if f.default is MISSING]
    if missing := [f"data.{name}" for name in needed if sections["data"].get(name) is None]:
        raise ConfigError(f"it lacks {', '.join(missing)}")
    parts = {name: kind(**_typed(sections[name])) for name, kind in _PARTS.items()}
    return TrainConfig(**{key: value for key, value in values.items() if key not in _PARTS}, **parts)


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    return {key: _typed_value(key, value) for key, value in values.items()}


def _typed_value(key: str, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return Path(value) if value is not None and key in _PATHS else value


_PARTS: dict[str, Any] = {
    "data": DataConfig,
    "clip": ClipConfig,
    "motion": MotionConfig,
    "model": ModelConfig,
    "optim": OptimConfig,
    "cfb": CfbConfig,
    "dann": DannConfig,
    "views": ViewsConfig,
    "tol": TolConfig,
    "glad": GladConfig,
    "zero_shot": ZeroShotConfig,
    "loading": LoadingConfig,
    "checkpoint": CheckpointConfig,
    "tracking": TrackingConfig,
}
_PATHS = frozenset(
    {
        *("source_list", "target_list", "evaluation_list", "test_list", "classes", "root"),
        *("prepared_dir", "rgb_weights", "flow_weights", "medians"),
    }
)
