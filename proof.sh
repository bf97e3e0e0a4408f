#!/usr/bin/env bash
# ./proof.sh [crash] [drops] [comeback] [torture] [stall] [eviction] [money] [storm] [search] [rest] [simulate] [properties] [fuzz]: the long forms of the tests; without arguments all.
# What came of them is added to docs/proof/<date>.md; the status says whether all passed.
# KILLS (50): ends of the process. TRAVELLERS (500) and RETURNERS (500): raw and stock clients. DROPS (50) of the network.
# CLIENTS (2000) that come back at once. EDITS (10000) of money. TORTURE_SECONDS (600) and SEED of the torture and of REST. EXAMPLES (50) of requests per operation.
# SEEDS (50000) of the simulator, from FIRST_SEED (by the time) on. PROPTEST_CASES (20000): cases per property.
# FUZZ_MINUTES (30): of CPU time for each fuzz target; two run at a time, each on one core.
# FUZZ_TARGETS: which; without it, all.
set -euo pipefail
cd "$(dirname "$0")"

export KILLS=${KILLS:-50} PROPTEST_CASES=${PROPTEST_CASES:-20000}
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
failed=0 rows=()
[ $# -gt 0 ] || set -- crash drops comeback torture stall eviction money storm search rest simulate properties fuzz

# row NAME COMMAND COUNTS SECONDS STATUS: one line of the table.
row() {
  local outcome=passed
  [ "$5" = 0 ] || { outcome="**failed**" failed=1; }
  rows+=("| $1 | \`$2\` | $3 | $4 s | $outcome |")
}

# total FILE PATTERN: the sum of the numbers that PATTERN (a sed expression with one group) finds.
total() {
  sed -nE "s/$2/\1/p" "$1" | awk '{ sum += $1 } END { print sum + 0 }'
}

crash() {
  cargo build --locked --package chorus-server --features crash-points
  [ -d e2e/node_modules ] || (cd e2e && npm ci --no-audit --no-fund)
  local log=$logs/crash status=0 from=$SECONDS survived
  CHORUS_BIN=${CARGO_TARGET_DIR:-$PWD/target}/debug/chorus \
    node --test --test-reporter=tap e2e/tests/crash.test.js | tee "$log" || status=$?
  survived=$(total "$log" '^# pass ([0-9]+).*')
  # An end that did not happen proves nothing.
  [ "$survived" = "$KILLS" ] || status=1
  row "kill -9 under write load" "KILLS=$KILLS node --test e2e/tests/crash.test.js" \
    "$survived of $KILLS ends survived; $(
      total "$log" '.*# ([0-9]+) acknowledged, ended by SIG.*') writes acknowledged before them" \
    $((SECONDS - from)) $status
}

# in_node NAME TEST SETTING...: an end-to-end test in its long form; it tells what it counted.
in_node() {
  local name=$1 test=$2 log status=0 from=$SECONDS
  shift 2
  log=$logs/$test
  cargo build --locked --release --package chorus-server
  [ -d e2e/node_modules ] || (cd e2e && npm ci --no-audit --no-fund)
  env "$@" CHORUS_BIN="${CARGO_TARGET_DIR:-$PWD/target}/release/chorus" E2E_DEADLINE_MS=120000 \
    node --test --test-reporter=tap "e2e/tests/$test.test.js" | tee "$log" || status=$?
  row "$name" "$* node --test e2e/tests/$test.test.js" \
    "$(sed -nE 's/^# (told: .*|pass [0-9]+|fail [0-9]+)/\1;/p' "$log" | tr '\n' ' ')" $((SECONDS - from)) $status
}

# Words looked for in much that was said.
search() {
  cargo build --locked --release --package chorus-storage --example crowded
  in_node "search" search "TASKS=${TASKS:-100000}" "MESSAGES=${MESSAGES:-1000000}"
}

# Requests that a property-based tester makes of the OpenAPI document. Others each time.
rest() {
  make e2e/python/.schemathesis
  in_node "requests made of the OpenAPI document" schemathesis "EXAMPLES=${EXAMPLES:-50}" "SEED=${SEED:-$RANDOM}"
}

