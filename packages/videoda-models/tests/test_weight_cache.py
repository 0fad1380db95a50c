import hashlib

import pytest
from videoda_models import WeightsError, create_model, model_card
from videoda_models.cards import WeightCard
from videoda_models.weight_cache import fetch_hub_file, fetch_weights, weights_folder


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("VIDEODA_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def card_of(path, sha256):
    return WeightCard(
        tag="t", url=path.as_uri(), sha256=sha256, num_classes=400, licence="Apache-2.0", source="https://example.org"
    )


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "published.pt"
    path.write_bytes(b"weights" * 1000)
    return path


def test_a_fetched_file_lands_in_the_cache_folder(home, source):
    path = fetch_weights(card_of(source, hashlib.sha256(source.read_bytes()).hexdigest()))
    assert path == weights_folder() / "published.pt" == home / "weights" / "published.pt"
    assert path.read_bytes() == source.read_bytes()


def test_a_cached_file_needs_no_network(home, source):
    card = card_of(source, hashlib.sha256(source.read_bytes()).hexdigest()[:8])
    fetch_weights(card)
    source.unlink()
    assert fetch_weights(card).is_file()


def test_a_file_with_another_hash_is_refused_and_not_kept(home, source):
    with pytest.raises(WeightsError, match="sha256"):
        fetch_weights(card_of(source, "0" * 64))
    assert list((home / "weights").iterdir()) == []


def test_a_cached_file_that_changed_is_refused(home, source):
    card = card_of(source, hashlib.sha256(source.read_bytes()).hexdigest())
    fetch_weights(card).write_bytes(b"other")
    with pytest.raises(WeightsError, match="delete it"):
        fetch_weights(card)


def test_without_a_network_the_error_says_where_to_put_the_file(home, source):
    source.unlink()
    with pytest.raises(WeightsError, match=r"home/weights/published\.pt by hand"):
        fetch_weights(card_of(source, ""))


def test_an_unknown_tag_names_the_known_ones():
    with pytest.raises(WeightsError, match="'kinetics400'"):
        create_model("i3d-inception-rgb", num_classes=13, pretrained="kinetics-700")


def test_a_hub_name_without_a_file_is_refused():
    with pytest.raises(WeightsError, match="hf://OWNER/REPOSITORY/FILE"):
        fetch_hub_file("hf://someone/model")


@pytest.mark.parametrize("name", ["i3d-inception-rgb", "i3d-inception-flow", "i3d-r50-nl", "tsm-r50"])
def test_published_weights_say_where_they_come_from_and_under_which_licence(name):
    (weight,) = model_card(name).weights
    assert weight.url.startswith(("https://github.com/", "https://download."))
    assert weight.licence == "Apache-2.0"
