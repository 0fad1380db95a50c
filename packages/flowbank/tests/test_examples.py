import importlib.util
from pathlib import Path

import torch

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_the_feature_bank_example_adapts_the_classifier():
    spec = importlib.util.spec_from_file_location("feature_bank", EXAMPLES / "feature_bank.py")
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # its matrices are too small to share
    try:
        alone, adapted = example.main()
    finally:
        torch.set_num_threads(threads)
    assert alone < 0.9
    assert adapted > alone + 0.08