# A network that drops everybody again and again, and clients that resume.
drops() {
  in_node "drops of the network, raw clients" drops "TRAVELLERS=${TRAVELLERS:-500}" RETURNERS=0 \
    "DROPS=${DROPS:-50}"
  in_node "drops of the network, stock clients" drops TRAVELLERS=0 "RETURNERS=${RETURNERS:-500}" \
    "DROPS=${DROPS:-50}"
}

# All clients come back at once after a kill.
comeback() {
  in_node "all come back after a kill, raw and stock clients" comeback "CLIENTS=${CLIENTS:-2000}"
}

# Clients that are dropped, flooded and slow, a server that is killed, writers; then the audit.
torture() {
  local log=$logs/torture status=0 from=$SECONDS seconds=${TORTURE_SECONDS:-600} size
  size="--clients 200 --seconds $seconds --kills $((seconds / 15)) --seed ${SEED:-$RANDOM}"
  cargo build --locked --release --package chorus-server
  # shellcheck disable=SC2086 # options, not one word
  "${CARGO_TARGET_DIR:-$PWD/target}/release/chorus" bench torture $size | tee "$log" || status=$?
  row "torture" "chorus bench torture $size" \
    "$(sed -n 2p "$log"); $(grep -c '^ok' "$log") rules hold, $(total "$log" '^ok +no client lost .*: ([0-9]+) .*') deliveries" \
    $((SECONDS - from)) $status
}

# One reader of 200 reads nothing for 20 seconds: what the others notice. Times do not decide.
stall() {
  local log=$logs/stall status=0 from=$SECONDS
  (cd bench && cargo run --locked --release -- full --only slow-reader) | tee "$log" || status=$?
  row "one reader of 200 stalls for 20 s" "cd bench && cargo run --release -- full --only slow-reader" \
    "$(sed -n '$p' "$log")" $((SECONDS - from)) $status
}

# Whoever loses a right is told within a second.
eviction() {
  in_node "eviction within a second" eviction AT_ONCE_MS=1000
}

# Random edits of a bill and a budget by many at once.
money() {
  in_node "item and totals agree at every event" money "EDITS=${EDITS:-10000}"
}

# A client in a reconnect loop with a dead token, on every way in: 5 % of a core at most.
storm() {
  local door status log=$logs/storm
  cargo build --locked --release --package chorus-server
  [ -d e2e/node_modules ] || (cd e2e && npm ci --no-audit --no-fund)
  while read -r door; do
    status=0
    CHORUS_BIN=${CARGO_TARGET_DIR:-$PWD/target}/release/chorus node e2e/storm.js "$door" \
      </dev/null >"$log" || status=$?
    row "reconnect loop: $door" "node e2e/storm.js '$door'" "$(sed -n 2p "$log")" \
      "$(sed -n 1p "$log") CPU" $status
  done < <(node e2e/storm.js)
}

# Realtime under seeded schedules, and mistakes in it that must be found. Other seeds each time.
simulate() {
  local log=$logs/simulate status=0 from=$SECONDS seeds first
  first=${FIRST_SEED:-$(date -u +%s)000} seeds=${SEEDS:-50000}
  cargo xtask simulate --seeds "$first..$((first + seeds))" | tee "$log" || status=$?
  row "simulation" "cargo xtask simulate --seeds $first..$((first + seeds))" \
    "$(head -n 1 "$log")" $((SECONDS - from)) $status
  status=0 from=$SECONDS
  cargo test --locked --package chorus-simulate --features mutations --test mutations \
    -- --nocapture | tee "$log" || status=$?
  row "mistakes that the simulator must find" \
    "cargo test -p chorus-simulate --features mutations --test mutations" \
    "$(grep -c ' is found by seed ' "$log") found" $((SECONDS - from)) $status
}

# The properties of a crate: the tests inside its `proptest!` blocks.
count_properties() {
  grep -rl 'proptest! {' "crates/$1" --include='*.rs' | xargs awk '
    /^ *proptest! \{/ { depth = index($0, "p") }
    depth && /#\[test\]/ { found++ }
    depth && match($0, /^ *\}$/) && RLENGTH == depth { depth = 0 }
    END { print found + 0 }'
}

properties() {
  local crate log status from
  for crate in protocol realtime storage; do
    log=$logs/$crate status=0 from=$SECONDS
    cargo test --locked --package "chorus-$crate" 2>&1 | tee "$log" || status=$?
    row "properties of $crate" "PROPTEST_CASES=$PROPTEST_CASES cargo test -p chorus-$crate" \
      "$(count_properties "$crate") properties; with the other tests $(
        total "$log" '^test result: .* ([0-9]+) passed.*') passed, $(
        total "$log" '^test result: .* ([0-9]+) failed.*') failed" $((SECONDS - from)) $status
  done
}

