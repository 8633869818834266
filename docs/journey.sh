#!/bin/bash
# The whole way by curl: from an account to a film on the disk. A test runs this very file.
#
#   docs/journey.sh SONG PHOTO_OR_CLIP…
#
# It asks the server at BEATSTITCH_URL (http://127.0.0.1:8000), where a worker has to be at work
# too: `make run` starts both. The film is left in film.mp4 of the working directory.
set -euo pipefail
trap 'echo "It stopped at line $LINENO of this script." >&2' ERR

SONG=$1
shift
API=${BEATSTITCH_URL:-http://127.0.0.1:8000}/api
NAME=${BEATSTITCH_NAME:-traveller-$$}
PASSWORD=${BEATSTITCH_PASSWORD:-a long way round}
TOKEN=

# What a call answers, with a line of its status on stderr. Anything but 2xx ends the script.
call() {
    curl --silent --show-error --fail-with-body --header "Authorization: Bearer $TOKEN" \
        --write-out '%{stderr}%{http_code} %{method} %{url_effective} %{time_total} s\n' "$@"
}

# One field of the JSON on stdin: `field items.0.id`.
field() {
    python3 -c '
import json, sys
value = json.load(sys.stdin)
for step in sys.argv[1].split("."):
    value = value[int(step)] if isinstance(value, list) else value[step]
print(value)' "$1"
}

# Wait until the job has ended, and end here unless it is complete.
finish() {
    local job status
    while job=$(call "$API/jobs/$1?wait=25"); status=$(field status <<< "$job"); do
        case $status in
            complete) return ;;
            failed | cancelled) echo "$job" >&2; return 1 ;;
        esac
    done
}

echo "1. An account, and a token"
call --json "{\"username\": \"$NAME\", \"password\": \"$PASSWORD\"}" "$API/auth/register" > /dev/null
TOKEN=$(call --json "{\"username\": \"$NAME\", \"password\": \"$PASSWORD\"}" "$API/auth/login" |
    field access_token)

echo "2. A project"
PROJECT=$API/projects/$(call --json '{
    "name": "The trip", "settings": {"output_width": 640, "output_height": 360}
}' "$API/projects" | field id)

echo "3. Photos and clips: each is looked at by a job of its own"
FORM=()
for medium in "$@"; do FORM+=(--form "files=@$medium"); done
call "${FORM[@]}" "$PROJECT/media" | field total_uploaded

echo "4. A song: its analysis starts by itself"
JOB=$(call --form "file=@$SONG" "$PROJECT/audio" | field analysis_job_id)
finish "$JOB"
call "$PROJECT/audio/beats" | field bpm
until [ "$(call "$PROJECT/status" | field media.pending)" = 0 ] &&
    [ "$(call "$PROJECT/status" | field media.processing)" = 0 ]; do sleep 0.5; done

echo "5. The timeline: two beats to a cut"
JOB=$(call --json '{"settings": {"beats_per_cut": 2}}' "$PROJECT/timeline/generate" | field job_id)
finish "$JOB"
EDL_HASH=$(call "$PROJECT/timeline" | field edl_hash)

echo "6. A preview, followed as it comes"
JOB=$(call --json "{\"job_type\": \"preview\", \"edl_hash\": \"$EDL_HASH\"}" "$PROJECT/render" |
    field job_id)
call --no-buffer "$API/jobs/$JOB/events" | grep --line-buffered '^event:'
finish "$JOB"

echo "7. The film itself, and how far its cuts are from their beats"
JOB=$(call --json "{\"job_type\": \"final\", \"edl_hash\": \"$EDL_HASH\"}" "$PROJECT/render" |
    field job_id)
finish "$JOB"
call --range 0-15 --output /dev/null "$PROJECT/outputs/final"
call --output film.mp4 "$PROJECT/outputs/final"
call "$PROJECT/outputs" | field items.0.url

echo "8. A second final is not wanted after all"
call --json '{"beats_per_cut": 1}' --request PATCH "$PROJECT/settings" | field timeline_invalidated
finish "$(call --request POST "$PROJECT/timeline/generate" | field job_id)"
EDL_HASH=$(call "$PROJECT/timeline" | field edl_hash)
JOB=$(call --json "{\"job_type\": \"final\", \"edl_hash\": \"$EDL_HASH\"}" "$PROJECT/render" |
    field job_id)
call --request POST "$API/jobs/$JOB/cancel" | field job_type

echo "9. Nothing is left on the server"
call --request DELETE "$PROJECT"
call --request POST "$API/auth/logout"
echo "Your film: film.mp4"
