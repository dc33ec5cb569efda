"""What formats can say of an item: all of it, less of it where that is allowed, or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .errors import BankError
from .exporters import Exporter
from .items import Bank, Item


@dataclass(slots=True)
class Sayable:
    """Items as formats can say them; notes what is left out, by format, question and the downgrade's name."""

    allow_downgrade: bool
    left_out: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def of(self, exporter: Exporter, bank: Bank, item: Item) -> Item:
        """The item, or what is left of it where that is allowed.

        Raises:
            BankError: the format cannot say it.
        """
        problems = exporter.check(bank, item)
        if not problems:
            return item
        less, left_out = item, {}
        for downgrade in exporter.downgrades:
            before, less = less, downgrade.of(less)
            if less != before:
                left_out[downgrade.name] = downgrade.says
        curable = not exporter.check(bank, less)
        if curable and self.allow_downgrade:
            self._note(exporter, item.question, left_out)
            return less
        hint = f" (with --allow-downgrade, {' and '.join(left_out.values())})" if curable else ""
        raise BankError(f"{exporter.title} cannot say question {item.question!r}: {problems[0]}{hint}")

    def _note(self, exporter: Exporter, question: str, left_out: Mapping[str, str]) -> None:
        known = self.left_out.setdefault(exporter.name, {}).setdefault(question, {})
        for name, says in left_out.items():
            if name not in known:
                known[name] = says
                self.remarks.append(f"{exporter.title}, question {question!r}: {says}")
