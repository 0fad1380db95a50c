"""The templates of pages: this package's, and those of packages that build on them."""

import jinja2


def page_environment(*packages: str) -> jinja2.Environment:
    """Return templates by file name, looked up in the given packages' folders first, then here."""
    loaders = [jinja2.PackageLoader(*package.rpartition(".")[::2]) for package in (*packages, "videoda_train.report")]
    return jinja2.Environment(
        loader=jinja2.ChoiceLoader(loaders), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
