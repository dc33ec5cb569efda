"""The command line: reads arguments, shows progress, prints, and exits.

Heavy modules are imported inside the commands that need them, so that `--help` answers at once.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import __version__
from .errors import PlotbankError
from .training_commands import data, evaluate, export, train

if TYPE_CHECKING:
    from .build import Summary
    from .exporters import Exporter
    from .question import QuizQuestion
    from .roster import Roster
    from .verify import Verdict

FILE = click.Path(path_type=Path)


class Commands(click.Group):
    """Turns plotbank's own errors into one line on standard error and exit status 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except PlotbankError as error:
            click.echo(f"plotbank: {' '.join(str(error).split())}", err=True)
            ctx.exit(2)


def _stop(*_: object) -> None:
    """End as Ctrl-C does; also in the background, where a shell has told its children to ignore that."""
    raise KeyboardInterrupt


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="plotbank")
def main() -> None:
    """A plot of their own for every student, with an answer key proved from the very picture."""
    signal.signal(signal.SIGTERM, _stop)


@main.command()
@click.argument("folder", type=FILE, metavar="DIR")
def init(folder: Path) -> None:
    """Make DIR with a sample quiz, a sample roster and a template of your own."""
    from .sample import make

    for name in make(folder):
        click.echo(f"  {folder / name}")
    click.echo(f"Next: plotbank build {folder / 'quiz.toml'} --roster {folder / 'roster.csv'} -o {folder / 'bank'}")


@main.command()
@click.argument("quiz", type=FILE)
@click.option("--roster", type=FILE, help="Also check that there is a variant for everyone in this CSV file.")
@click.option("--to", "formats", multiple=True, metavar="FORMAT", help="Also check that this format can say it all.")
def check(quiz: Path, roster: Path | None, formats: tuple[str, ...]) -> None:
    """Say whether QUIZ is possible and clear; nothing is built."""
    from .outlook import outlook
    from .quiz import read_quiz, refuse_impossible

    chosen = _exporters(formats)
    plan = read_quiz(quiz)
    bank = plan.bank(0)
    people = None if roster is None else _roster(roster)
    if people is not None:
        refuse_impossible(plan, len(people.students))
        _print_roster(people)
    for question in plan.questions:
        sentences = list(outlook(question, None if people is None else len(people.students), bank, chosen))
        click.echo(f"Question {question.id}: {question.title} ({_templates_of(question)}, {question.points:g} points)")
        for sentence in sentences:
            _echo_indented(sentence)
    click.echo("The quiz can be built.")


@main.command()
@click.argument("quiz", type=FILE)
@click.option("-o", "--output", "page", type=FILE, metavar="FILE", help="The page; by default QUIZ-preview.html here.")
def preview(quiz: Path, page: Path | None) -> None:
    """Show a dozen sample items of QUIZ in a page, before there is any roster."""
    from .preview import preview as write_preview
    from .preview import samples
    from .quiz import read_quiz

    path = page or Path(f"{quiz.stem}-preview.html")
    plan = read_quiz(quiz)
    with _progress("Drawing", samples(plan) * len(plan.questions)) as advance:
        write_preview(plan, path, advance=advance)
    click.echo(f"Open {path} in a browser: it needs no server. Keys stand in it: keep it to yourself.")


