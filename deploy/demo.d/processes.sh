# SPDX-License-Identifier: GPL-3.0-or-later
# The demo's processes: who they run as, how they start, and how exactly they are ended.
# shellcheck shell=bash

# In the order that they start. epmd belongs to ejabberd.
services=(postgresql epmd xmpp jidgate)

# Root's demo runs as a system user of its own, in a directory that this user can reach wherever the
# checkout is; anybody else's runs as themselves, in DIR.
choose_state() {
    demo_user=
    if [ "$(id -u)" -eq 0 ]; then
        demo_user=jidgate-demo
        state=/var/lib/jidgate-demo/$(printf %s "$1" | sha256sum | cut -c 1-12)
    else
        state=$1/state
    fi
}

# The directory is whoever's started the demo; what the demo's user owns are data directories in it
# and the files that it reads. So root never follows what that user could have laid out.
make_state() {
    if [ -n "$demo_user" ] && ! id "$demo_user" >/dev/null 2>&1; then
        useradd --system --user-group --home-dir /nonexistent --no-create-home \
            --shell /usr/sbin/nologin "$demo_user"
    fi
    mkdir -p "$state"
    chmod 755 "$state"
    mkdir -p "$state/run" "$state/log" "$state/bin"
}

# data_directory NAME MODE: made for the demo's user.
data_directory() {
    install -d -m "$2" ${demo_user:+-o "$demo_user" -g "$demo_user"} "$state/$1"
}

# put NAME MODE: standard input becomes the file, which is the demo user's, and was at no moment
# readable by anybody else.
put() {
    local file=$state/$1
    (umask 077 && cat > "$file.new")
    [ -z "$demo_user" ] || chown "$demo_user:" "$file.new"
    chmod "$2" "$file.new"
    mv "$file.new" "$file"
}

# give_to_caller FILE: what root lays out beside the checkout is whoever's called sudo.
give_to_caller() {
    [ "$(id -u)" -ne 0 ] || [ -z "${SUDO_UID:-}" ] || chown "$SUDO_UID:${SUDO_GID:-}" "$1"
}

# setpriv execs, so that a pid taken in the shell is the program's own.
as_demo_user() {
    if [ -n "$demo_user" ]; then
        setpriv --reuid="$demo_user" --regid="$demo_user" --clear-groups -- "$@"
    else
        "$@"
    fi
}

# launch NAME COMMAND…: in the background, in a session of its own, output into its log. What is
# remembered is the pid and when it began, so that nobody else's process is ever taken for it.
launch() {
    local name=$1 pid prefix=()
    shift
    [ -z "$demo_user" ] ||
        prefix=(setpriv --reuid="$demo_user" --regid="$demo_user" --clear-groups --)
    (
        cd "$state" || exit
        exec setsid "${prefix[@]}" "$@"
    ) </dev/null >>"$state/log/$name.log" 2>&1 &
    pid=$!
    echo "$pid $(began "$pid")" > "$state/run/$name"
}

began() {
    sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20
}

pid_of() {
    cut -d ' ' -f 1 "$state/run/$1" 2>/dev/null
}

runs() {
    local pid when
    [ -f "$state/run/$1" ] || return 1
    read -r pid when < "$state/run/$1"
    [ -n "$when" ] && [ "$(began "$pid")" = "$when" ] &&
        [ "$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -c 1)" != Z ]
}

# epmd runs only where ejabberd does.
all_run() {
    local name
    [ -f "$dir/demo.env" ] || return 1
    for name in postgresql xmpp jidgate; do
        runs "$name" || return 1
    done
}

# Ends exactly what is remembered, the last started first.
stop_all() {
    local index name signal
    for ((index = ${#services[@]} - 1; index >= 0; index--)); do
        name=${services[index]}
        if runs "$name"; then
            signal=TERM
            [ "$name" != postgresql ] || signal=INT
            kill -s "$signal" "$(pid_of "$name")"
            if ! wait_until 20 not runs "$name"; then
                echo "$name did not end in time and is killed" >&2
                kill -s KILL "$(pid_of "$name")"
            fi
        fi
        rm -f "$state/run/$name"
    done
    return 0
}

not() {
    ! "$@"
}

# wait_until SECONDS COMMAND…: until the command succeeds, looked at ten times a second.
wait_until() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $deadline ] || return 1
        sleep 0.1
    done
}

accepts() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# wait_for NAME WHAT COMMAND…: until a service is ready; gives up when it ends or after 60 s.
wait_for() {
    local name=$1 what=$2
    shift 2
    if ! wait_until 60 ready_or_gone "$name" "$@" || ! runs "$name"; then
        tail -n 30 "$state/log/$name.log" >&2
        fail "$name: $what did not happen; its log is $state/log/$name.log"
    fi
}

ready_or_gone() {
    local name=$1
    shift
    ! runs "$name" || "$@"
}

# step TEXT COMMAND…: shows that something goes on, and its output only when it failed.
step() {
    local text=$1 output status pid began=$SECONDS shown=0
    shift
    output=$(mktemp)
    printf '%s ' "$text"
    "$@" >"$output" 2>&1 </dev/null &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.2
        if [ $((SECONDS - began)) -ge $((shown + 5)) ]; then
            shown=$((SECONDS - began))
            printf '%d s … ' "$shown"
        fi
    done
    status=0
    wait "$pid" || status=$?
    if [ $status -ne 0 ]; then
        echo failed
        tail -n 60 "$output" >&2
        rm -f "$output"
        return $status
    fi
    rm -f "$output"
    echo "done"
}

free_ports() {
    python3 - "$1" <<'END'
import socket
import sys

probes = [socket.socket() for _ in range(int(sys.argv[1]))]
for probe in probes:
    probe.bind(("127.0.0.1", 0))
print(*(probe.getsockname()[1] for probe in probes))
END
}

random_word() {
    od -An -N 16 -t x1 /dev/urandom | tr -d ' \n'
}
