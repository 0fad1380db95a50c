"""What checks arguments in the test run where an int is a float, as Python's own annotations have it."""

from beartype import BeartypeConf, beartype

check = beartype(conf=BeartypeConf(is_pep484_tower=True))
