# What a person does with BeatStitch, one word each. `make demo` and `make test` begin on a bare
# Debian 12: they install what is missing first, and skip that in under a second when nothing is.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.SUFFIXES:
.PHONY: help setup tools server-tools demo run test torture lint bench bench-beats bench-sections bench-queue bench-render looks migrate backup lock clean

VENV := .venv
BIN := $(VENV)/bin
RIVALS := .cache/bench-queue
FONT := /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf

# A program and the Debian package that it is in; the second line is what the tests need besides.
TOOLS := ffmpeg:ffmpeg bwrap:bubblewrap prlimit:util-linux
TEST_TOOLS := nginx:nginx systemd-analyze:systemd openssl:openssl curl:curl

# The lock ends with the tools of development; `make install` reads it up to there.
LOCKED := cat
OF_THE_SERVICE := sed '/^. For development and tests/Q'

# Where `make install` puts the service (docs/install.md); DESTDIR stages its files for a package.
DESTDIR :=
PREFIX := /opt/beatstitch
ETC := /etc
DATA := /var/lib/beatstitch

# `make demo SONG=… MEDIA="…"` takes your own; without them both are painted and composed first.
SONG ?= demo/song.wav
MEDIA ?= demo/media
FILM ?= demo/film.mp4

help:            ## show this list
	@grep -E '^[a-z-]+: .*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 16

setup: tools     ## install what is missing: Debian packages, a venv from the lock, a warm-up
	@$(MAKE) -s --no-print-directory $(VENV)/.warm

