#!/bin/sh
# Makes the secrets that docker-compose.yml mounts, in the folder `secrets` beside it: what is missing, and nothing anew.
# Each file is named as the variable that it stands for. Further settings may be files in secrets/gateway too.
#
# Docker shows a file in a container with the mode that it has here, so all users of the containers may read it; on this
# machine the folder around them is closed to everybody but its owner.
set -eu
folder=${1:-$(dirname "$0")/../secrets}
umask 077
mkdir -p "$folder"
chmod 700 "$folder"

make() {
    mkdir -p "$folder/$1"
    chmod 755 "$folder/$1"
    if [ ! -s "$folder/$1/$2" ]; then
        # Whole or not at all: a part of a secret would be taken for all of it.
        "$3" >"$folder/$1/.$2"
        chmod 444 "$folder/$1/.$2"
        mv -f "$folder/$1/.$2" "$folder/$1/$2"
        echo "made $folder/$1/$2"
    fi
}

hexadecimal() {
    od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n'
}

key() {
    head -c 32 /dev/urandom | base64
}

make postgres POSTGRES_PASSWORD hexadecimal
make migrate SEEDGATE_DATABASE_PASSWORD hexadecimal
make gateway SEEDGATE_DATABASE_PASSWORD hexadecimal
make gateway SEEDGATE_ADMIN_TOKEN hexadecimal
# Losing it means entering the upstream credentials again.
make gateway SEEDGATE_SECRET_KEY key
