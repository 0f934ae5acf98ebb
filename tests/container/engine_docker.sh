# shellcheck shell=bash
# Containers by docker, closed as far as it goes. Uses IMAGE, MOUNTS, ENVS; no network but loopback.

engine_end() { :; }

engine_save() { docker save --output "$1" "$IMAGE"; }

container() { # NAME arguments...
    local name=$1 each
    shift
    local -a options=(--rm --name "pdp-$name" --read-only --cap-drop ALL --security-opt no-new-privileges --network none)
    for each in "${MOUNTS[@]}"; do options+=(--volume "$each"); done
    for each in "${ENVS[@]}"; do options+=(--env "$each"); done
    docker run "${options[@]}" "$IMAGE" "$@"
}

terminate() { # it may still be on its way up
    local try
    for try in $(seq 100); do
        ! docker kill --signal TERM "pdp-$1" >/dev/null 2>&1 || return 0
        sleep 0.1
    done
    echo "container $1 did not come up in $try tries" >&2
    return 1
}

inside() { # NAME command...
    local name=$1
    shift
    docker exec --interactive "pdp-$name" "$@"
}
