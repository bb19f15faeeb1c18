# Every target sets up all that it needs by itself: a virtual environment in .venv, and system packages through apt where
# we are root. PYTHON=… chooses the interpreter (3.11 or newer), ARGS=… is passed on to the program or to pytest.

PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
TOOLS := build/tools
WHEEL = dist/bpftui-$(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)-py3-none-any.whl
CLANG := clang-19|clang-20|clang-21|clang-22|clang-23|clang-24=clang-19

.DEFAULT_GOAL := help
.PHONY: help demo test test-kernels fuzz monkey mutants lint completions docs screenshots cast snapshots bench bpf dist deb sbom audit clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z.-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime ## watch packets being counted, in a sandbox of its own
	@$(BIN)/python -m bpftui.tui demo $(ARGS)

test: $(VENV)/.dev ## all tests; those that need root and bpf(2) are skipped without
	@.ci/packages "make test" "$(CLANG)" tmux=tmux "chromium|chromium-browser|google-chrome=chromium" || echo "make test: tests that need it are skipped" >&2
	$(BIN)/python -m tests.again $(ARGS)

test-kernels: $(VENV)/.dev ## load the objects in Debian's kernels 6.1 and 6.12, in virtual machines
	@.ci/packages "make test-kernels" qemu-system-x86_64=qemu-system-x86 || \
		echo "make test-kernels: without it they are skipped" >&2
	$(BIN)/python -m pytest tests/kernels/check_kernels.py -o limit=1800 $(ARGS)

fuzz: $(VENV)/.dev ## 40,000 damaged objects through the reader, 2,000 through the commands, 100,000 programs through the machine, 10,000 sessions of the debugger, what three compilers make of each source compared; as root: the kernel's answers; random keys
	$(BIN)/python -m tests.fuzz.mutants $(ARGS)
	$(BIN)/python -m tests.fuzz.structured
	$(BIN)/python -m tests.fuzz.commands
	$(BIN)/python -m tests.fuzz.machines
	$(BIN)/python -m tests.fuzz.sessions
	$(BIN)/python -m tests.fuzz.compilers
	[ "$$(id -u)" != 0 ] || $(BIN)/python -m tests.fuzz.contexts
	$(BIN)/python -m tests.fuzz.monkey --minutes 5 --stay 0.5
	[ "$$(id -u)" != 0 ] || $(BIN)/python -m tests.fuzz.ends --count 500

monkey: $(VENV)/.dev ## an hour of random keys, clicks, drags, pastes, sizes and stops in a terminal, with both runtimes; ARGS="--seed 7 --minutes 5"
	$(BIN)/python -m tests.fuzz.monkey $(ARGS)

mutants: $(VENV)/.dev ## whether the tests notice: 300 changes of the code, each of which some test of its folder should
	$(BIN)/python -m tests.mutants --count 220 core $(ARGS)
	$(BIN)/python -m tests.mutants --count 80 tui $(ARGS)

lint: $(VENV)/.dev ## style, formatting, types, direction of imports
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/basedpyright
	$(BIN)/lint-imports

completions: $(VENV)/.dev ## tui/completions/, the manual page docs/bpftui.1, docs/schemas/ and docs/keys.md, from what there is
	$(BIN)/python -m tests.completions
	$(BIN)/python -m tests.man_page
	$(BIN)/python -m tests.schemas
	$(BIN)/python -m tests.tui.test_key_table

docs: $(VENV)/.docs ## the documentation as a site, build/site; a warning is an error, and nothing is loaded from elsewhere
	$(BIN)/python -m tests.site

screenshots: $(VENV)/.dev ## screenshots/ from a real run
	@.ci/packages "make screenshots" "chromium|chromium-browser|google-chrome=chromium" \
		/usr/share/fonts/truetype/firacode=fonts-firacode
	$(BIN)/python -m tests.screenshots $(ARGS)

cast: $(VENV)/.dev ## docs/cast.cast and docs/cast.svg: three minutes of a real run, as root
	@.ci/packages "make cast" tmux=tmux
	$(BIN)/python -m tests.cast

snapshots: $(VENV)/.dev ## tests/tui/snapshots/ anew, with pictures in build/snapshots/ to look at; ARGS="live" makes those of one place
	$(BIN)/python -m tests.tui.test_snapshots $(ARGS)

bench: $(VENV)/.dev ## measurements, as ratios
	$(BIN)/python -m pytest tests/bench/bench_*.py -s -o limit=1800 $(ARGS)

bpf: ## compile the BPF programs that ship
	@.ci/packages "make bpf" "$(CLANG)"
	$(MAKE) -C bpf
	$(MAKE) -C docs/examples

dist: $(TOOLS)/.made ## the sources and the wheel of what is committed, in dist/: built twice, in two places, and the same byte for byte
	packaging/wheel dist $(TOOLS)/bin/python

bpftui.pyz: dist ## one file that runs wherever there is a Python, for machines like this one: docs/packages.md
	$(TOOLS)/bin/python packaging/pyz.py $(WHEEL) $@

deb: ## the Debian package of what is committed, in dist/
	@.ci/packages "make deb" dh=debhelper dpkg-buildpackage=dpkg-dev /usr/share/doc/python3-venv=python3-venv \
		/usr/share/doc/python3-pip=python3-pip
	packaging/deb dist

sbom: dist ## what the wheel is installed with, in dist/ (CycloneDX)
	packaging/sbom $(WHEEL) $(TOOLS)/bin/python dist

# Without --strict it says that there are no holes where no index knew any of the packages.
audit: $(TOOLS)/.made ## known holes in what bpftui is installed with (pip-audit); a package that cannot be asked about is an error
	$(TOOLS)/bin/python -m pip_audit --progress-spinner off --strict .

clean: ## remove what the other targets made, .venv included
	rm -rf $(VENV) build dist bpftui.pyz *.egg-info .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find core tui bpf tests -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp says that .venv holds what pyproject.toml asks for. What sets up writes to stderr: stdout is the program's.
# --no-compile saves seconds: Python compiles what is imported, when it is.
$(VENV)/.python:
	@[ -n "$(PYTHON)" ] || { echo "bpftui needs Python 3.11 or newer; PYTHON=… names one" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || .ci/packages "the virtual environment" \
		"/nonexistent=$$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
	@echo "setting up $(VENV) with $$($(PYTHON) --version)" >&2
	@$(PYTHON) -m venv $(VENV) >&2
	@touch $@

$(VENV)/.runtime: pyproject.toml | $(VENV)/.python
	@echo "installing bpftui and what it needs into $(VENV)" >&2
	@$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --editable . >&2
	@touch $@

$(VENV)/.dev: pyproject.toml tests/constraints.txt | $(VENV)/.python
	@echo "installing bpftui and its tools into $(VENV)" >&2
	@$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --editable . \
		--constraint tests/constraints.txt $$($(BIN)/python .ci/group dev) >&2
	@touch $@ $(VENV)/.runtime

# What packages are made with is in no dependency of anybody's: an own environment.
$(TOOLS)/.made: pyproject.toml | $(VENV)/.python
	@echo "installing what packages are made with into $(TOOLS)" >&2
	@$(PYTHON) -m venv $(TOOLS) >&2
	@$(TOOLS)/bin/python -m pip install --quiet --no-compile --disable-pip-version-check \
		$$($(BIN)/python .ci/group packaging) >&2
	@touch $@

$(VENV)/.docs: $(VENV)/.dev
	@echo "installing what builds the site into $(VENV)" >&2
	@$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check \
		--constraint tests/constraints.txt $$($(BIN)/python .ci/group docs) >&2
	@touch $@
