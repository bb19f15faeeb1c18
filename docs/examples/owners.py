"""Say who holds each program that is loaded, and where it runs."""

from __future__ import annotations

from bpftui.core.system import Inventory

with Inventory() as inventory:
    snapshot = inventory.snapshot()
for program in snapshot.programs.values():
    holders = [f"{owner.comm} {owner.pid}" for owner in program.owners or ()]
    places = [f"{each.hook} {each.target}".strip() for each in program.attachments]
    print(
        f"{program.id} {program.name}: held by {', '.join([*holders, *program.pinned, *program.held_by])}; "
        f"runs at {', '.join(places) or 'nothing'}"
    )
for sentence in (*snapshot.missing, *(f"{what} vanished meanwhile" for what in snapshot.gone)):
    print(sentence)
