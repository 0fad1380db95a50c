import torch
from tiny_engine import PointMethod, draw_points
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from videoda_train.engine.weight_average import WeightAverage


def test_the_average_is_that_of_torch() -> None:
    module = PointMethod(batch_norm=True).module
    ours = WeightAverage(module, decay=0.9)
    theirs = AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(0.9), use_buffers=True)
    theirs.update_parameters(module)  # the first call copies the weights
    for step in range(5):
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(step)))
            module["net"](draw_points([f"{step} {i}" for i in range(4)]).values)
        ours.update(module)
        theirs.update_parameters(module)
    expected = theirs.module.state_dict()
    assert any("running_var" in name for name in ours.values)
    for name, value in ours.values.items():
        torch.testing.assert_close(value, expected[name])


def test_the_weights_come_back_after_the_average_was_applied() -> None:
    module = PointMethod().module
    average = WeightAverage(module, decay=0.5)
    with torch.no_grad():
        module["net"][0].weight.add_(1)
    before = module["net"][0].weight.clone()
    with average.applied(module):
        torch.testing.assert_close(module["net"][0].weight.detach(), before - 1)
    assert torch.equal(module["net"][0].weight, before)
