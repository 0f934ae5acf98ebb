#!/usr/bin/env bash
# What the container does; .github/workflows/run.yml uses it, too.
#
#   run [snakemake arguments]   pull the state, run, push the state (default). Without PDP_STATE: only run.
#   serve                       the dashboard, on $PORT or 8050
#   state ... | google ...      the command `pdp state ...`, `pdp google ...`
#   health                      for the container's health check
#
# Exit code of run: the failed run's own; else that of a failed pull or push; 143 after SIGTERM (130 after SIGINT).
set -euo pipefail
cd "$(dirname "$0")"
umask 077

readonly MOST_ROUNDS=3 # runs in one go, where other machines push meanwhile
child=
stopped_by=0

say() { echo "pdp: $*" >&2; }

# SIGTERM and SIGINT end the running program, and the shell waits until it has ended, so nothing is cut off half-way.
# Both reach it as SIGTERM: a shell starts its background programs deaf to SIGINT.
stop() {
    stopped_by=$1
    [[ -z $child ]] || kill -s TERM "$child" 2>/dev/null || true
}
trap 'stop 143' TERM
trap 'stop 130' INT

# Run a program and give its exit code, or that of the signal if one came.
attended() {
    local code=0
    ((stopped_by == 0)) || return "$stopped_by"
    "$@" <&0 & # the terminal stays its input: a password may be asked for
    child=$!
    while :; do
        code=0
        wait "$child" || code=$?
        kill -0 "$child" 2>/dev/null || break # a trap ends `wait` before the program ends
    done
    child=
    ((stopped_by == 0)) || return "$stopped_by"
    return "$code"
}

# In the image everything that is written lies below one volume ($PDP_DATA).
prepare() {
    if [[ -n ${GITHUB_ACTIONS:-} ]]; then
        export PDP_DISCREET=1 # anyone may read the log of a public repository
    fi
    [[ -n ${PDP_DATA:-} ]] || return 0
    if ! mkdir -p "$PDP_DATA"/{results,resources/raw,resources/state,.snakemake,logs,tmp} 2>/dev/null; then
        say "$PDP_DATA can't be written by user $(id -u). Mount a volume that this user may write there, as in" \
            "\`docker run -v pdp-data:/data ...\`, or give the folder to it: chown -R $(id -u) <folder>"
        exit 2
    fi
    export TMPDIR=$PDP_DATA/tmp
}

# The config file's path, from PDP_CONFIG: a path, or YAML text (written where only this user can read it).
config_file() {
    local kept=${PDP_DATA:-.snakemake/pdp}/config.yaml
    case $PDP_CONFIG in
    *$'\n'* | *:\ * | *:) ;;
    *)
        if [[ ! -f $PDP_CONFIG ]]; then
            say "PDP_CONFIG: there is no file $PDP_CONFIG. Give the path of a config file, or its YAML text."
            return 2
        fi
        echo "$PDP_CONFIG"
        return
        ;;
    esac
    mkdir -p "$(dirname "$kept")"
    (umask 177 && printf '%s\n' "$PDP_CONFIG" >"$kept.new")
    mv -f "$kept.new" "$kept"
    echo "$kept"
}

run() {
    local -a workflow=(snakemake --cores "${PDP_CORES:-2}")
    local config round ran pushed answer commit brought=0
    if [[ -n ${PDP_CONFIG:-} ]]; then
        config=$(config_file) || return
        workflow+=(--configfile "$config")
    fi
    workflow+=("$@")
    if [[ -z ${PDP_STATE:-} ]]; then
        say "PDP_STATE is not set: this run keeps its results in this machine alone."
        attended "${workflow[@]}" || return
        return 0
    fi
    answer=$(mktemp)
    for ((round = 1; ; round++)); do
        attended pdp state pull || return
        ran=0
        attended "${workflow[@]}" || ran=$?
        # Not after a signal: the next start pushes what is here. A failed run is pushed: its receipts and raw exports.
        ((stopped_by == 0)) || break
        pushed=0
        attended pdp state push --json >"$answer" || pushed=$?
        ((ran == 0)) || say "the run failed with exit code $ran"
        ((pushed == 0)) || say "the push failed with exit code $pushed; what this machine has is not in the state"
        ((ran != 0)) || ran=$pushed
        if ((pushed == 0)); then
            read -r commit brought < <(python3 -c 'import json, sys
pushed = json.load(open(sys.argv[1]))
print(pushed["seq"], pushed["brought_raw"])' "$answer")
            say "the state is at commit $commit."
        fi
        if ((ran != 0 || brought == 0)); then
            break
        fi
        if ((round == MOST_ROUNDS)); then
            say "other machines pushed in each of $MOST_ROUNDS rounds; the next run computes what they brought."
            break
        fi
        say "other machines had pushed $brought raw exports that the tables do not know yet: once more."
    done
    rm -f "$answer"
    return "$ran"
}

# One process holds the sessions, so one worker; its threads answer in parallel.
serve() {
    if [[ ${WEB_CONCURRENCY:-1} != 1 ]]; then
        say "WEB_CONCURRENCY is $WEB_CONCURRENCY, but sign-ins live in the memory of one process: unset it. More threads: PDP_THREADS."
        exit 2
    fi
    local beats=/dev/shm
    [[ -w $beats ]] || beats=${TMPDIR:-/tmp}
    # A root file system that is read-only leaves memory as the only place for what printing the report sets down.
    [[ -w ${TMPDIR:-/tmp} ]] || export TMPDIR=$beats
    [[ -w ${HOME:-/} ]] || export XDG_CACHE_HOME=${TMPDIR:-/tmp}/cache # of fonts
    if [[ -n ${PDP_STATE_CACHE:-} ]] && ! mkdir -p "$PDP_STATE_CACHE" 2>/dev/null; then
        say "PDP_STATE_CACHE ($PDP_STATE_CACHE) can't be written by user $(id -u): nothing will be kept there."
    fi
    # Threads that read tables would each keep an arena of freed pages: a third of the process's memory.
    export ARROW_DEFAULT_MEMORY_POOL=${ARROW_DEFAULT_MEMORY_POOL:-system} MALLOC_ARENA_MAX=${MALLOC_ARENA_MAX:-2}
    local code=$PWD
    if [[ -d demo ]]; then
        cd demo # the image brings the demo's results; elsewhere they are in results/
    fi
    exec gunicorn --pythonpath "$code" --bind "0.0.0.0:${PORT:-8050}" --workers 1 --threads "${PDP_THREADS:-8}" \
        --worker-tmp-dir "$beats" --no-control-socket --graceful-timeout 20 dash_app.wsgi:app
}

# A container that serves is healthy when it answers; one that runs, as long as it runs.
health() {
    tr '\0' ' ' </proc/1/cmdline | grep -qE 'gunicorn|entrypoint.sh serve' || return 0
    python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=4)' \
        "http://127.0.0.1:${PORT:-8050}/healthz"
}

command=${1:-run}
shift || true
case $command in
run) prepare && run "$@" ;;
serve) serve ;;
state | google) prepare && attended pdp "$command" "$@" ;;
health) health ;;
*)
    say "\"$command\" is no command of this container. Known: run, serve, state, google, health."
    exit 2
    ;;
esac
