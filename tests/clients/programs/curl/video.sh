#!/usr/bin/env bash
# Makes a video with curl, which asks for HTTP/2 with every request.
set -euo pipefail

tasks="$SEEDGATE_URL/api/v3/contents/generations/tasks"

ask() {
  curl --http2 --silent --show-error --fail-with-body -H "Authorization: Bearer $SEEDGATE_API_KEY" "$@"
}

# Prints the first text that a member of the JSON on standard input has.
member() {
  grep -o "\"$1\": *\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4
}

body='{"model": "doubao-seedance-2", "content": [{"type": "text", "text": "'"$PROMPT"'"}], "duration": 5}'
id="$(ask -d "$body" "$tasks" | member id)"
echo "created $id"

while
  task="$(ask "$tasks/$id")"
  status="$(member status <<<"$task")"
  echo "status $status"
  [ "$status" = queued ] || [ "$status" = running ]
do
  sleep 0.5
done

curl --http2 --silent --show-error --fail --output clip.mp4 "$(member video_url <<<"$task")"
echo "saved clip.mp4"

page="$(ask --get -d "filter.task_ids=$id" -d "filter.task_ids=$EARLIER_TASK" "$tasks")"
echo listed $(grep -o '"id": *"[^"]*"' <<<"$page" | cut -d '"' -f 4)

ask --request DELETE "$tasks/$id" >/dev/null
echo "deleted $id"
