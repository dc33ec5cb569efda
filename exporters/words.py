"""The two words that a platform does not put into the reader's language itself."""

_TRUE_FALSE = {
    "de": ("Wahr", "Falsch"),
    "en": ("True", "False"),
    "es": ("Verdadero", "Falso"),
    "fr": ("Vrai", "Faux"),
    "pt": ("Verdadeiro", "Falso"),
}


def true_false(language: str) -> tuple[str, str]:
    """What stands for true and for false in a bank of this language (`pt`, `pt-BR`); English where it is unknown."""
    return _TRUE_FALSE.get(language.partition("-")[0].casefold(), _TRUE_FALSE["en"])
