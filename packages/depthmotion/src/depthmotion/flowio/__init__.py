"""Optical-flow files: reading, writing, 8-bit codes and colour."""

from depthmotion.flowio._codes import decode_uint8, encode_uint8
from depthmotion.flowio._colour import flow_to_color
from depthmotion.flowio._files import read, read_valid, write
from depthmotion.flowio._uv_jpeg import read_uv, write_uv

__all__ = ["decode_uint8", "encode_uint8", "flow_to_color", "read", "read_uv", "read_valid", "write", "write_uv"]
