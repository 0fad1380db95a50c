"""`python -m videoda_bench` is `videoda-bench`."""

from videoda_bench.cli import main

main()
