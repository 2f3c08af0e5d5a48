#!/usr/bin/env bash
# Tap into target, as the Singer specification shows it: the last state that the target wrote is where the tap goes on.
#   PYTHON=… singer.sh visits.xlsx
set -o pipefail
here=$(dirname "$0")
touch states.jsonl
tail -n 1 states.jsonl > state.json
"$PYTHON" "$here/singer_tap.py" "$1" state.json | "$PYTHON" "$here/singer_target.py" >> states.jsonl
