# The commands of this project. `make run` and `make test` are all a newcomer needs.

CARGO ?= cargo
E2E_BIN := $(CURDIR)/target/debug/chorus

.PHONY: run test lint unit docs fuzz-build bench-unit e2e bench bench-full bench-check proof

# A demo workspace on a temporary database; prints where to look.
run:
	$(CARGO) run --quiet --package chorus-server -- demo

# Everything that fits 25 minutes on 2 cores from a clean clone. Installs what it needs.
test: lint unit docs fuzz-build bench-unit e2e

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

unit:
	$(CARGO) test --locked --workspace
	$(CARGO) test --locked --package chorus-simulate --features mutations --test mutations

docs:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps --document-private-items

# The fuzz targets build; running them is part of `make proof`.
fuzz-build:
	cd fuzz && $(CARGO) build --locked

# The load generator and the counted paths are a workspace of their own; what is built is shared.
bench-unit:
	cd bench && $(CARGO) test --locked --package chorus-bench --package chorus-counts \
		--target-dir ../target

# Real clients against the real binary, which can be told where to crash.
e2e: e2e/node_modules e2e/python/.venv e2e/python/.schemathesis page-tools proxy-tools
	$(CARGO) build --locked --package chorus-server --features crash-points --bin chorus --example wall
	$(CARGO) build --locked --package chorus-gateway --example conformance
	$(CARGO) build --locked --package chorus-storage --example crowded
	cd e2e && CHORUS_BIN=$(E2E_BIN) npm test

e2e/node_modules: e2e/package.json e2e/package-lock.json
	cd e2e && npm ci --no-audit --no-fund
	touch $@

# The stock Python client of Socket.IO, in an environment of its own.
e2e/python/.venv: e2e/python/requirements.txt
	rm -rf $@
	python3 -m venv --without-pip $@
	python3 -m pip --python $@/bin/python install --quiet --disable-pip-version-check \
		--no-deps --no-compile --only-binary :all: --require-hashes --requirement $<
	touch $@

# The property-based tester of the REST interface, in another: its parts in C and Rust are of the
# platform, and the client needs none.
e2e/python/.schemathesis: e2e/python/schemathesis.txt
	rm -rf $@
	python3 -m venv --without-pip $@
	python3 -m pip --python $@/bin/python install --quiet --disable-pip-version-check \
		--no-deps --no-compile --only-binary :all: --require-hashes --requirement $<
	touch $@

# A browser for the demo page. Debian's; elsewhere set CHROMIUM to one.
.PHONY: page-tools
page-tools:
	@command -v "$${CHROMIUM:-chromium}" >/dev/null || \
		(echo "installing chromium for the page's test" && apt-get update -qq && \
		 apt-get install -y -qq --no-install-recommends chromium >/dev/null)

# A proxy for the recipes. Debian's; elsewhere set NGINX to one.
.PHONY: proxy-tools
proxy-tools:
	@test -x "$${NGINX:-/usr/sbin/nginx}" || \
		(echo "installing nginx for the recipes' test" && apt-get update -qq && \
		 apt-get install -y -qq --no-install-recommends nginx-light >/dev/null)

# Figures beside the lower bound and two peers, in one run: under 10 minutes once what it needs is
# built. BENCH hands options on: BENCH="--trial --only rooms". A peer that cannot be installed is
# left out, and the report says so.
bench:
	-@$(MAKE) --no-print-directory bench/peers/node/node_modules
	cd bench && $(CARGO) run --locked --release -- short $(BENCH)

# The same beside all peers and with all scenarios: under 35 minutes. Its report is kept.
bench-full:
	-@$(MAKE) --no-print-directory --keep-going bench/peers/node/node_modules \
		bench/peers/bun/node_modules bench/peers/python/.venv
	cd bench && $(CARGO) run --locked --release -- full $(BENCH)

bench/peers/%/node_modules: bench/peers/%/package.json bench/peers/%/package-lock.json
	cd $(@D) && npm ci --no-audit --no-fund
	touch $@

bench/peers/python/.venv: bench/peers/python/requirements.txt
	rm -rf $@
	python3 -m venv --without-pip $@
	python3 -m pip --python $@/bin/python install --quiet --disable-pip-version-check \
		--no-deps --no-compile --only-binary :all: --requirement $<
	touch $@

# Instructions of the hot paths under valgrind, beside bench/counts/baseline.txt; a rise above 5 %
# fails. UPDATE=1 makes what is counted now the baseline.
bench-check:
	cd bench && $(CARGO) test --locked --release --quiet --package chorus-counts
	cd bench && $(CARGO) run --locked --release --quiet --package chorus-counts -- \
		$(if $(UPDATE),update,check) counts/baseline.txt

# The long forms; the report goes to docs/proof/.
proof:
	./proof.sh
