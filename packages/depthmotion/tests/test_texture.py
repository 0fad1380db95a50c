import numpy as np
import pytest
from depthmotion.texture import make_texture

HALF_SAMPLE = np.array([-1, 4, -11, 40, 40, -11, 4, -1])


def between(samples):
    """Oracle: what lies half-way after each sample of the first axis, in 64 bits, mirrored past the ends."""
    padded = np.pad(samples.astype(np.int64), [(3, 4)] + [(0, 0)] * (samples.ndim - 1), mode="reflect")
    taps = np.stack([padded[k : k + len(samples)] for k in range(8)], axis=-1)
    return np.clip((taps @ HALF_SAMPLE + 32) >> 6, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("values", [[0, 255], np.arange(256)])
@pytest.mark.parametrize("size", [(9, 12), (40, 33)])
def test_the_photo_is_doubled_by_the_half_sample_filter(size, values):
    """Of black and white pixels the sums take every value that they can, also those that do not fit a byte."""
    photo = np.random.default_rng(0).choice(np.array(values, np.uint8), (*size, 3))
    fine = make_texture(photo, photo, margins=np.zeros(4, np.int32)).photo
    across = between(photo.swapaxes(0, 1)).swapaxes(0, 1)
    assert np.array_equal(fine[::2, ::2], photo)
    assert np.array_equal(fine[::2, 1::2], across)
    assert np.array_equal(fine[1::2], between(fine[::2]))
