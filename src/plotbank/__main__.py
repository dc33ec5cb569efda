"""`python -m plotbank`."""

from .cli import main

main()
