"""``signalbox approvals``: what runs ask people for, and the answers."""

import getpass
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from shared.bus import BusOutOfReach, Envelope
from shared.ledger.approvals import Approval, ApprovalStatus, Decision
from shared.runs.approvals import Approvals, people
from shared.runs.outbox import Outbox
from shared.signs import span
from signalbox.errors import Unusable
from signalbox.options import AsJson, Limit
from signalbox.sending import open_bus
from signalbox.session import Session
from signalbox.views import print_json, show_plan, show_table

app = typer.Typer(no_args_is_help=True, help="What runs ask people for, and the answers.")

Plan = Annotated[
    str | None,
    typer.Option(
        help="The first 8 or more digits of the plan's hash, as shown. Without it the plan is shown"
        " again, and you are asked."
    ),
]
Person = Annotated[
    str | None, typer.Option("--as", help="Who decides. Default: the name you are logged in by.")
]
Reason = Annotated[str, typer.Option(help="Why; it becomes part of the evidence.")]

STYLES = {"waiting": "yellow", "approved": "green", "rejected": "red", "expired": "red"}


@app.command("list")
def list_(
    context: typer.Context,
    status: Annotated[
        ApprovalStatus | None,
        typer.Option(help="Only those waiting, approved, rejected, expired or withdrawn."),
    ] = None,
    environment: Annotated[str | None, typer.Option(help="Only of this one.")] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """The newest approvals that runs asked for.

    Example: signalbox approvals list --status waiting
    """
    session: Session = context.obj()
    with session.ledger() as ledger:
        found = Approvals(ledger, post=_nothing).newest(
            status=status, environment=environment, limit=limit
        )
    if as_json:
        print_json(found)
    elif found:
        columns = ("approval", "environment", "action", "status", "approved by", "time")
        now = datetime.now(UTC)
        show_table(columns, (_row(each, now) for each in found), whole=["approval"])
    else:
        typer.echo("No approvals. A run asks for one when its step needs people to decide.")


@app.command()
def show(context: typer.Context, id: str, as_json: AsJson = False) -> None:
    """One approval: the plan, its hash, and who said what.

    Example: signalbox approvals show 3f9c1d2e8a70
    """
    session: Session = context.obj()
    with session.ledger() as ledger:
        found, said = Approvals(ledger, post=_nothing).show(id)
    if as_json:
        print_json(asdict(found) | {"decisions": said})
    else:
        _print(Console(), found, said)


@app.command()
def approve(
    context: typer.Context,
    id: str,
    plan: Plan = None,
    person: Person = None,
    reason: Annotated[str | None, typer.Option(help="Becomes part of the evidence.")] = None,
    break_glass: Annotated[
        bool,
        typer.Option(
            "--break-glass",
            help="Decide alone what needs two people: needs a reason, is announced and reviewed.",
        ),
    ] = False,
) -> None:
    """Approve the plan; the run goes on at once when nobody else is needed.

    Example: signalbox approvals approve 3f9c1d2e8a70 --plan 81c4f0aa --as "Ann Lee"
    """
    who = _who(person)
    with _deciding(context.obj()) as approvals:
        stated = plan or _confirmed(approvals, id)
        found = approvals.approve(
            id, plan=stated, person=who, reason=reason, break_glass=break_glass
        )
    more = f"; {people(found.missing)} more needed" if found.missing else ": the run goes on"
    typer.echo(f"approved {id} as {who}{more}")


@app.command()
def reject(
    context: typer.Context, id: str, reason: Reason, plan: Plan = None, person: Person = None
) -> None:
    """Decide against the plan; the run fails and is undone.

    Example: signalbox approvals reject 3f9c1d2e8a70 --reason "the region is back"
    """
    who = _who(person)
    with _deciding(context.obj()) as approvals:
        stated = plan or _confirmed(approvals, id)
        approvals.reject(id, plan=stated, person=who, reason=reason)
    typer.echo(f"rejected {id} as {who}: the run is undone")


@app.command()
def review(context: typer.Context, id: str, reason: Reason, person: Person = None) -> None:
    """Say afterwards what you think of an approval that one person gave under a broken glass."""
    session: Session = context.obj()
    with session.ledger() as ledger:
        Approvals(ledger, post=_nothing).review(id, person=_who(person), reason=reason)
    typer.echo(f"reviewed {id} as {_who(person)}")


@contextmanager
def _deciding(session: Session) -> Iterator[Approvals]:
    """A decision stands once it is recorded: what cannot be sent now, upkeep sends."""
    with session.ledger() as ledger, open_bus(session.settings) as bus:
        outbox = Outbox(ledger, bus)

        def post(envelopes: Sequence[Envelope]) -> None:
            try:
                outbox.post(envelopes)
            except BusOutOfReach as error:
                typer.echo(f"recorded; the bus will be told later ({error})", err=True)

        yield Approvals(ledger, post)


def _confirmed(approvals: Approvals, id: str) -> str:
    """Show the plan and ask whether that is what is decided on; return its hash."""
    if not sys.stdin.isatty():
        raise Unusable(f"state the plan with --plan HASH: `signalbox approvals show {id}` has it")
    found, said = approvals.show(id)
    _print(Console(), found, said)
    typer.confirm("Is this the plan that you decide on?", abort=True)
    return found.plan_sha256


def _who(person: str | None) -> str:
    return person or getpass.getuser()


def _nothing(_: Sequence[Envelope]) -> None:
    """Reading sends nothing."""


def _row(each: Approval, now: datetime) -> tuple[str | Text, ...]:
    status = Text(each.status, STYLES.get(each.status, "dim"))
    who = ", ".join(each.approved_by) or "nobody"
    return each.id, each.environment, str(each.plan["action"]), status, who, _time(each, now)


def _time(found: Approval, now: datetime) -> str:
    """How much is left, or when it was decided."""
    if found.status == "waiting":
        left = found.expires_at - now
        return f"{span(left)} left" if left.total_seconds() > 0 else "over"
    return f"{found.decided_at:%F %T}" if found.decided_at else ""


def _print(console: Console, found: Approval, said: Sequence[Decision]) -> None:
    console.print(Text(str(found.plan["action"]), "bold"))
    console.print(Text(_standing(found), STYLES.get(found.status, "dim")))
    show_plan(console, found.plan)
    for each in said:
        why = f": {each.reason}" if each.reason else ""
        console.print(Text(f"{each.at:%F %T}  {each.verdict} by {each.person}{why}"))
    console.print(Text(f"run {found.run_id}, step {found.step}, asked for by {found.requested_by}"))
    console.print(Text(f"plan {found.plan_sha256}"), soft_wrap=True)
    if found.status == "waiting":
        stated = f"--plan {found.plan_sha256[:8]}"
        console.print(Text(f"signalbox approvals approve {found.id} {stated}"), soft_wrap=True)


def _standing(found: Approval) -> str:
    glass = " under a broken glass" if found.break_glass else ""
    if found.status == "waiting":
        return f"needs {people(found.missing)} until {found.expires_at:%F %T} UTC"
    return f"{found.status}{glass} at {found.decided_at:%F %T} UTC"
