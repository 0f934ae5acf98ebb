#!/usr/bin/env bash
# Put files with a canary into a build context, where an owner's private files lie; checks.sh looks for it in the layers.
set -euo pipefail
cd "${1:?the build context}"
mkdir -p .git credentials resources/raw/me resources/state results/summary/me src/pdp/__pycache__
for private in .git/config .env credentials/google.json config/me.yaml resources/raw/me/0123456789abcdef \
    resources/state/memory.json results/summary/me/daily.parquet results/lineage.sqlite src/pdp/__pycache__/key.pyc; do
    echo "canary-7f3a9c51" >>"$private"
done
