"""Settings of the zero-shot comparison."""

from dataclasses import dataclass

from videoda_train.errors import ConfigError


@dataclass(frozen=True)
class ZeroShotConfig:
    """A model of images and text, and the sentences that describe a class to it."""

    model: str = "openai/clip-vit-base-patch32@c237dc49a33fc61debc9276459120b7eac67e7ef"
    """A CLIP or SigLIP of transformers with safetensors weights: `owner/name`, `owner/name@revision`, or a folder that
    `save_pretrained` wrote."""
    num_frames: int = 8
    """Frames of a video, spread evenly, whose embeddings are averaged."""
    templates: tuple[str, ...] = (
        "a photo of a person {}.",
        "a video of a person {}.",
        "an example of the action {}.",
        "a person performing the action {}.",
    )
    """`{}` is the class name, in words."""

    def __post_init__(self) -> None:
        """Check the number of frames and that every template names the class."""
        if self.num_frames < 1:
            raise ConfigError(f"zero_shot.num_frames is {self.num_frames}; it must be at least 1")
        wrong = [template for template in self.templates if template.count("{}") != 1]
        if wrong or not self.templates:
            raise ConfigError(f"zero_shot.templates holds {wrong}; each must hold {{}} once, for the class name")
