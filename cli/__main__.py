"""Lets ``python -m cli`` be ``xray-cli``: how the service starts its worker."""

from cli.app import main

main()
