"""``python -m tvb`` is the command line."""

from tvb.cli import main

main()
