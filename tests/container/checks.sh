#!/usr/bin/env bash
# What the image promises, against a built one: ENGINE=docker|chroot IMAGE=... tests/container/checks.sh [check ...]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
: "${IMAGE:?}" "${ENGINE:?}"
work=$(mktemp -d)
# shellcheck source=/dev/null  # engine_docker.sh or engine_chroot.sh: the same functions
. "$here/engine_$ENGINE.sh"
trap 'engine_end; rm -rf "$work"' EXIT
PASSWORD=correct-horse-battery-staple

# Of the next containers, none of which has a network but its own loopback.
export MOUNTS ENVS
MOUNTS=()
ENVS=()

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

expect() { # expect CODE "text in the output" NAME [arguments of container]
    local code=$1 text=$2 name=$3 got=0
    shift 3
    container "$name" "$@" >"$work/$name.log" 2>&1 || got=$?
    if [[ $got != "$code" ]] || ! grep -q -- "$text" "$work/$name.log"; then
        tail -n 40 "$work/$name.log" >&2
        fail "$name: exit code $got, expected $code and \"$text\""
    fi
}

volume() { # a new, empty folder that the container's user may write
    mkdir -p "$work/$1"
    chown 10001:10001 "$work/$1" 2>/dev/null || chmod 0777 "$work/$1"
    echo "$work/$1"
}

check_layers() {
    engine_save "$work/image.tar"
    python3 "$here/layers.py" "$work/image.tar"
}

check_serves_with_nothing() { # no volume, no network, no secret, a read-only root
    MOUNTS=()
    ENVS=()
    container served serve >"$work/served.log" 2>&1 &
    local server=$! try
    for try in $(seq 120); do # not by `health`, which finds no fault before the program is there
        ! inside served python3 -c 'import urllib.request as web; web.urlopen("http://127.0.0.1:8050/healthz")' 2>/dev/null || break
        sleep 0.5
    done
    inside served /app/entrypoint.sh health || { cat "$work/served.log" >&2; fail "no /healthz after $try tries"; }
    inside served python3 - <<'PY' || { tail -n 40 "$work/served.log" >&2; fail "the page"; }
import os, time, urllib.error, urllib.request as web
start = time.monotonic()
assert web.urlopen("http://127.0.0.1:8050/healthz").read() == b"ok\n"
took = time.monotonic() - start
assert took < 1, took
def page(path):
    return web.urlopen(f"http://127.0.0.1:8050{path}").read().decode()
assert "this person does not exist" in page("/")
lineage = page("/lineage?metric=bp_systolic_mean_mmhg&day=2025-10-06")  # asks tables, registry and raw exports
assert 'data-verdict="same"' in lineage and "read again from the raw bytes" in lineage
assert 'data-verdict="same"' in page("/lineage?metric=rhr_sleep_p05_bpm&day=2025-10-06")
assert page("/download/heart_rate.csv?from=2026-03-01&to=2026-03-02").count("\n") > 100
assert "single samples" in page("/heart-rate/zoom?zoom_from=2026-03-01T00:00&zoom_to=2026-03-01T02:00")
assert web.urlopen("http://127.0.0.1:8050/report.pdf").read(5) == b"%PDF-"
try:
    raise SystemExit(page("/sign-in"))
except urllib.error.HTTPError as error:
    assert error.code == 503 and "Nobody can sign in here" in error.read().decode()
assert os.getuid() == 10001, os.getuid()
for place in ("/app", "/opt/venv", "/tmp", "/etc"):
    try:
        open(f"{place}/x", "w")
    except OSError:
        continue
    raise SystemExit(f"{place} can be written")
print(f"serves: /healthz in {took * 1000:.0f} ms, as user {os.getuid()}, nothing can be written")
PY
    terminate served
    wait "$server" || true
    ENVS=(WEB_CONCURRENCY=2)
    expect 2 "one process" two_workers serve
}

check_runs_the_demo() {
    MOUNTS=("$(volume demo):/data")
    ENVS=()
    expect 0 "20 jobs ran" first run
    expect 0 "PDP_STATE is not set" again run
    expect 0 "16 reused" again run
    [[ -s $work/demo/results/summary/demo/daily.parquet ]] || fail "no summary in the volume"
    MOUNTS=("$(volume ours):/data")
    chown 0:0 "$work/ours" && chmod 0755 "$work/ours"
    expect 2 "can't be written by user 10001" unwritable run
    echo "runs: the demo, and nothing the second time"
}

state_of() { # the next containers are the machine $1, which shares its state with the others
    MOUNTS=("$(volume "$1"):/data" "$(volume shared):/state")
    ENVS=(PDP_STATE=folder:/state/mine "PDP_STATE_PASSWORD=$PASSWORD")
}

check_keeps_state() {
    state_of one
    expect 0 "" init state init folder:/state/mine
    expect 0 "20 jobs ran" run_one run
    state_of two
    expect 0 "16 reused" run_two run
    cmp "$work/one/results/summary/demo/daily.parquet" "$work/two/results/summary/demo/daily.parquet"
    expect 0 "" verify state verify
    ! grep -rqa "Blood pressure" "$work/shared" || fail "clear text in the state"
    echo "state: a second machine had nothing to do"
}

check_ends_on_sigterm() { # at any moment of a run: exit code 143, and the state as good as before
    local moment code try
    for moment in "" "Look at" "Merge" "Done in"; do # while it pulls, begins, works, pushes
        rm -rf "$work/three" "$work/shared"
        state_of three
        expect 0 "" init state init folder:/state/mine
        container ended run >"$work/ended.log" 2>&1 &
        local runner=$!
        sleep 1
        for try in $(seq 600); do
            if [[ -z $moment ]] || grep -q -- "$moment" "$work/ended.log"; then break; fi
            sleep 0.1
        done
        terminate ended
        code=0
        wait "$runner" || code=$?
        [[ $code == 143 ]] || { cat "$work/ended.log" >&2; fail "SIGTERM at \"$moment\" ($try): exit code $code"; }
        expect 0 "all whole" verify state verify
        expect 0 "the state is at commit" finish run
        expect 0 "16 reused" again run
        echo "SIGTERM at \"$moment\": the state verifies, the next run finishes"
    done
}

if (($# == 0)); then
    set -- layers serves_with_nothing runs_the_demo keeps_state ends_on_sigterm
fi
for check in "$@"; do
    "check_$check"
done
echo "all checks passed"
