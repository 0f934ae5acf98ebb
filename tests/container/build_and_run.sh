#!/usr/bin/env bash
# Build the image and run it, on a Linux machine without a container daemon or registry: by hand, too slow for CI's test job.
#
#   sudo tests/container/build_and_run.sh CACHE [arguments of `buildah bud`]
#
# CACHE: a folder that keeps the Debian base between calls. Needs root, debootstrap, buildah, git, python3. pip inside the
# build reaches its index as it does outside; further arguments can hand it a certificate or an index
# (--volume /etc/ssl/certs:/etc/ssl/certs:ro, --env PIP_INDEX_URL=...).
set -euo pipefail
cache=$(realpath -m "${1:?the folder that keeps the Debian base}")
shift
here=$(cd "$(dirname "$0")" && pwd)
root=$(git -C "$here" rev-parse --show-toplevel)
release=bookworm
base=localhost/pdp-base:$release
export IMAGE=localhost/pdp:test ENGINE=chroot

mkdir -p "$cache"
if [[ ! -f $cache/$release.tar ]]; then
    rm -rf "${cache:?}/$release"
    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates "$release" "$cache/$release"
    tar -C "$cache/$release" -cf "$cache/$release.tar.new" .
    mv "$cache/$release.tar.new" "$cache/$release.tar"
    rm -rf "${cache:?}/$release"
fi
if ! buildah inspect --type image "$base" >/dev/null 2>&1; then
    scratch=$(buildah from scratch)
    buildah add --quiet "$scratch" "$cache/$release.tar" /
    buildah commit --quiet --rm "$scratch" "$base" >/dev/null
fi

# A checkout as it would be cloned, and in it what must not get into an image.
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
git -C "$root" ls-files -z | (cd "$root" && xargs -0 cp --parents --target-directory="$context")
"$here/plant.sh" "$context"

buildah bud --isolation chroot --format docker --layers=false --build-arg BASE="$base" --tag "$IMAGE" "$@" "$context"
"$here/checks.sh"
