"""What is said of a run before it starts: contradictions end it, what would go wrong without a word is warned of."""

from videoda_train.errors import ConfigError
from videoda_train.recipes.config import TrainConfig
from videoda_train.recipes.fitting_network import fitting_networks, i3d_networks


def require_fitting_weights(config: TrainConfig) -> None:
    """Refuse weights of another network than the stream's, naming both.

    Raises:
        ConfigError: a file fits another Inception I3D than the stream's network, or that network is one and none fits.
        WeightsError: a file is missing or cannot be read.
    """
    model = config.model
    streams = {"rgb": (model.rgb, model.rgb_weights), "flow": (model.flow, model.flow_weights)}
    if config.inputs == "views":
        streams = {"flow": streams["flow"]} if config.uses_flow else {}
    for stream, (name, weights) in streams.items():
        if weights is None:
            continue
        fitting = fitting_networks(weights)
        if fitting and name not in fitting:
            raise ConfigError(
                f"{weights} fits {fitting[0]}, not {name}; give --model.{stream} {fitting[0]}, or weights of {name}"
            )
        if not fitting and name in i3d_networks():
            raise ConfigError(
                f"{weights} fits none of {', '.join(i3d_networks())}; --model.{stream} is {name}: name the network "
                "that the file was made for, or give other weights"
            )
