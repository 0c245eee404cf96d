"""Lets `python -m okrsync` be the command `okrsync`."""

from okrsync.cli.main import main

main()