# cpu_seconds FILE: writes there what the ended children of this shell have used. No pipe after
# `times`: it would run in a shell of its own, which has had no children.
cpu_seconds() {
  times >"$1.times"
  awk 'END { gsub(/[ms]/, " "); print int($1 * 60 + $2 + $3 * 60 + $4) }' "$1.times" >"$1"
}

# fuzz_one TARGET: runs in the background, so its status goes to a file. The fuzzer knows wall time
# only: it runs again for what is missing until the CPU time is spent.
fuzz_one() {
  local found=fuzz/target/found/$1 status=0 used=0
  mkdir -p "$found"
  while [ $used -lt $seconds ] && [ $status = 0 ]; do
    "fuzz/target/$host/debug/$1" -max_total_time=$((seconds - used)) -print_final_stats=1 \
      -artifact_prefix="$found-" "$found" "fuzz/corpus/$1" >>"$logs/$1" 2>&1 || status=$?
    cpu_seconds "$logs/$1.cpu"
    used=$(cat "$logs/$1.cpu")
  done
  echo $status >"$logs/$1.status"
}

fuzz() {
  local target targets host seconds=$((${FUZZ_MINUTES:-30} * 60))
  mapfile -t targets < <(basename -s .rs fuzz/fuzz_targets/*.rs)
  [ -z "${FUZZ_TARGETS:-}" ] || read -ra targets <<<"$FUZZ_TARGETS"
  host=$(rustc -vV | sed -n 's/^host: //p')
  # Coverage steers the fuzzer; the flags are those of fuzz/README.md. Optimised, and still with
  # overflow checks and debug assertions.
  (cd fuzz && CARGO_TARGET_DIR=target CARGO_PROFILE_DEV_OPT_LEVEL=2 RUSTFLAGS="-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Ccodegen-units=1" cargo build --locked --target "$host")
  for target in "${targets[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n; done
    fuzz_one "$target" &
  done
  wait
  for target in "${targets[@]}"; do
    # Where it fails, libFuzzer tells why last.
    [ "$(cat "$logs/$target.status")" = 0 ] || tail -n 40 "$logs/$target"
    row "fuzzing $target" "FUZZ_MINUTES=$((seconds / 60)) ./proof.sh fuzz" "$(
      total "$logs/$target" '^stat::number_of_executed_units: *([0-9]+)') inputs, $(
      sed -nE 's/.* cov: ([0-9]+) .*/\1/p' "$logs/$target" | tail -n 1) edges covered" \
      "$(cat "$logs/$target.cpu") CPU" "$(cat "$logs/$target.status")"
  done
}

report() {
  local report changes=""
  report=docs/proof/$(date -u +%F).md
  mkdir -p docs/proof
  [ -f "$report" ] || printf '# Proof of %s\n\nWritten by `proof.sh`.\n' "$(date -u +%F)" >"$report"
  git diff --quiet HEAD -- bench crates fuzz e2e Cargo.toml Cargo.lock || changes=", with changes not committed"
  {
    printf '\n## %s UTC\n\n* commit `%s`%s\n' "$(date -u +%H:%M)" "$(git rev-parse HEAD)" "$changes"
    printf '* %s × %s, load %s at the end, %s, %s, Node %s\n\n' "$(nproc)" "$(
      sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -n 1)" "$(cut -d' ' -f1 /proc/loadavg)" "$(uname -sr)" \
      "$(rustc --version | cut -d' ' -f1,2)" "$(node --version)"
    printf '%s\n' '| what | command | count | time | outcome |' '|---|---|---|---|---|' "${rows[@]}"
    # Run by run.
    [ ! -f "$logs/stall" ] || (echo && sed '$d' "$logs/stall")
  } >>"$report"
  printf '%s\n' "${rows[@]}"
}

for part in "$@"; do
  case $part in
    crash | drops | comeback | torture | stall | eviction | money | storm | search | rest | simulate | properties | fuzz) "$part" ;;
    *) echo "$0: no part is called $part" >&2 && exit 2 ;;
  esac
done
report
exit $failed