tools:
	@missing=()
	PATH="$$PATH:/usr/sbin"
	has() { command -v "$$1" > /dev/null || missing+=("$$2"); }
	for tool in $(TOOLS); do has "$${tool%:*}" "$${tool#*:}"; done
	[ -e $(FONT) ] || missing+=(fonts-dejavu-core)
	if ! [ -x $(BIN)/python ]; then
	    has python3.11 python3.11
	    python3.11 -c 'import ensurepip, venv' 2> /dev/null || missing+=(python3.11-venv)
	fi
	[ $${#missing[@]} = 0 ] && exit
	echo "Installing $${missing[*]} …"
	command -v apt-get > /dev/null || { echo "Please install them; this machine has no apt-get." >&2; exit 1; }
	root=(); [ "$$(id -u)" = 0 ] || root=(sudo)
	"$${root[@]}" apt-get update -qq
	"$${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$${missing[@]}" > /dev/null

# Wheels only: a bare machine has no compiler, and nothing runs code while it is installed.
$(VENV)/.locked: requirements.lock
	@echo "Installing the Python packages of requirements.lock (a minute or two, once) …"
	python3.11 -m venv --clear $(VENV)
	$(LOCKED) requirements.lock > $(VENV)/requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps --only-binary :all: -r $(VENV)/requirements.lock
	touch $@

$(VENV)/.installed: $(VENV)/.locked pyproject.toml
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-index --no-deps --no-build-isolation -e .
	touch $@

# librosa compiles its loops on first use: 45 s of CPU that belong to the set-up, not to the first
# song. numba keeps the result beside librosa's own files, so that it lives as long as the venv.
$(VENV)/.warm: $(VENV)/.installed
	@echo "Compiling librosa's loops (once) …"
	$(BIN)/python tests/warm_up.py
	touch $@

demo: setup      ## make a film from painted photos, moving pictures and a composed song
	@[ "$(SONG)" != demo/song.wav ] || [ -e demo/song.wav ] || $(BIN)/python tests/demo_media.py demo
	$(BIN)/beatstitch make "$(SONG)" $(MEDIA) -o "$(FILM)"
	echo "Your film: $(FILM)"

run: setup       ## start the server and a worker, and say where it answers; Ctrl-C ends both
	@[ -e .env ] || (umask 077; $(BIN)/python -c 'import secrets; print("SECRET_KEY=" + secrets.token_urlsafe(48))' > .env
	    echo 'STORAGE_PATH=$(CURDIR)/data' >> .env
	    echo "Wrote .env: a key of your own, and where the data lie.")
	PATH="$(CURDIR)/$(BIN):$$PATH" exec $(BIN)/honcho start

# The suite starts a server of its own. Where PostgreSQL is not installed yet, it comes without the
# cluster that Debian would make and start on its port.
server-tools:
	@compgen -G '/usr/lib/postgresql/*/bin/initdb' > /dev/null && exit
	command -v initdb > /dev/null && exit
	echo "Installing PostgreSQL for the tests …"
	command -v apt-get > /dev/null || { echo "Please install it; this machine has no apt-get." >&2; exit 1; }
	root=(); [ "$$(id -u)" = 0 ] || root=(sudo)
	conf=/etc/postgresql-common/createcluster.conf
	[ -e $$conf ] || { "$${root[@]}" mkdir -p $${conf%/*}; echo 'create_main_cluster = false' | "$${root[@]}" tee $$conf > /dev/null; }
	"$${root[@]}" apt-get update -qq
	"$${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends postgresql > /dev/null

test: setup server-tools lint ## lint, then the whole suite
	@$(MAKE) -s --no-print-directory tools TOOLS="$(TEST_TOOLS)"
	$(BIN)/python -m pytest

torture: setup server-tools ## kill and freeze workers by the thousand on both databases, for half an hour
	@for database in sqlite postgresql; do $(BIN)/python tests/torture/claimers.py kills $$database; done
	$(BIN)/python tests/torture/workers.py deaths
	TORTURE=1 $(BIN)/python -m pytest tests/faults

lint: setup      ## ruff, mypy and the floors of the house
	@$(BIN)/ruff check beatstitch tests bench
	$(BIN)/ruff format --check beatstitch tests bench
	$(BIN)/mypy
	MYPYPATH=tests:bench $(BIN)/mypy $(filter-out bench/api.py bench/contestants.py,$(wildcard bench/*.py))
	$(BIN)/lint-imports

bench: bench-beats bench-sections bench-queue bench-render bench-memory bench-previews bench-ingest bench-api ## all of them, one after the other: half an hour

bench-beats: setup ## how well, fast and small the beats are found: madmom as it is, ours, librosa
	@PYTHONPATH=tests $(BIN)/python bench/beats.py

bench-sections: setup ## how well a song's sections are found
	@PYTHONPATH=tests $(BIN)/python bench/sections.py
	PYTHONPATH=tests $(BIN)/python bench/sections.py --heard

bench-queue: setup server-tools ## how fast our queue is and what it loses, beside SqliteHuey and litequeue
	@[ -d $(RIVALS) ] || $(BIN)/python -m pip install -q --disable-pip-version-check --target $(RIVALS) huey==3.5.4 litequeue==0.9
	PYTHONPATH=tests:$(RIVALS) $(BIN)/python bench/queues.py

.PHONY: bench-api fuzz
bench-api: setup ## how fast the API answers, what its start takes, what an upload of 2 GB costs
	@$(MAKE) -s --no-print-directory tools TOOLS="$(TEST_TOOLS)"
	PYTHONPATH=tests $(BIN)/python bench/api.py
	PYTHONPATH=tests $(BIN)/python bench/api.py upload

fuzz: setup      ## the API against schemathesis, all checks and sequences of calls, for an hour
	@$(BIN)/python tests/torture/fuzz.py --max-examples 200 --max-time 3600

migrate: setup   ## bring the database up to this version; it is copied first
	@$(BIN)/flask --app beatstitch database upgrade

backup: setup    ## write a backup of the database and the files into backups/, while all runs
	@$(BIN)/flask --app beatstitch database backup --files backups/$$(date -u +%Y%m%dT%H%M%S)

bench-render: setup ## what a film costs beside encoding its frames, one filter graph and moviepy
	@PYTHONPATH=tests $(BIN)/python bench/render.py

.PHONY: bench-memory bench-ingest
bench-memory: setup ## the largest process of a film, kind by kind, also in 4K and HDR
	@PYTHONPATH=tests $(BIN)/python bench/memory.py

bench-ingest: setup ## what it costs to take a clip in
	@PYTHONPATH=tests $(BIN)/python bench/ingest.py

.PHONY: bench-previews
bench-previews: setup ## what a preview costs, and how soon its beginning can be looked at
	@PYTHONPATH=tests $(BIN)/python bench/previews.py

looks: setup     ## every transition, move, fit, beat effect and crop on one sheet: build/looks.png
	@mkdir -p build
	PYTHONPATH=tests $(BIN)/python bench/looks.py build/looks.png

.PHONY: install install-files
install:         ## onto this Debian 12, as root: the service, its units, its site of nginx
	@$(MAKE) -s --no-print-directory tools TOOLS="$(TOOLS) nginx:nginx"
	[ "$$(id -u)" = 0 ] || { echo "Run this as root: sudo make install" >&2; exit 1; }
	getent passwd beatstitch > /dev/null || adduser --quiet --system --group --home $(DATA) --no-create-home beatstitch
	usermod --append --groups beatstitch www-data
	install -d -o beatstitch -g beatstitch -m 0750 $(DATA) /var/cache/beatstitch
	install -d -o beatstitch -g beatstitch -m 0700 $(DATA)/database
	# Other packages take the place of those in use, a few minutes long.
	if [ -d /run/systemd/system ] && ! [ $(PREFIX)/venv/.locked -nt requirements.lock ]; then
	    systemctl stop beatstitch-web.socket beatstitch-web beatstitch-worker 2> /dev/null || true
	fi
	$(MAKE) -s --no-print-directory $(PREFIX)/venv/.locked VENV=$(PREFIX)/venv LOCKED="$(OF_THE_SERVICE)"
	$(PREFIX)/venv/bin/python -m pip install -q --disable-pip-version-check --no-index --no-deps --no-build-isolation --force-reinstall .
	echo "Compiling librosa's loops (once) …"
	NUMBA_CACHE_DIR=/var/cache/beatstitch/numba PYTHONPATH=tests $(PREFIX)/venv/bin/python tests/warm_up.py
	chown -R beatstitch: /var/cache/beatstitch
	$(MAKE) -s --no-print-directory install-files
	[ -d /run/systemd/system ] || { echo "Installed; systemd is not running here, so nothing was started."; exit 0; }
	systemctl daemon-reload
	systemctl enable --quiet --now beatstitch-web.socket
	systemctl enable --quiet beatstitch-web beatstitch-worker
	systemctl restart beatstitch-web beatstitch-worker
	nginx -t -q && systemctl restart nginx
	echo "BeatStitch answers at http://$$(hostname)/ (docs/install.md says what comes next: TLS)."

install-files:   # the units, the site of nginx, and a key of this machine's own unless there is one
	@install -d $(DESTDIR)$(ETC)/systemd/system $(DESTDIR)$(ETC)/nginx/sites-available $(DESTDIR)$(ETC)/nginx/sites-enabled $(DESTDIR)$(ETC)/beatstitch
	for file in systemd/*; do
	    sed -e 's|/opt/beatstitch|$(PREFIX)|; s|/var/lib/beatstitch|$(DATA)|; s|/etc/beatstitch|$(ETC)/beatstitch|' "$$file" > $(DESTDIR)$(ETC)/systemd/system/"$$(basename "$$file")"
	done
	site=$(DESTDIR)$(ETC)/nginx/sites-available/beatstitch
	[ -e "$$site" ] && [ -z "$(FORCE)" ] || sed 's|/var/lib/beatstitch|$(DATA)|' nginx/beatstitch.conf > "$$site"
	enabled=$(DESTDIR)$(ETC)/nginx/sites-enabled
	ln -sf ../sites-available/beatstitch "$$enabled"/beatstitch
	# Debian's welcome page would answer in our place.
	[ "$$(readlink "$$enabled"/default || true)" != /etc/nginx/sites-available/default ] || rm "$$enabled"/default
	env=$(DESTDIR)$(ETC)/beatstitch/env
	[ -e "$$env" ] || (umask 077
	    printf '# Settings of the service: docs/settings.md has them all.\n' > "$$env"
	    printf 'SECRET_KEY=%s\n' "$$(head -c 36 /dev/urandom | base64)" >> "$$env"
	    printf 'STORAGE_PATH=$(DATA)\n' >> "$$env"
	    printf 'DATABASE_URL=sqlite:///$(DATA)/database/beatstitch.db\n' >> "$$env"
	    printf 'BEATSTITCH_ACCEL=/_files/\n' >> "$$env")

lock:            ## write requirements.lock anew (needs uv)
	@lock() { uv pip compile -q --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links pyproject.toml "$$@" > /dev/null; }
	lock --all-extras -o requirements.lock
	mkdir -p build && tee build/service.lock build/tools.lock < requirements.lock > /dev/null
	lock --extra postgresql --extra build -o build/service.lock
	lock --all-extras $$(sed -nE 's/^([^ #=]+)==.*/--no-emit-package \1/p' build/service.lock) -o build/tools.lock
	{ cat build/service.lock; echo '# For development and tests alone:'; cat build/tools.lock; } > requirements.lock

clean:           ## remove everything that was made here, the venv too
	@rm -rf $(VENV) .cache build dist demo *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find beatstitch tests bench -name __pycache__ -type d -exec rm -rf {} +
