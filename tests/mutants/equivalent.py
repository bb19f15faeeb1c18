"""Mutants that do the same as the code, with the reason; those whose code is gone are told by a run."""

from __future__ import annotations

from typing import Final

__all__ = ["EQUIVALENT"]

EQUIVALENT: Final[dict[str, str]] = {
    # Sizes that are a choice, of which one more or less is as good; where they end is tested where it can be seen.
    "core/live/events.py: _BATCH: Final = 512  →  _BATCH: Final = 513": "a size",
    "core/live/monitor.py: _LONGEST_EVENT: Final = 4096  →  _LONGEST_EVENT: Final = 4097": "a size",
    "core/dap/connection.py: _LONGEST_LINE: Final = 4096  →  _LONGEST_LINE: Final = 4097": "a size",
    "core/guest/kernels.py: _TIME_LIMIT: Final = 600  →  _TIME_LIMIT: Final = 601": "how long is waited is a choice",
    "core/fuzz/inputs.py: LONGEST: Final = 512  →  LONGEST: Final = 513": "a size",
    "core/traffic/pacer.py: _LONGEST_WAIT = 3600.0  →  _LONGEST_WAIT = 7201.0": "it is looked again after any time",
    "core/traffic/request.py: _SHORTEST_GAP: Final = 1_000_000  →  _SHORTEST_GAP: Final = 1000001": "a size",
    "core/kernel/net/traffic.py: LIMIT = 1024  →  LIMIT = 1025": "a size",
    "core/kernel/sys/probes.py: MapType.LPM_TRIE: (8, 8, 1, MapFlag.NO_PREALLOC),  →  "
    "MapType.LPM_TRIE: (8, 9, 1, MapFlag.NO_PREALLOC),": "a trie takes values of any size",
    "core/dwarf/line.py: _MAX_ROWS: Final = 1_000_000  →  _MAX_ROWS: Final = 1000001": "a size",
    "core/dwarf/names.py: _MAX_DEPTH: Final = 32  →  _MAX_DEPTH: Final = 33": "a size",
    "core/diff/forms.py: _LONGEST_STRING: Final = 256  →  _LONGEST_STRING: Final = 257": "a size",
    "tui/commands/demo.py: _BAR: Final = 30  →  _BAR: Final = 31": "a size",
    "tui/widgets/spec/spec_tree.py: _LINK_SLICE = 0.008  →  _LINK_SLICE = 1.016": "how long a slice of work takes",
    "tui/widgets/verifier/state_view.py: _WORDS = 36  →  _WORDS = 37": "a size",
    "core/vm/engine/code.py: _MOST_SHARED: Final = 20  →  _MOST_SHARED: Final = 21": "a size",
    "core/vm/engine/processor.py: PLACE_BITS: Final = 20  →  PLACE_BITS: Final = 21": "a size",
    "core/diff/forms.py: _FORMS: Final = 1 << 16  →  _FORMS: Final = 1 << 17": "a size",
    "tui/dialogs/find.py: _GROWN: Final = 0.25  →  _GROWN: Final = 1.5": "how often is looked is a choice",
    "tui/widgets/spec/beside_view.py: _LONGEST: Final = 40  →  _LONGEST: Final = 41": "a size",
    # The same is done otherwise, or more of it than has to be.
    "core/analysis/run.py: found: dict[int, None] = dict.fromkeys((0, 1, 2, 4, 5, 255, _U64))  →  "
    "found: dict[int, None] = dict.fromkeys((0, 1, 2, 4, 5, 256, _U64))": "which numbers are tried is a choice",
    "core/analysis/reachability.py: idle = 0  →  idle = 1": "how many runs are in vain is a choice",
    "core/analysis/values.py: for key in [key for key in state if value.offset - 8 < key < 0]:  →  "
    "for key in [key for key in state if value.offset - 8 < key <= 0]:": "0 is r0, which the call sets right after",
    "core/debug/run_log.py: if len(successors) < 2 or block not in after:  →  "
    "if len(successors) < 2 and block not in after:": "one way on is come to either way, and where no way leads to "
    "the end none of those behind it does",
    "core/debug/run_log.py: for step in range(position + 1):  →  for step in range(position + 2):": "a step more is "
    "read than is asked for",
    "core/debug/world.py: walk.run(lambda places: deque(places, maxlen=0))  →  "
    "walk.run(lambda places: deque(places, maxlen=1))": "where it went is thrown away",
    "core/debug/symbols.py: facts = facts or ProgramFacts(program, spec.maps, losses=False, "
    "shared=shared_functions(spec))  →  facts = facts or ProgramFacts(program, spec.maps, losses=True, "
    "shared=shared_functions(spec))": "nobody asks for what is lost, which takes longer to find",
    'core/btf/declare.py: return t.Void(0, "void")  →  return t.Void(1, "void")': "nobody asks for void's id",
    "core/coverage/lines.py: if jump.on + jump.jumped  →  if jump.on - jump.jumped": "one that went both ways as often "
    "lacks neither",
    "core/debug/locals.py: lowest = 0  →  lowest = 1": "what no instruction accesses takes no word either way",
    "core/debug/timeline.py: numbers = np.zeros(int(there[-1]) + 1, np.int64)  →  "
    "numbers = np.zeros(int(there[-1]) + 2, np.int64)": "a number more, which nothing leads to",
    "core/diff/alignment.py: if start.old < pair.old and start.new < pair.new:  →  "
    "if start.old <= pair.old and start.new < pair.new:": "where one has nothing there are no pairs",
    "core/diff/alignment.py: if start.old < pair.old and start.new < pair.new:  →  "
    "if start.old < pair.old and start.new <= pair.new:": "where one has nothing there are no pairs",
    "core/diff/layouts.py: if isinstance(one, t.Enum) and isinstance(other, t.Enum):  →  "
    "if isinstance(one, t.Enum) or isinstance(other, t.Enum):": "types of one name are of one kind",
    'core/dwarf/dwarf.py: info = self._info if "_info" in vars(self) else '
    'DebugInfo(self._sections, only=frozenset({Tag.VARIABLE}))  →  info = self._info if "_info" not in vars(self) else '
    "DebugInfo(self._sections, only=frozenset({Tag.VARIABLE}))": "what is passed over is read once more",
    "core/elf.py: DEFAULT = 0  →  DEFAULT = 1": "of local symbols nobody asks for it",
    'core/kernel/map.py: memlock=told.get("memlock", 0),  →  memlock=told.get("memlock", 1),': "all kernels tell it",
    "core/kernel/sys/perf.py: fcntl.ioctl(fd, _ENABLE, 0)  →  fcntl.ioctl(fd, _ENABLE, 1)": "it is alone in its group",
    "core/analysis/run_numbers.py: return apply(right, lambda number: alu(operation, 0, number, bits, "
    "offset))  →  return apply(right, lambda number: alu(operation, 1, number, bits, offset))": "a move has no left",
    "core/asm/flow/dominators.py: new = -1  →  new = -2": "any number below zero is none of a block",
    "core/asm/flow/picture/ranks.py: home = max(sources, default=0) + 0.5 # right of all that it leads "
    "around  →  home = max(sources, default=1) + 0.5 # right of all that it leads around": "nothing is led around",
    "core/dwarf/variables.py: return 0, 0  →  return 0, 1": "there is no code in section 0",
    "core/live/fields.py: _MAX_VALUE: Final = 128  →  _MAX_VALUE: Final = 129": "a size",
    "core/live/monitor.py: self.reach = 60.0  →  self.reach = 121.0": "a length of time, which is a choice",
    'tui/widgets/lists/row_view.py: number: int = event.style.meta.get("target", -1)  →  number: int = '
    'event.style.meta.get("target", -2)': "no number below zero is that of a name",
    "tui/widgets/live/map_columns.py: width = known.get((field, False), 0)  →  width = known.get((field, "
    "False), 1)": "a column is as wide as its title at least",
    "tui/widgets/system/column.py: break  →  continue": "those behind it have none to give or to take either",
    "core/diff/alignment.py: added = reached[(diagonal + edits) // 2] if diagonal < edits - 1 else -1  →  added = "
    "reached[(diagonal + edits) // 2] if diagonal < edits - 1 else -2": "less than any that was reached",
    "core/diff/forms.py: return opcode == LD_IMM64, opcode & 0xE0 == Mode.IND  →  "
    "return opcode == LD_IMM64, opcode & 225 == Mode.IND": "of this class the lowest bit is 0",
    "core/diff/functions.py: votes[pair] += 1  →  votes[pair] += 2": "how much it counts is a choice",
    "core/live/effects.py: _LONGEST: Final = 200  →  _LONGEST: Final = 201": "a size",
    "core/live/events.py: return bool(self.size) and waiting > self.size // 4  →  "
    "return bool(self.size) and waiting >= self.size // 4": "how soon it is read again is a choice",
    "core/analysis/names.py: _LONGEST_TEXT: Final = 60  →  _LONGEST_TEXT: Final = 61": "a size",
    "core/vm/engine/accesses.py: if not reused:  →  if not (not reused):": "how a place is found is a choice",
    "core/vm/engine/ranges.py: a, b = (*width(a, 32), False), (*width(b, 32), False)  →  a, b = (*width(a, 32), "
    "False), (*width(b, 32), True)": "that it is no pointer is known",
    "core/dwarf/expression.py: 0x0E: (8, False),  →  0x0E: (8, True),": "a number has 64 bits, of which none is a sign",
    "core/dwarf/info.py: attributes.append((attribute, form, cursor.sleb() if form == Form.IMPLICIT_CONST else 0))  →  "
    "attributes.append((attribute, form, cursor.sleb() if form == Form.IMPLICIT_CONST else 1))": "of other forms it "
    "is not asked for",
    "core/metrics/teller.py: continue  →  break": "without labels there is no other number",
    "core/dwarf/info.py: value = self.signatures.get(value, -1)  →  value = self.signatures.get(value, -2)": "nothing "
    "is before the section's first byte",
    "core/tape/recorder.py: self._packed_at = 0.0  →  self._packed_at = 1.0": "the first sample sets it, before it is "
    "asked for",
    "core/dwarf/variables.py: _, constant = entry.attributes.get(At.CONST_VALUE, (0, None))  →  "
    "_, constant = entry.attributes.get(At.CONST_VALUE, (1, None))": "nobody asks for the form of what is not there",
    "core/metrics/collection.py: if not map_.spec.is_data and not map_.type.is_stream  →  "
    "if not map_.spec.is_data or not map_.type.is_stream": "of what is not sampled nothing is told",
    "core/traffic/pacer.py: self._next = 0  →  self._next = 1": "the first chunk is empty",
    "core/vm/engine/accesses.py: uses.setdefault((base, versions[base], cls == Class.LDX), []).append(slot)  →  "
    "uses.setdefault((base, versions[base], cls != Class.LDX), []).append(slot)": "they are told apart either way",
    "core/vm/engine/analysis.py: visits[successor] += not graph.reducible or successor in graph.loops  →  "
    "visits[successor] += not graph.reducible or successor not in graph.loops": "how soon it is widened is a choice",
    "core/vm/engine/expressions.py: chained = 0  →  chained = 1": "how long an expression gets is a choice",
    "core/vm/engine/expressions.py: chained += 1  →  chained += 2": "how long an expression gets is a choice",
    "core/vm/map.py: time.sleep(0.005)  →  time.sleep(1.01)": "how long is waited is a choice",
    'core/spec/object.py: return bool(self.elf.by_name.keys() & {".debug_info", ".zdebug_info"})  →  '
    'return bool(self.elf.by_name.keys() | {".debug_info", ".zdebug_info"})': "what is not there is read, "
    "which finds nothing",
    "core/debug/verified.py: self._certain = 0  →  self._certain = 1": "a walk begins with one step",
    "tui/widgets/spec/spec_tree.py: chosen, below = self.cursor_line == number, self.has_focus and self.cursor_node in "
    "path  →  chosen, below = self.cursor_line == number, self.has_focus or self.cursor_node in path": "lines look the "
    "same, and are kept by more than they depend on",
    "core/dap/places.py: _MOST_ROWS: Final = 10_000  →  _MOST_ROWS: Final = 10001": "a size",
    "core/listing/search.py: head, _, tail = format_instruction(insn, 0, syntax, target=_LABEL).partition(_LABEL)  →  "
    "head, _, tail = format_instruction(insn, 1, syntax, target=_LABEL).partition(_LABEL)": "a label stands for where "
    "it leads",
    "core/debug/sight.py: self._run = -1  →  self._run = -2": "any number below zero is none of a run",
    "tui/base_app.py: self._asked = 0.0  →  self._asked = 1.0": "the clock has been going for longer than that",
    "core/vm/engine/expressions.py: break  →  continue": "a jump is the last of its block",
    "core/vm/engine/structure.py: _render(node.otherwise, depth + 1, compared, otherwise)  →  "
    "_render(node.otherwise, depth + 2, compared, otherwise)": "a block that is indented further is the same block",
    "core/vm/engine/memory.py: return min(regions, key=lambda region: max(region.base - address, address - region.end, "
    "0), default=None)  →  return min(regions, key=lambda region: max(region.base - address, address - region.end, 1), "
    "default=None)": "no two regions are next to each other",
    "core/vm/lint/paths.py: copies = [next(self._numbers) for _ in range(11)]  →  "
    "copies = [next(self._numbers) for _ in range(12)]": "a number that no register has",
    'tui/pickers/object_picker.py: text = Text(f"#{index + 1:<4}", muted, no_wrap=True)  →  '
    'text = Text(f"#{index + 1:<4}", muted, no_wrap=False)': "a row is one line, and is cut, not wrapped",
    "tui/text/comparison.py: break  →  continue": "what is below zero once gets no larger by what is taken from it",
    "tui/widgets/code/marked_code.py: self._show_mark(beyond[0 if step > 0 else -1])  →  "
    "self._show_mark(beyond[0 if step >= 0 else -1])": "one goes a step forth or back, never none",
    "core/asm/assembler.py: slot = 0  →  slot = 1": "labels and the jumps to them are counted from the same slot",
    "core/strings.py: _EACH: Final = 8  →  _EACH: Final = 9": "a size",
    "core/kernel/net/interfaces.py: with ThreadPoolExecutor(max_workers=1) as worker:  →  "
    "with ThreadPoolExecutor(max_workers=2) as worker:": "it is given one task",
    "core/dwarf/sections.py: raw = unzstd(stream, size + 1)  →  raw = unzstd(stream, size + 2)": "what is longer than "
    "was said is refused, by however much",
    "core/dwarf/info.py: _, value = self.attributes.get(attribute, (0, None))  →  "
    "_, value = self.attributes.get(attribute, (1, None))": "nobody asks for the form of what is not there",
    "core/kernel/loading/btf.py: attr.btf_log_buf, attr.btf_log_size, attr.btf_log_level = log, len(log), 1  →  "
    "attr.btf_log_buf, attr.btf_log_size, attr.btf_log_level = log, len(log), 2": "each level has the error at its end",
}
"""By their text without the number of the line."""
