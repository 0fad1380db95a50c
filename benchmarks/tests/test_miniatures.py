import pytest
from videoda_bench.miniatures import MINIATURES
from videoda_train.recipes.b2u import B2U, B2U_MINI
from videoda_train.recipes.config import TrainOptions
from videoda_train.recipes.e2h import E2H, E2H_MINI
from videoda_train.recipes.s2u import S2U, S2U_MINI

PAIRS = [
    pytest.param(E2H, E2H_MINI, id="e2h"),
    pytest.param(B2U, B2U_MINI, id="b2u"),
    pytest.param(S2U, S2U_MINI, id="s2u"),
]


@pytest.mark.parametrize(("full", "mini"), PAIRS, ids=["e2h", "b2u", "s2u"])
def test_a_miniature_keeps_the_pace_weight_of_its_task(full: TrainOptions, mini: TrainOptions) -> None:
    assert mini.cfb.pace_weight == full.cfb.pace_weight


@pytest.mark.parametrize("task", [name for name, sizes in MINIATURES.items() if sizes["mini"].depth])
def test_the_bank_is_used_and_the_rate_falls_before_training_ends(task: str) -> None:
    for miniature in MINIATURES[task].values():
        options = miniature.recipe("cfb")
        assert options.cfb.bank_from_epoch + 1 < options.optim.epochs
        assert all(0 < milestone < options.optim.epochs for milestone in options.optim.milestones)
