#!/usr/bin/env bash
# Makes a video in OpenAI's dialect with curl and JSON.
set -euo pipefail

videos="$SEEDGATE_URL/v1/videos"

ask() {
  curl --silent --show-error --fail-with-body -H "Authorization: Bearer $SEEDGATE_API_KEY" "$@"
}

# Prints the first text that a member of the JSON on standard input has.
member() {
  grep -o "\"$1\": *\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4
}

body='{"model": "doubao-seedance-2", "prompt": "'"$PROMPT"'", "seconds": "5", "size": "1280x720"}'
id="$(ask -H "Content-Type: application/json" -d "$body" "$videos" | member id)"
echo "created $id"

while
  status="$(ask "$videos/$id" | member status)"
  echo "status $status"
  [ "$status" = queued ] || [ "$status" = in_progress ]
do
  sleep 0.5
done

ask --location --output clip.mp4 "$videos/$id/content"
echo "saved clip.mp4"

echo listed $(ask "$videos?limit=100" | grep -o '"id": *"[^"]*"' | cut -d '"' -f 4)

ask --request DELETE "$videos/$id" >/dev/null
echo "deleted $id"
