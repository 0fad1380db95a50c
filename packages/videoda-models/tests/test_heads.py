import itertools

import pytest
import torch
from videoda_models import (
    ClassificationHead,
    DomainClassifier,
    GradientReversal,
    InceptionI3d,
    ModelOptionError,
    PaceHead,
    TemporalOrderHead,
    TwoStream,
    all_permutations,
    fuse_logits,
    fuse_softmax,
    upsample_logits,
)


def test_pace_logits_are_the_time_mean_of_a_linear_layer():
    head = PaceHead(6)
    x = torch.randn(2, 6, 4, 1, 1)
    expected = (x[..., 0, 0].mean(2) @ head.conv3d.weight[:, :, 0, 0, 0].T) + head.conv3d.bias
    torch.testing.assert_close(head(x), expected)


def test_reversed_gradient_equals_the_hand_computed_one():
    x = torch.tensor([1.0, -2.0, 3.0], requires_grad=True)
    (GradientReversal(0.3)(x) ** 2).sum().backward()
    torch.testing.assert_close(x.grad, -0.3 * 2 * x.detach())


def test_reversal_schedule_follows_danns_formula():
    reversal = GradientReversal(total_steps=100)
    assert reversal.current_strength == 0.0
    reversal.advance(50)
    assert reversal.current_strength == pytest.approx(2 / (1 + torch.tensor(-5.0).exp().item()) - 1)


def test_reversal_schedule_survives_a_checkpoint():
    old, new = GradientReversal(total_steps=10), GradientReversal(total_steps=10)
    old.advance(7)
    new.load_state_dict(old.state_dict())
    assert new.current_strength == old.current_strength


def test_domain_classifier_sends_the_backbone_the_opposite_gradient():
    torch.manual_seed(0)
    head = DomainClassifier(4, depth=1, width=8, dropout=0.0)
    x = torch.randn(3, 4, requires_grad=True)
    head(x).sum().backward()
    y = x.detach().clone().requires_grad_()
    head.layers(y).sum().backward()
    torch.testing.assert_close(x.grad, -y.grad)


def test_default_domain_classifier_has_glads_four_hidden_layers():
    widths = [layer.out_features for layer in DomainClassifier(16).layers if isinstance(layer, torch.nn.Linear)]
    assert widths == [2048, 2048, 2048, 2048, 1]


def test_classification_head_starts_from_normal_weights_and_zero_bias():
    torch.manual_seed(0)
    head = ClassificationHead(512, 100)
    assert head.fc_cls.weight.std().item() == pytest.approx(0.01, rel=0.05)
    assert not head.fc_cls.bias.any()


def test_permutations_are_lexicographic():
    assert all_permutations(3).tolist() == [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]


def test_shuffled_clip_i_is_clip_perm_i():
    head = TemporalOrderHead(1, num_clips=3)
    features = torch.arange(3.0).reshape(1, 3, 1).expand(40, 3, 1)
    shuffled, labels = head.shuffle(features, generator=torch.Generator().manual_seed(0))
    assert torch.equal(shuffled[..., 0].long(), head.permutations[labels])
    assert set(labels.tolist()) == set(range(6))


def test_all_six_orders_are_recovered_from_features_that_encode_time():
    torch.manual_seed(0)
    head = TemporalOrderHead(8, hidden=32, dropout=0.0)
    optimiser = torch.optim.Adam(head.parameters(), lr=1e-2)
    generator = torch.Generator().manual_seed(1)
    direction = torch.randn(8)

    def clips(n):
        return torch.arange(3.0)[None, :, None] * direction + 0.1 * torch.randn(n, 3, 8)

    for _ in range(150):
        shuffled, labels = head.shuffle(clips(64), generator=generator)
        loss = torch.nn.functional.cross_entropy(head(shuffled), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    shuffled, labels = head.shuffle(clips(300), generator=generator)
    assert (head(shuffled).argmax(1) == labels).all()
    assert labels.unique().numel() == 6


def test_temporal_order_head_has_the_published_number_of_parameters():
    head = TemporalOrderHead(2048)
    assert sum(p.numel() for p in head.parameters()) == (4096 * 512 + 512) + (512 * 3 * 6 + 6)


def test_a_permutation_table_of_ones_own_sets_the_classes():
    head = TemporalOrderHead(4, num_clips=8, permutations=[list(range(8)), list(range(7, -1, -1))])
    assert head(torch.zeros(2, 8, 4)).shape == (2, 2)


def test_a_row_that_is_no_permutation_is_refused():
    with pytest.raises(ModelOptionError, match="each once"):
        TemporalOrderHead(4, permutations=[[0, 1, 1], [0, 1, 2]])


def test_upsampling_is_linear_with_half_pixel_centres():
    logits = torch.tensor([[[0.0, 4.0]]])
    assert upsample_logits(logits, 4).tolist() == [[[0.0, 1.0, 3.0, 4.0]]]


def test_fusions_equal_their_definitions():
    rgb, flow = torch.randn(2, 5, 3).double(), torch.randn(2, 5, 3).double()
    soft = torch.stack([
        sum((s[b, :, t].exp() / s[b, :, t].exp().sum()) for s, t in itertools.product((rgb, flow), range(3))) / 3
        for b in range(2)
    ])  # fmt: skip
    torch.testing.assert_close(fuse_softmax(rgb, flow), soft)
    torch.testing.assert_close(fuse_logits(rgb, flow), rgb.mean(2) + flow.mean(2))


def test_two_stream_gives_each_streams_own_logits():
    rgb, flow = InceptionI3d(4, 3, width=0.125).eval(), InceptionI3d(4, 2, width=0.125).eval()
    a, b = torch.randn(1, 3, 8, 32, 32), torch.randn(1, 2, 8, 32, 32)
    logits = TwoStream(rgb, flow).eval()(a, b)
    torch.testing.assert_close(logits.rgb, rgb(a))
    torch.testing.assert_close(logits.flow, flow(b))


def test_two_streams_of_different_classes_are_refused():
    with pytest.raises(ModelOptionError, match="5 classes"):
        TwoStream(InceptionI3d(5, 3, width=0.125), InceptionI3d(4, 2, width=0.125))
