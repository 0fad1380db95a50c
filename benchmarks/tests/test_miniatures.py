import pytest
from videoda_bench.miniatures import MINIATURES
from videoda_train.recipes.b2u import B2U, B2U_MINI
from videoda_train.recipes.config import TrainOptions
from videoda_train.recipes.e2h import E2H, E2H_MINI
from videoda_train.recipes.s2u import S2U, S2U_MINI


@pytest.mark.parametrize(("full", "mini"), [(E2H, E2H_MINI), (S2U, S2U_MINI)], ids=["e2h", "s2u"])
def test_a_miniature_keeps_the_published_pace_weight_of_its_task(full: TrainOptions, mini: TrainOptions) -> None:
    assert mini.cfb.pace_weight == full.cfb.pace_weight


def test_b2u_has_no_published_pace_weight_and_its_miniature_keeps_that_of_its_results() -> None:
    assert B2U_MINI.cfb.pace_weight == E2H_MINI.cfb.pace_weight > B2U.cfb.pace_weight


@pytest.mark.parametrize("task", [name for name, sizes in MINIATURES.items() if sizes["mini"].depth])
def test_the_bank_is_used_and_the_rate_falls_before_training_ends(task: str) -> None:
    for miniature in MINIATURES[task].values():
        options = miniature.recipe("cfb")
        assert options.cfb.bank_from_epoch + 1 < options.optim.epochs
        assert all(0 < milestone < options.optim.epochs for milestone in options.optim.milestones)