@main.command()
@click.argument("quiz", type=FILE)
@click.option("--roster", type=FILE, required=True, help="CSV file with one row per student.")
@click.option("-o", "--output", "folder", type=FILE, required=True, metavar="DIR", help="The bank's folder.")
@click.option(
    "--to",
    "formats",
    multiple=True,
    default=("moodle", "canvas"),
    metavar="FORMAT",
    help="What to write (plotbank formats lists them); repeat for several.  [default: moodle and canvas]",
)
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="Where the network runs; auto takes a CUDA GPU where one works.",
)
@click.option(
    "--secret",
    type=FILE,
    metavar="FILE",
    help="The secret that decides who gets what; by default beside the quiz, made at the first build.",
)
@click.option("--overwrite", is_flag=True, help="Replace the bank that is in DIR.")
@click.option(
    "--part-size",
    type=click.FloatRange(min=0.1),
    default=8,
    show_default=True,
    metavar="MB",
    help="How large a file to import may be; larger banks come in numbered parts.",
)
@click.option(
    "--allow-downgrade",
    is_flag=True,
    help="Leave out what a format cannot say, and tell; without this such a question is refused.",
)
@click.option(
    "--accommodate",
    multiple=True,
    metavar="STUDENT",
    help="Give the student with this id the data in a table too, in packages of their own; repeat for several.",
)
@click.option(
    "--ban",
    type=FILE,
    metavar="FILE",
    help="Draw the items again that this file names, and nothing else; the bank's report writes such a file.",
)
def build(
    quiz: Path,
    roster: Path,
    folder: Path,
    formats: tuple[str, ...],
    device: Any,
    secret: Path | None,
    overwrite: bool,
    part_size: float,
    allow_downgrade: bool,
    accommodate: tuple[str, ...],
    ban: Path | None,
) -> None:
    """Build the question banks of QUIZ: a variant of every question for every student."""
    from . import bank_secret
    from .bans import read_bans
    from .build import build as build_bank
    from .quiz import read_quiz

    chosen = _exporters(formats)
    plan = read_quiz(quiz)
    people = _roster(roster)
    banned = () if ban is None else read_bans(ban, plan.id)
    path = secret or bank_secret.path_beside(quiz)
    total = len(people.students) * len(plan.questions)
    with bank_secret.kept(path, make=secret is None) as (key, made), _progress("Building", total) as advance:
        summary = build_bank(
            plan,
            people,
            key,
            folder,
            chosen,
            device=device,
            overwrite=overwrite,
            accommodate=accommodate,
            banned=banned,
            part_bytes=int(part_size * 1_000_000),
            allow_downgrade=allow_downgrade,
            advance=advance,
        )
    _print_roster(people)
    if made:
        click.echo(f"A new secret was made: {path} (keep it private, and keep it: it decides who gets what).")
    _print_summary(summary, {exporter.name: exporter.how_to_import for exporter in chosen})


@main.command()
@click.argument("folder", type=FILE, metavar="DIR")
def verify(folder: Path) -> None:
    """Prove every key of the bank in DIR again, from the packages and pictures themselves.

    Exits with status 1 when anything disagrees.
    """
    from .verify import verify as verify_bank

    with _progress("Verifying", None) as advance:
        verdict = verify_bank(folder, advance)
    _print_verdict(verdict)
    sys.exit(1 if verdict.findings else 0)


@main.command()
@click.argument("folder", type=FILE, metavar="DIR")
@click.option("--student", required=True, metavar="ID", help="The student's id; an e-mail address or a name also does.")
@click.option("--question", metavar="Q", help="Only this question, by its id.")
@click.option(
    "-o",
    "--output",
    type=FILE,
    metavar="FILE",
    help="The page to write, with the pictures.  [default: replay-ID.html in this folder]",
)
def replay(folder: Path, student: str, question: str | None, output: Path | None) -> None:
    """Show what the bank in DIR holds for one student, with the keys and how they were proved.

    Needs that folder only. Exits with status 1 when a key is not proved again or a file has been changed.
    """
    from .replay import replay as replay_bank
    from .replay_page import file_name, refuse_unless_replay, replay_lines, write_page

    found = replay_bank(folder, student, question)
    path = output or Path(file_name(found.student.id))
    refuse_unless_replay(path)
    for line in replay_lines(found):
        click.echo(line)
    write_page(path, found)
    click.echo(f"Written: {path} (it names the student and holds the keys).")
    sys.exit(0 if found.agrees else 1)


for command in (data, train, export, evaluate):
    main.add_command(command)


@main.group(cls=Commands)
def templates() -> None:
    """List and show item templates, or make your own."""


