"""`python -m videoda_train`, and `torchrun … -m videoda_train`: the `videoda` command."""

from videoda_train.cli import main

main()
