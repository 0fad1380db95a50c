import numpy as np
import pytest
import torch
from flowbank import ArraySpec, BankInputError
from flowbank.nearest import nearest_place
from flowbank.sampling import weighted_places

SHAPE = (2, 3, 4, 5)


@pytest.fixture
def bank(make_bank, marked):
    """Class 0: marks 1 2 3 4 with confidences 1 2 3 4; class 1: mark 9; class 2: nothing."""
    bank = make_bank(codec="float32")
    bank.insert([0, 0, 0, 0, 1], [1, 2, 3, 4, 1], marked([1, 2, 3, 4, 9]))
    bank.commit()
    return bank


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def marks(clips) -> np.ndarray:
    return clips[:, 0, 0, 0, 0].numpy()


def test_random_draws_each_entry_equally_often(bank):
    drawn = marks(bank.sample([0] * 4000, generator=seeded())[0])
    counts = np.bincount(drawn.astype(int), minlength=5)[1:]
    assert ((counts - 1000) ** 2 / 1000).sum() < 16.27  # chi-square, 3 degrees of freedom, p = 0.001


def test_confidence_draws_in_proportion_to_confidence(bank):
    drawn = marks(bank.sample([0] * 4000, reduction="confidence", generator=seeded())[0])
    counts, expected = np.bincount(drawn.astype(int), minlength=5)[1:], np.array([400, 800, 1200, 1600])
    assert ((counts - expected) ** 2 / expected).sum() < 16.27


def test_the_same_generator_draws_the_same(bank):
    first, second = (bank.sample([0] * 50, generator=seeded(3))[0] for _ in range(2))
    assert torch.equal(first, second)
    assert not torch.equal(first, bank.sample([0] * 50, generator=seeded(4))[0])


def test_without_a_generator_torch_decides(bank):
    torch.manual_seed(5)
    first = bank.sample([0] * 50)[0]
    torch.manual_seed(5)
    assert torch.equal(first, bank.sample([0] * 50)[0])


def test_an_empty_class_is_a_miss_of_zeros(bank):
    clips, hit = bank.sample(torch.tensor([2, 1]), generator=seeded())
    assert hit.tolist() == [False, True]
    assert marks(clips).tolist() == [0, 9]


@pytest.mark.parametrize("reduction", ["random", "confidence", "mean"])
def test_a_callers_buffer_is_filled_and_keeps_its_values_where_the_class_is_empty(bank, reduction):
    out = torch.full((3, *SHAPE), 7.0)
    clips, hit = bank.sample([1, 2, 1], reduction=reduction, generator=seeded(), out=out)
    assert clips.data_ptr() == out.data_ptr()
    assert marks(out).tolist() == [9, 7, 9]
    assert hit.tolist() == [True, False, True]


def test_a_numpy_buffer_is_filled_too(bank):
    out = np.zeros((1, *SHAPE), np.float32)
    bank.sample([1], out=out)
    assert (out == 9).all()


@pytest.mark.parametrize(
    "out",
    [
        torch.zeros(2, *SHAPE),
        torch.zeros(1, *SHAPE, dtype=torch.float64),
        torch.zeros(*SHAPE, 1).permute(4, 0, 1, 2, 3),
    ],
)
def test_a_buffer_that_does_not_fit_is_refused(bank, out):
    if out.is_contiguous() and out.shape[0] == 1 and out.dtype == torch.float32:
        out = torch.zeros(1, *SHAPE[:-1], 2 * SHAPE[-1])[..., ::2]
    with pytest.raises(BankInputError, match="contiguous float32"):
        bank.sample([0], out=out)


def test_mean_is_the_float64_mean_of_what_was_stored(make_bank, flows):
    bank = make_bank(capacity=50)
    clips = flows(40)
    bank.insert([0] * 40, np.linspace(0, 1, 40), clips)
    bank.commit()
    stored = np.stack([bank.snapshot.stored(row, array="clip") for row in range(40)])
    expected = stored.mean(axis=0, dtype=np.float64) * 40 / 255 - 20
    np.testing.assert_allclose(bank.sample([0], reduction="mean")[0][0], expected, atol=1e-5)