@templates.command("list")
def templates_list() -> None:
    """The templates that are installed."""
    from .item_templates import built_in, installed

    for name in installed():
        template = built_in(name)
        click.echo(f"{name:27}  {template.type:10}  {template.title}")


@templates.command("show")
@click.argument("name")
def templates_show(name: str) -> None:
    """Print the template NAME."""
    click.echo(_template_source(name), nl=False)


@templates.command("new")
@click.argument("file", type=FILE)
@click.option("--like", default="scatter/estimate-r", show_default=True, help="The template to begin from.")
def templates_new(file: Path, like: str) -> None:
    """Write a template of your own to FILE, beginning from a built-in one."""
    if file.suffix != ".md":
        raise PlotbankError(f"{file}: the name of a template ends in .md")
    source = _template_source(like)
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(source)
    except FileExistsError:
        raise PlotbankError(f"{file}: this is there already: choose another name") from None
    except OSError as error:
        raise PlotbankError(f"{file}: cannot be written: {error.strerror}") from None
    click.echo(f'{file}: change it, and name it in the quiz file: template = "{file.name}"')


@templates.command("check")
@click.argument("file", type=FILE)
def templates_check(file: Path) -> None:
    """Try the template in FILE (or a built-in one by its name) on many plots and say what is wrong with it."""
    from .outlook import outlook, tried_question

    question = tried_question(file)
    sentences = list(outlook(question, None))
    click.echo(f"{question.title} ({_templates_of(question)}), in {question.numerals.language}")
    for sentence in sentences:
        _echo_indented(sentence)
    click.echo("The template can be used.")


@main.command()
@click.option("--kind", metavar="KIND", help="Only those for plots of this kind.")
def contexts(kind: str | None) -> None:
    """The built-in contexts: what the data of a question can be said to be about."""
    from .item_templates.contexts import contexts as of_kind
    from .proof.readers import READERS

    if kind is not None and kind not in READERS:
        raise PlotbankError(f"there is no kind {kind!r}: known are {', '.join(READERS)}")
    for name in READERS if kind is None else (kind,):
        for one in of_kind(name):
            click.echo(f"{one.id:22}  {name:9}  {one.texts['en'].story}")


@main.command()
def formats() -> None:
    """The formats that banks can be written in (--to), and what to do with each."""
    from .exporters import exporters

    for name, exporter in exporters().items():
        click.echo(f"{name:20}  {exporter.title}")
        _echo_indented(exporter.how_to_import)


@main.group(cls=Commands)
def models() -> None:
    """List and show the trained models."""


@models.command("list")
def models_list() -> None:
    """The models that come with plotbank, with the conditions that each was trained for."""
    from .generator.kinds import kinds
    from .models import read_card, shipped

    for name, folder in shipped().items():
        card, known = read_card(folder), kinds()
        families = {f.name: f.family for f in known[card.kind].features if f.family} if card.kind in known else {}
        ranges = {families.get(key, key): f"{low:g} to {high:g}" for key, (low, high) in card.conditions.items()}
        click.echo(f"{name}  ({card.network}, for {card.kind}): {', '.join(f'{k} {r}' for k, r in ranges.items())}")


@models.command("show")
@click.argument("name")
def models_show(name: str) -> None:
    """Print the card of the model NAME, and whether its files are the ones described."""
    import json

    from .models import open_model, read_card, read_natural, shipped

    known = shipped()
    if name not in known:
        raise PlotbankError(f"there is no model {name!r}: known are {', '.join(known)}")
    card = read_card(known[name])
    click.echo(json.dumps(card.text, indent=2, ensure_ascii=False))
    open_model(card, "cpu")
    real = len(read_natural(card))
    click.echo(f"{name}: the network is the one that the card describes, and runs here; {real:,} real plots are known.")


def _template_source(name: str) -> str:
    from .item_templates import installed

    known = installed()
    if name not in known:
        raise PlotbankError(f"there is no template {name!r}: known are {', '.join(known)}")
    return known[name].english


