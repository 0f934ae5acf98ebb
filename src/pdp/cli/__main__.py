"""`python -m pdp.cli`, for where the command `pdp` is not installed."""

from pdp.cli import main

main()
