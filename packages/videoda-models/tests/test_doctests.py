import doctest
import importlib
import pkgutil

import pytest
import videoda_models

MODULES = [module.name for module in pkgutil.iter_modules(videoda_models.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_run(name):
    result = doctest.testmod(importlib.import_module(f"videoda_models.{name}"))
    assert result.failed == 0