def _exporters(names: Sequence[str]) -> list[Exporter]:
    from .exporters import exporters

    known = exporters()
    for name in names:
        if name not in known:
            raise PlotbankError(f"--to {name}: there is no such format: known are {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names)]


def _templates_of(question: QuizQuestion) -> str:
    return ", ".join(template.name for template in question.templates)


def _roster(path: Path) -> Roster:
    from .roster import read_roster

    return read_roster(path)


@contextmanager
def _progress(what: str, total: int | None) -> Iterator[Callable[[str], None]]:
    """A progress bar with an estimate on standard error; nothing when that is not a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(what, total=total)

        def advance(stage: str) -> None:
            bar.update(task, advance=1, description=f"{what}: {stage}")

        yield advance


def _print_roster(people: Roster) -> None:
    click.echo(f"{len(people.students)} students ({people.source}), told apart by {people.id_column!r}.")
    for sentence in people.left_out:
        click.echo(f"  {sentence}")


def _print_summary(summary: Summary, how_to_import: dict[str, str]) -> None:
    from statistics import pstdev

    for name, counts in summary.statistics.items():
        tally = counts.tally
        redraws = ", ".join(f"{reason}: {times}" for reason, times in sorted(tally.refused.items()))
        click.echo(
            f"Question {name}: {counts.keys.total()} variants from {tally.drawn} draws"
            + (f" ({redraws})" if redraws else "")
            + f"; {len(counts.keys)} different keys, the commonest shared by {max(counts.keys.values())}; "
            f"{len(counts.answers)} different answers (key and options), the commonest shared by "
            f"{max(counts.answers.values())}. Predicted difficulty varies by {pstdev(counts.difficulty):.2f} logits."
        )
    click.echo(f"All {sum(c.keys.total() for c in summary.statistics.values())} keys were proved from the pictures.")
    for remark in summary.remarks:
        click.echo(f"Note: {remark}.")
    click.echo(f"\nThe bank is in {summary.folder}:")
    for name, paths in summary.packages.items():
        for path in paths:
            click.echo(f"  {summary.folder / path} ({_size(summary.folder / path)})")
        _echo_indented(how_to_import[name])
    click.echo(f"  {summary.folder / 'private'}")
    _echo_indented("Keys and who was meant to get what. Never upload this folder.")
    click.echo(f"  {summary.folder / 'private' / 'report.html'}")
    _echo_indented("Look at everything before shipping: every item is on this page, and can be banned there.")
    click.echo(f"  {summary.folder / 'private' / 'evidence.html'}")
    _echo_indented(
        "How it was proved, on a page to show. Keep the next line with the exam: it shows later that nothing "
        "was changed."
    )
    click.echo(f"    SHA-256 of private/evidence.json: {summary.evidence}")
    sharing = expected_sharing(summary.students)
    click.echo(
        f"\nEvery variant is unique, but platforms draw at random: of {summary.students} students about "
        f"{sharing:.0f} will share a variant with somebody."
    )


def _size(path: Path) -> str:
    size = path.stat().st_size
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.0f} kB"


def _echo_indented(text: str) -> None:
    click.echo(click.wrap_text(text, width=100, initial_indent="    ", subsequent_indent="    "))


def expected_sharing(students: int) -> float:
    """How many of S students share a variant when each draws one of S at random: S(1 - (1 - 1/S)^(S-1))."""
    return students * (1 - (1 - 1 / students) ** (students - 1))


def _print_verdict(verdict: Verdict) -> None:
    for finding in verdict.findings:
        place = " ".join(part for part in (finding.package, finding.item) if part)
        click.echo(f"{place or 'the bank'}: {finding.message}")
    for one in verdict.uniqueness:
        alike = f" most alike are {' and '.join(one.nearest)}, {one.apart:.3f} apart;" if one.nearest else ""
        click.echo(f"Question {one.question}: {one.variants} variants;{alike} an answer is shared by {one.shared_by}.")
    click.echo(f"{verdict.proved} of {verdict.items} items proved, in {verdict.packages} packages.")
    if verdict.findings:
        click.echo(f"{len(verdict.findings)} findings: do not use this bank.")