def test_mean_follows_replacements_and_clears(make_bank, flows, rng):
    bank = make_bank(capacity=6, arrays={"feature": ArraySpec((5,), "float32")})
    for step in range(12):
        features = rng.standard_normal((4, 5)).astype(np.float32)
        bank.insert(rng.integers(0, 2, 4), rng.random(4), flows(4), arrays={"feature": features})
        if step == 7:
            bank.clear()
        bank.commit()
        for label in range(2):
            rows = range(*bank.snapshot.rows_of(label).indices(100))
            for array, scale, offset in (("clip", 40 / 255, 20), ("feature", 1, 0)):
                mean, hit = bank.sample([label], reduction="mean", array=array)
                assert hit.item() == bool(len(rows))
                if rows:
                    stored = np.stack([bank.snapshot.stored(row, array=array) for row in rows])
                    expected = stored.mean(axis=0, dtype=np.float64) * scale - offset
                    np.testing.assert_allclose(mean[0], expected, atol=1e-5)


def test_mean_of_a_repeated_label_is_repeated(bank):
    clips, hit = bank.sample([0, 2, 0, 1], reduction="mean")
    assert marks(clips).tolist() == [2.5, 0, 2.5, 9]
    assert hit.tolist() == [True, False, True, True]


def test_mean_without_kept_means_is_refused(make_bank):
    with pytest.raises(BankInputError, match="keep_means"):
        make_bank(keep_means=False).sample([0], reduction="mean")


def test_nearest_equals_a_search_over_everything(make_bank, rng, flows):
    bank = make_bank(capacity=30, arrays={"feature": ArraySpec((8,), "float32")})
    features = rng.standard_normal((60, 8)).astype(np.float32)
    labels = rng.integers(0, 3, 60)
    bank.insert(labels, rng.random(60), flows(60), keys=[str(i) for i in range(60)], arrays={"feature": features})
    bank.commit()
    queries = rng.standard_normal((20, 8))
    wanted = rng.integers(0, 3, 20)
    expected = []
    for query, label in zip(queries, wanted, strict=True):
        members = np.flatnonzero(labels == label)
        expected.append(str(members[np.linalg.norm(features[members] - query, axis=1).argmin()]))
    assert bank.draw(wanted, reduction="nearest", query=queries).keys == expected


def test_nearest_takes_the_first_of_equals():
    assert nearest_place(np.array([[3.0], [1.0], [1.0]], np.float32), np.array([0.0])) == 1


def test_zero_weights_draw_uniformly_and_a_zero_weight_among_others_never():
    places = weighted_places([np.zeros(3)] * 300 + [np.array([0.0, 1.0, 0.0])] * 300, generator=seeded())
    assert set(places[:300].tolist()) == {0, 1, 2}
    assert set(places[300:].tolist()) == {1}


def test_a_large_batch_decoded_by_threads_equals_one_by_one(make_bank, rng):
    shape = (2, 16, 128, 128)
    bank = make_bank(capacity=4, clip_shape=shape)
    bank.insert([0] * 4, [1, 2, 3, 4], rng.uniform(-20, 20, (4, *shape)).astype(np.float32))
    bank.commit()
    drawn = bank.draw([0] * 12, generator=seeded())
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(4)
        many = drawn.read()
        torch.set_num_threads(1)
        one = drawn.read()
    finally:
        torch.set_num_threads(before)
    assert torch.equal(many, one)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"reduction": "nearest"}, "needs a query"),
        ({"reduction": "nearest", "query": torch.zeros(1, 2), "feature": "nope"}, "choose one of clip"),
        ({"reduction": "nearest", "query": torch.zeros(1, 2), "feature": "clip"}, "query has shape"),
        ({"array": "nope"}, "choose one of clip"),
    ],
)
def test_a_draw_that_cannot_be_made_is_refused(bank, arguments, message):
    with pytest.raises(BankInputError, match=message):
        bank.sample([0], **arguments)


def test_weighted_draws_need_confidences_that_are_not_negative(make_bank, flows):
    bank = make_bank()
    bank.insert([0], [-1.0], flows(1))
    bank.commit()
    with pytest.raises(BankInputError, match="negative"):
        bank.sample([0], reduction="confidence")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_pinned_memory_without_a_gpu_is_refused(bank):
    with pytest.raises(BankInputError, match="CUDA"):
        bank.sample([0], pin_memory=True)


@pytest.mark.gpu
def test_pinned_memory_holds_the_same_values(bank):
    pinned = bank.sample([0, 2], generator=seeded(), pin_memory=True)[0]
    assert pinned.is_pinned()
    assert torch.equal(pinned, bank.sample([0, 2], generator=seeded())[0])
