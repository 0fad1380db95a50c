import pytest
import torch
from flowbank import BankInputError, FlowReplacement

SHAPE = (2, 3, 4, 5)


@pytest.fixture
def bank(make_bank, marked):
    bank = make_bank(codec="float32")
    bank.insert([0, 2], [1.0, 1.0], marked([10, -6]))
    bank.commit()
    return bank


def test_flow_is_replaced_by_label_and_an_empty_class_keeps_its_own(bank):
    flow = torch.full((3, *SHAPE), 0.5)
    replaced, hit = FlowReplacement(bank, scale=1 / 20)(flow, [0, 1, 2])
    torch.testing.assert_close(replaced.flatten(1).mean(1), torch.tensor([0.5, 0.5, -0.3]))
    assert hit.tolist() == [True, False, True]
    assert (flow == 0.5).all()


def test_the_dtype_of_the_batch_is_kept(bank):
    replaced, _ = FlowReplacement(bank)(torch.zeros(1, *SHAPE, dtype=torch.float16), torch.tensor([0]))
    assert replaced.dtype == torch.float16
    assert (replaced == 10).all()


def test_the_mean_can_stand_in(bank, marked):
    bank.insert([0], [0.5], marked([20]))
    bank.commit()
    replaced, _ = FlowReplacement(bank, reduction="mean")(torch.zeros(1, *SHAPE), [0])
    assert (replaced == 15).all()


def test_a_batch_of_another_shape_is_refused(bank):
    with pytest.raises(BankInputError, match="flow has shape"):
        FlowReplacement(bank)(torch.zeros(1, 2, 3, 4, 6), [0])


@pytest.mark.gpu
def test_a_batch_on_the_gpu_stays_there(bank):
    replaced, hit = FlowReplacement(bank)(torch.zeros(2, *SHAPE, device="cuda"), torch.tensor([0, 1], device="cuda"))
    assert replaced.is_cuda
    assert hit.is_cuda
    assert replaced.flatten(1).mean(1).tolist() == [10, 0]
