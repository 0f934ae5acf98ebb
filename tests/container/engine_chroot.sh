# shellcheck shell=bash
# Containers from mount, PID and network namespaces over the image's files: the root is read-only, the program is PID 1.
# Uses IMAGE, work, MOUNTS, ENVS; no network but loopback.

: "${work:?}"
engine_container=$(buildah from "$IMAGE")
engine_root=$(buildah mount "$engine_container")
mapfile -t engine_env < <(buildah inspect --type image "$IMAGE" | python3 -c '
import json, sys
print("\n".join(json.load(sys.stdin)["Docker"]["config"]["Env"]))')

engine_end() {
    buildah umount "$engine_container" >/dev/null
    buildah rm "$engine_container" >/dev/null
}

engine_save() { buildah push --quiet "$IMAGE" "docker-archive:$1"; }

container() { # NAME arguments...
    local name=$1 code=0 each
    shift
    for each in "${MOUNTS[@]}"; do mkdir -p "$engine_root${each#*:}"; done # docker makes the places of volumes, too
    # shellcheck disable=SC2016  # the inner shell expands these
    unshare --mount --pid --net --fork --kill-child bash -c '
        set -e
        root=$1 mounts=$2 n=$3; shift 3
        mount --make-rprivate /
        mount --bind "$root" "$root"
        mount -o remount,bind,ro "$root"
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
        for each in $mounts; do mount --bind "${each%%:*}" "$root${each#*:}"; done
        ip link set lo up 2>/dev/null || true
        cd "$root"
        exec chroot --userspec=10001:10001 . /usr/bin/env -i -C /app "${@:1:n}" /app/entrypoint.sh "${@:n+1}"
    ' container "$engine_root" "${MOUNTS[*]}" $((${#engine_env[@]} + ${#ENVS[@]})) \
        "${engine_env[@]}" "${ENVS[@]}" "$@" &
    echo $! >"$work/$name.pid"
    wait $! || code=$?
    return "$code"
}

engine_first() { pgrep -P "$(cat "$work/$1.pid")"; } # PID 1 of the container, as seen from here

terminate() { kill -TERM "$(engine_first "$1")"; }

inside() { # NAME command...
    local first
    first=$(engine_first "$1")
    shift
    nsenter --target "$first" --mount --pid --net chroot --userspec=10001:10001 "$engine_root" \
        /usr/bin/env -i -C /app "${engine_env[@]}" "$@"
}
