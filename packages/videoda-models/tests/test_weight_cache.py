import errno
import hashlib
import http.server
import os
import threading
from dataclasses import replace

import pytest
import safetensors.torch
import torch
from videoda_models import WeightsError, create_model, model_card
from videoda_models.cards import WeightCard
from videoda_models.weight_cache import fetch_hub_file, fetch_weights, keep_file, weights_folder
from videoda_models.weights import tensors_sha256

STATE = {"w": torch.arange(6.0).reshape(2, 3), "b": torch.ones(2)}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("VIDEODA_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def card_of(source, sha256, **more):
    url = source if isinstance(source, str) else source.as_uri()
    return WeightCard(
        tag="t", url=url, sha256=sha256, num_classes=400, licence="Apache-2.0", source="https://example.org", **more
    )


def fetch(card):
    def own(state, source):
        if state.keys() != STATE.keys():
            raise WeightsError(f"{source} does not fit")
        return dict(state)

    return fetch_weights(card, model="net", convert=own)


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "published.pt"
    torch.save(STATE, path)
    return path


def one_line_without_leftovers(caught, home):
    assert "\n" not in str(caught.value)
    assert list((home / "weights").iterdir()) == []


def test_a_fetched_file_lands_in_the_cache_folder(home, source):
    path = fetch(card_of(source, sha256(source)))
    assert path == weights_folder() / "published.pt" == home / "weights" / "published.pt"
    assert path.read_bytes() == source.read_bytes()
    assert [entry.name for entry in path.parent.iterdir()] == ["published.pt"]


def test_a_cached_file_needs_no_network(home, source):
    card = card_of(source, sha256(source)[:8])
    fetch(card)
    source.unlink()
    assert fetch(card).is_file()


def test_a_file_with_another_hash_is_refused_and_not_kept(home, source):
    with pytest.raises(WeightsError, match="sha256") as caught:
        fetch(card_of(source, "0" * 64))
    one_line_without_leftovers(caught, home)


def test_a_cached_file_that_changed_is_refused(home, source):
    card = card_of(source, sha256(source))
    fetch(card).write_bytes(b"other")
    with pytest.raises(WeightsError, match="delete it"):
        fetch(card)


@pytest.mark.parametrize("save", [torch.save, lambda state, path: path.write_bytes(safetensors.torch.save(state))])
def test_a_file_put_by_hand_counts_for_its_tensors_not_for_how_they_were_saved(home, tmp_path, save):
    name = "published.pt" if save is torch.save else "published.safetensors"
    card = card_of(tmp_path / name, "0" * 64, tensors_sha256=tensors_sha256(STATE))
    by_hand = home / "weights" / name
    by_hand.parent.mkdir(parents=True)
    save(STATE, by_hand)
    assert fetch(card) == by_hand
    save(STATE | {"b": torch.zeros(2)}, by_hand)
    with pytest.raises(WeightsError, match="nor the published tensors; delete it"):
        fetch(card)


def test_without_a_network_the_error_says_where_to_put_the_file(home, source):
    source.unlink()
    with pytest.raises(WeightsError, match=r"home/weights/published\.pt by hand") as caught:
        fetch(card_of(source, ""))
    one_line_without_leftovers(caught, home)


def test_a_download_of_no_known_hash_must_hold_weights_of_the_network(home, source):
    torch.save({"x": torch.ones(1)}, source)
    with pytest.raises(WeightsError, match="does not fit") as caught:
        fetch(card_of(source, ""))
    one_line_without_leftovers(caught, home)


@pytest.fixture
def cut_short(source):
    """The address of a server that promises the whole file and sends half of it."""
    data = source.read_bytes()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/published.pt"
        server.shutdown()
        thread.join()


def test_a_download_that_is_cut_short_is_not_kept(home, cut_short):
    with pytest.raises(WeightsError, match=r"ended after \d+ of \d+ bytes") as caught:
        fetch(card_of(cut_short, ""))
    one_line_without_leftovers(caught, home)


def test_a_cache_folder_that_cannot_be_made_is_named(home, source):
    home.write_text("a file")
    with pytest.raises(WeightsError, match=r"home/weights cannot be written .*set VIDEODA_HOME") as caught:
        fetch(card_of(source, ""))
    assert "\n" not in str(caught.value)
    assert home.read_text() == "a file"


def test_a_full_disk_is_one_line_and_leaves_nothing(home, source, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("videoda_models.weight_cache.os.fsync", full)
    with pytest.raises(WeightsError, match="cannot be written \\(No space left on device\\)") as caught:
        fetch(card_of(source, sha256(source)))
    one_line_without_leftovers(caught, home)


def test_a_link_to_nothing_is_refused_and_nothing_is_written_through_it(home, source, tmp_path):
    (home / "weights").mkdir(parents=True)
    link = home / "weights" / "published.pt"
    link.symlink_to(tmp_path / "elsewhere.pt")
    with pytest.raises(WeightsError, match="link to nothing"):
        fetch(card_of(source, ""))
    assert link.is_symlink()
    assert not (tmp_path / "elsewhere.pt").exists()


def test_a_link_to_the_right_file_is_read(home, source):
    (home / "weights").mkdir(parents=True)
    (home / "weights" / "published.pt").symlink_to(source)
    assert fetch(card_of(source, sha256(source))).resolve() == source


def test_a_users_own_folder_of_a_like_name_stays(home, source):
    theirs = home / "weights" / ".fetching-notes"
    old = home / "weights" / ".fetching-a1b2c3d4"
    for folder in (theirs, old):
        folder.mkdir(parents=True)
        os.utime(folder, (0, 0))
    fetch(card_of(source, sha256(source)))
    assert theirs.is_dir()
    assert not old.exists()


def test_an_unknown_tag_names_the_known_ones():
    with pytest.raises(WeightsError, match="'kinetics400'"):
        create_model("i3d-inception-rgb", num_classes=13, pretrained="kinetics-700")


def test_a_hub_name_without_a_file_is_refused():
    with pytest.raises(WeightsError, match="hf://OWNER/REPOSITORY/FILE"):
        fetch_hub_file("hf://someone/model")


@pytest.mark.parametrize("name", ["i3d-inception-rgb", "i3d-inception-flow", "i3d-r50-nl", "tsm-r50"])
def test_published_weights_say_where_they_come_from_and_under_which_licence(name):
    weight = model_card(name).weight("kinetics400")
    assert weight.url.startswith(("https://github.com/", "https://download."))
    assert weight.licence == "Apache-2.0"
    assert len(weight.class_names()) == weight.num_classes


def test_a_file_of_the_users_is_put_into_the_cache_if_it_is_the_published_one(home, source):
    def own(state, _):
        return dict(state)

    card = card_of(source.with_name("elsewhere") / "published.pt", sha256(source))
    assert keep_file(card, source, model="net", convert=own).read_bytes() == source.read_bytes()
    with pytest.raises(WeightsError, match="neither the published sha256"):
        keep_file(replace(card, sha256="0" * 64), source, model="net", convert=own)


def test_a_file_of_the_users_in_another_form_is_kept_for_its_tensors(home, tmp_path, source):
    card = card_of(tmp_path / "published.pt", "0" * 64, tensors_sha256=tensors_sha256(STATE))
    path = keep_file(card, source, model="net", convert=lambda state, _: dict(state))
    assert path == home / "weights" / "net.t.safetensors"
    assert fetch(card) == path
