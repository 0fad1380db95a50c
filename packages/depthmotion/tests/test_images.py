"""Photos of every sort: right, or refused with a reason."""

import os
import struct
import zlib
from pathlib import Path

import cv2
import depthmotion as dm
import numpy as np
import pytest
from depthmotion.image_files import decode_image


def picture(height=24, width=32):
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return np.stack([x, y, 255 - x], axis=-1).astype(np.uint8)


def encoded(array, suffix=".png"):
    return bytes(cv2.imencode(suffix, array)[1])


def rotated(jpeg, orientation):
    """Insert an EXIF segment with an orientation."""
    tiff = b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    segment = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + jpeg[2:]


def test_colours_are_rgb():
    assert (decode_image(encoded(picture()[..., ::-1])) == picture()).all()


def test_grey_becomes_three_equal_channels():
    image = decode_image(encoded(picture()[..., 0]))
    assert (image == picture()[..., :1]).all()


def test_alpha_is_dropped():
    rgba = np.dstack([picture()[..., ::-1], np.full((24, 32), 7, np.uint8)])
    assert (decode_image(encoded(rgba)) == picture()).all()


def test_sixteen_bits_are_scaled_to_eight():
    data = encoded(picture()[..., ::-1].astype(np.uint16) * 257)
    assert np.abs(decode_image(data).astype(int) - picture()).max() <= 1


def test_cmyk_is_read_as_its_colour():
    image_module = pytest.importorskip("PIL.Image", reason="Pillow writes the CMYK file")
    import io

    buffer = io.BytesIO()
    colour = image_module.fromarray(np.full((16, 16, 3), (200, 40, 90), np.uint8))
    colour.convert("CMYK").save(buffer, "JPEG", quality=98)
    assert np.abs(decode_image(buffer.getvalue()).astype(int) - (200, 40, 90)).max() < 12


@pytest.mark.parametrize(("orientation", "turns"), [(1, 0), (3, 2), (6, 3), (8, 1)])
def test_a_photo_is_upright_as_its_exif_says(orientation, turns):
    jpeg = encoded(picture()[..., ::-1], ".jpg")
    upright = np.rot90(decode_image(jpeg), turns)
    assert (decode_image(rotated(jpeg, orientation)) == upright).all()


def test_one_pixel_is_a_photo():
    assert decode_image(encoded(np.full((1, 1, 3), 9, np.uint8))).tolist() == [[[9, 9, 9]]]


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_photo_over_the_limit_is_halved_until_it_fits(suffix):
    data = encoded(picture(240, 320)[..., ::-1], suffix)
    image = decode_image(data, max_pixels=240 * 320 // 10)
    assert image.shape == (60, 80, 3)
    expected = cv2.resize(picture(240, 320), (80, 60), interpolation=cv2.INTER_AREA)
    assert np.abs(image.astype(int) - expected).max() < 12


@pytest.mark.slow
def test_a_hundred_megapixels_are_read_smaller(tmp_path):
    (tmp_path / "large.jpg").write_bytes(encoded(np.zeros((10_000, 10_000), np.uint8), ".jpg"))
    assert dm.read_image(tmp_path / "large.jpg").shape == (5000, 5000, 3)


def test_a_photo_far_over_the_limit_is_refused_before_it_is_decoded():
    header = bytearray(encoded(picture()))
    header[16:24] = struct.pack(">II", 50_000, 50_000)
    header[29:33] = struct.pack(">I", zlib.crc32(header[12:29]))
    with pytest.raises(dm.ImageError, match="2500 megapixels"):
        decode_image(bytes(header))


@pytest.mark.parametrize(("place", "said"), [(8, "header"), (20, "IHDR"), (33, "truncated"), (45, "IDAT")])
def test_a_png_of_damaged_pieces_is_refused_by_the_piece(place, said):
    """OpenCV 5 was seen to take 44 seconds and gigabytes for 368 such bytes."""
    data = bytearray(encoded(picture()))
    data[place] ^= 0xFF
    with pytest.raises(dm.ImageError, match=said):
        decode_image(bytes(data))


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_photo_is_refused(suffix, share):
    data = encoded(np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8), suffix)
    with pytest.raises(dm.ImageError, match=r"truncated|decoded"):
        decode_image(data[: int(share * len(data))])


def test_a_thumbnail_does_not_hide_that_a_jpeg_is_cut_off():
    jpeg = encoded(np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8), ".jpg")
    thumbnail = b"\xff\xe2" + struct.pack(">H", len(jpeg) + 2) + jpeg
    with pytest.raises(dm.ImageError, match="truncated"):
        decode_image(jpeg[:2] + thumbnail + jpeg[2:-300])


@pytest.mark.parametrize("content", [b"", b"no picture", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_photo_is_refused_by_name(tmp_path, content):
    (tmp_path / "photo.jpg").write_bytes(content)
    with pytest.raises(dm.ImageError, match=r"photo\.jpg"):
        dm.read_image(tmp_path / "photo.jpg")


def test_a_missing_photo_and_a_folder_are_refused(tmp_path):
    for file in (tmp_path / "none.jpg", tmp_path):
        with pytest.raises(dm.ImageError, match="cannot be read"):
            dm.read_image(file)


def test_real_photos_read_at_their_size():
    data = os.environ.get("VIDEODA_TEST_DATA")
    if not data:
        pytest.skip("VIDEODA_TEST_DATA is not set")
    files = sorted(Path(data, "depth", "coco_dpt").glob("*.jpg"))
    assert files
    assert all(dm.read_image(file).shape == cv2.imread(str(file)).shape for file in files)
