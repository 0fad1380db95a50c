"""Lists, readers, clip sampling, transforms, flow and datasets."""

from videoda_train.data.list_file import ListItem, read_classes, read_list, write_list
from videoda_train.data.video_reader import VideoReader, open_video

__all__ = ["ListItem", "VideoReader", "open_video", "read_classes", "read_list", "write_list"]
