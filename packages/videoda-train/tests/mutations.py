"""Damage as it comes: bits flipped, parts cut off, zeroed, swapped, noise."""

from collections.abc import Callable

import numpy as np


def flip_bits(content: bytes, rng: np.random.Generator) -> bytes:
    array = np.frombuffer(content, np.uint8).copy()
    places = rng.integers(0, len(array), int(rng.integers(1, 64)))
    array[places] ^= (1 << rng.integers(0, 8, len(places))).astype(np.uint8)
    return array.tobytes()


def cut(content: bytes, rng: np.random.Generator) -> bytes:
    return content[: int(rng.integers(0, len(content)))]


def zero(content: bytes, rng: np.random.Generator) -> bytes:
    start, end = sorted(rng.integers(0, len(content), 2))
    return content[:start] + bytes(end - start) + content[end:]


def swap(content: bytes, rng: np.random.Generator) -> bytes:
    first, second, third = sorted(rng.integers(0, len(content), 3))
    return content[:first] + content[second:third] + content[first:second] + content[third:]


def noise(content: bytes, rng: np.random.Generator) -> bytes:
    start, end = sorted(rng.integers(0, len(content), 2))
    return content[:start] + rng.bytes(int(end - start)) + content[end:]


def damage_head(content: bytes, rng: np.random.Generator) -> bytes:
    """Set random values in the first kilobyte, where sizes and counts are."""
    array = np.frombuffer(content, np.uint8).copy()
    places = rng.integers(0, min(1024, len(array)), int(rng.integers(1, 12)))
    array[places] = rng.choice(np.array([0, 1, 0x7F, 0x80, 0xFF], np.uint8), len(places))
    return array.tobytes()


MUTATIONS: tuple[Callable[[bytes, np.random.Generator], bytes], ...] = (flip_bits, cut, zero, swap, noise, damage_head)


def mutant(content: bytes, seed: int) -> bytes:
    """Return damaged content, by one or two kinds of damage; a pure function of the seed."""
    rng = np.random.default_rng(seed)
    for _ in range(int(rng.integers(1, 3))):
        content = MUTATIONS[int(rng.integers(len(MUTATIONS)))](content, rng) or b"\x00"
    return content
