"""The UCF101 worlds: twenty of its classes as stills in two photo datasets' layouts and as videos in its own."""
