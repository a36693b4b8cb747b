# Boots a systemd of its own: in namespaces for processes and mounts, with the units of a checkout, and with the folder of a test
# as /opt/seedgate, /etc/seedgate and the place of PostgreSQL's socket. Nothing of the machine is changed, but for empty control
# groups below the one that is named.
#
#   sh systemd_boot.sh CHECKOUT FOLDER SOCKETS PORT GROUP
set -eu
checkout=$1 folder=$2 sockets=$3 port=$4 group=$5

for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
    # Where there is no such hierarchy, or it takes no process as it is (cpuset), systemd does without.
    if [ -w "$hierarchy/cgroup.procs" ] && mkdir "$hierarchy/$group" 2>/dev/null; then
        echo $$ >"$hierarchy/$group/cgroup.procs" 2>/dev/null || rmdir "$hierarchy/$group"
    fi
done

mount --make-rprivate /
mount --bind "$folder" /mnt
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system /run/postgresql /run/etc/upper /run/etc/work
mount --bind "$sockets" /run/postgresql
mount -t overlay overlay -o lowerdir=/etc,upperdir=/run/etc/upper,workdir=/run/etc/work /etc
mkdir /etc/seedgate
mount --bind /mnt/etc /etc/seedgate
mount -t tmpfs tmpfs /opt
mkdir /opt/seedgate
mount --bind /mnt/venv /opt/seedgate

for unit in seedgate seedgate-migrate; do
    sed "s/--port 8080/--port $port/" "$checkout/deploy/systemd/$unit.service" >"/run/systemd/system/$unit.service"
    mkdir "/run/systemd/system/$unit.service.d"
    # Nothing else of the machine is started: no network to wait for, no journal.
    cat >"/run/systemd/system/$unit.service.d/test.conf" <<END
[Unit]
DefaultDependencies=no
Wants=
[Service]
StandardOutput=append:/mnt/log
StandardError=append:/mnt/log
END
done
printf '[Unit]\nDefaultDependencies=no\n' >/run/systemd/system/nothing.target

# Last: the checkout may lie below one of them.
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /var/tmp

# Credentials are mounted in a namespace of the service, and seen in it by propagation.
mount --make-rshared /
export container=test
exec /lib/systemd/systemd --unit=nothing.target --log-target=console --show-status=no
