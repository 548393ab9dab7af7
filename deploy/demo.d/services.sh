# SPDX-License-Identifier: GPL-3.0-or-later
# What the demo consists of: one function for each part, in the order that `up` calls them.
# shellcheck shell=bash

domain=verona.test
component=gate.verona.test

build_jidgate() {
    local built=${binary:-$checkout/build/release/component/jidgate}
    if [ -z "$binary" ]; then
        export CMAKE_CXX_COMPILER_LAUNCHER=ccache
        step "Configuring the build …" \
            "${as_caller[@]}" cmake --preset release -S "$checkout" -B "$checkout/build/release" \
            -DJIDGATE_TESTS=OFF
        step "Building jidgate (some minutes the first time) …" \
            "${as_caller[@]}" cmake --build "$checkout/build/release" --target jidgate
    fi
    # The demo's user may not be able to reach the checkout.
    put bin/jidgate 755 < "$built"
}

make_certificates() {
    local certs=$state/certs
    [ ! -f "$certs/server.pem" ] || return 0
    data_directory certs 755
    step "Making certificates …" as_demo_user sh -ec '
        umask 077
        cd "$1"
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
            -subj "/CN=jidgate demo authority" -addext basicConstraints=critical,CA:TRUE \
            -addext keyUsage=critical,keyCertSign -keyout ca.key -out ca.pem
        printf "subjectAltName=DNS:%s,DNS:%s\nbasicConstraints=CA:FALSE\n" "$2" "$3" > server.ext
        openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" \
            -keyout server.key -out server.csr
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 \
            -extfile server.ext -out server.crt
        cat server.crt server.key > server.pem
        chmod 644 ca.pem' certificates "$certs" "$domain" "$component"
}

# Made once and kept, so that a later `up` still knows them.
make_passwords() {
    local name
    if [ ! -f "$state/passwords" ]; then
        (
            umask 077
            for name in owner service romeo juliet; do
                echo "${name}_password=$(random_word)"
            done > "$state/passwords"
        )
        random_word | put component.secret 600
    fi
    . "$state/passwords"
}

postgresql_programs() {
    find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin | sort -V | tail -n 1
}

# What only the cluster's superuser may do; nobody else is told that password.
administer() {
    as_demo_user env PGPASSFILE="$state/pgpass" "$programs/psql" -X -q -A -t -v ON_ERROR_STOP=1 \
        -h 127.0.0.1 -p "$postgresql_port" -U postgres "$@"
}

start_postgresql() {
    local data=$state/postgresql
    programs=$(postgresql_programs)
    if [ ! -f "$data/PG_VERSION" ]; then
        local superuser
        superuser=$(random_word)
        printf '%s\n' "$superuser" | put superuser 600
        printf '127.0.0.1:*:*:postgres:%s\n' "$superuser" | put pgpass 600
        data_directory postgresql 700
        step "Making a PostgreSQL cluster …" as_demo_user "$programs/initdb" -D "$data" \
            -U postgres -A scram-sha-256 --pwfile="$state/superuser" -E UTF8 --locale=C
    fi
    postgresql_port=$(free_ports 1)
    launch postgresql "$programs/postgres" -D "$data" -p "$postgresql_port" \
        -c listen_addresses=127.0.0.1 -c unix_socket_directories=
    step "Starting PostgreSQL …" \
        wait_for postgresql "its first answer" \
        "$programs/pg_isready" -q -h 127.0.0.1 -p "$postgresql_port"

    database_admin_url=postgresql://jidgate_owner:$owner_password@127.0.0.1:$postgresql_port/jidgate
    database_url=postgresql://jidgate_service:$service_password@127.0.0.1:$postgresql_port/jidgate
    if [ -z "$(administer -d postgres -c "SELECT 1 FROM pg_database WHERE datname = 'jidgate'")" ]
    then
        administer -d postgres <<END
CREATE ROLE jidgate_owner LOGIN PASSWORD '$owner_password';
CREATE ROLE jidgate_service LOGIN PASSWORD '$service_password';
CREATE ROLE jidgate_login LOGIN;
CREATE ROLE jidgate_reader LOGIN;
CREATE DATABASE jidgate OWNER jidgate_owner;
END
    fi
}

start_prosody() {
    local data=$state/prosody user
    read -r c2s_port c2s_tls_port component_port <<< "$(free_ports 3)"
    data_directory prosody 700
    put prosody.cfg.lua 640 <<END
-- The demo's server; what a real one needs is deploy/prosody/jidgate.cfg.lua.
pidfile = "$data/prosody.pid"
data_path = "$data"
log = { info = "*console" }
certificates = "$state/certs"
interfaces = { "127.0.0.1" }
local_interfaces = { "127.0.0.1" }
c2s_ports = { $c2s_port }
c2s_direct_tls_ports = { $c2s_tls_port }
component_ports = { $component_port }
s2s_ports = { }
http_ports = { }
https_ports = { }
modules_enabled = {
    "roster"; "saslauth"; "tls"; "disco"; "ping"; "presence"; "message"; "iq"; "offline";
    "carbons"; "smacks"; "blocklist"; "posix";
}
modules_disabled = { "s2s" }
authentication = "internal_hashed"
c2s_require_encryption = true
ssl = { certificate = "$state/certs/server.crt"; key = "$state/certs/server.key" }
c2s_direct_tls_ssl = { certificate = "$state/certs/server.crt"; key = "$state/certs/server.key" }

VirtualHost "$domain"
    modules_enabled = { "delegation" }
    delegations = { ["urn:xmpp:saslcert:1"] = { jid = "$component" } }

Component "$component"
    component_secret = "$(cat "$state/component.secret")"
    component_conflict_resolve = "kick_old"
    modules_enabled = { "delegation" }
END
    launch xmpp prosody -F --config "$state/prosody.cfg.lua"
    step "Starting Prosody …" wait_for xmpp "listening" accepts_all
    for user in romeo juliet; do
        [ -f "$data/verona%2etest/accounts/$user.dat" ] ||
            as_demo_user sh -c 'cd "$1" && exec prosodyctl --config "$1/prosody.cfg.lua" \
                register "$2" "$3" "$4"' register "$state" "$user" "$domain" \
                "$(password_of "$user")" >/dev/null
    done
}

start_ejabberd() {
    local data=$state/ejabberd user accounts= libraries
    libraries=$(dpkg -L ejabberd | sed -n 's,/ejabberd-[^/]*/ebin$,,p' | head -n 1)
    read -r c2s_port c2s_tls_port component_port epmd_port <<< "$(free_ports 4)"
    data_directory ejabberd 700
    put ejabberd.yml 640 <<END
# The demo's server; what a real one needs is deploy/ejabberd/jidgate.yml.
hosts: ["$domain"]
loglevel: info
certfiles: ["$state/certs/server.pem"]
default_db: mnesia
auth_method: [mnesia]
auth_password_format: scram
listen:
  - {port: $c2s_port, ip: "127.0.0.1", module: ejabberd_c2s, max_stanza_size: 262144,
     starttls_required: true, access: c2s}
  - {port: $c2s_tls_port, ip: "127.0.0.1", module: ejabberd_c2s, max_stanza_size: 262144,
     tls: true, access: c2s}
  - port: $component_port
    ip: "127.0.0.1"
    module: ejabberd_service
    access: all
    hosts: {"$component": {password: "$(cat "$state/component.secret")"}}
acl:
  jidgate: {server: "$component"}
access_rules:
  c2s: [{allow: all}]
  jidgate: [{allow: jidgate}]
modules:
  mod_blocking: {}
  mod_carboncopy: {}
  mod_delegation: {namespaces: {"urn:xmpp:saslcert:1": {access: jidgate}}}
  mod_disco: {}
  mod_offline: {}
  mod_ping: {}
  mod_privacy: {}
  mod_roster: {}
  mod_stream_mgmt: {resend_on_timeout: false}
END
    # The node has a port mapper of its own: a system's epmd is nothing of ours to start or end.
    launch epmd epmd -port "$epmd_port" -address 127.0.0.1
    wait_for epmd "listening" accepts "$epmd_port"
    # The node's name goes into its database, so it stays the same from one `up` to the next.
    erlang=(env HOME="$data" ERL_EPMD_PORT="$epmd_port" ERL_EPMD_ADDRESS=127.0.0.1
        ERL_LIBS="$libraries" ERL_CRASH_DUMP_SECONDS=0
        EJABBERD_CONFIG_PATH="$state/ejabberd.yml" EJABBERD_LOG_PATH="$data/ejabberd.log"
        erl -start_epmd false -kernel inet_dist_use_interface '{127,0,0,1}' -noinput)
    launch xmpp "${erlang[@]}" -sname jidgate-demo@localhost -mnesia dir "\"$data\"" -s ejabberd
    step "Starting ejabberd …" wait_for xmpp "listening" accepts_all
    for user in romeo juliet; do
        accounts+="case rpc:call('jidgate-demo@localhost', ejabberd_auth, try_register, "
        accounts+="[<<\"$user\">>, <<\"$domain\">>, <<\"$(password_of "$user")\">>]) of "
        accounts+="ok -> ok; {error, exists} -> ok end, "
    done
    as_demo_user sh -c 'cd "$1" && shift && exec "$@"' control "$state" \
        "${erlang[@]}" -sname "demo-control-$$@localhost" -hidden -eval "${accounts}halt(0)."
}

accepts_all() {
    accepts "$c2s_port" && accepts "$c2s_tls_port" && accepts "$component_port"
}

password_of() {
    local name=${1}_password
    echo "${!name}"
}

# The daemon's site: what is public, what the person has to confirm, and what is for one of the two.
write_site() {
    mkdir -p "$state/site/private" "$state/site/romeo-only"
    put site/index.html 644 <<'END'
<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Verona</title>
<h1>Verona</h1>
<p>This page is for everybody. <a href="private/missive.html">The missive</a> is for people of
verona.test, and they are asked; <a href="romeo-only/letter.html">the letter</a> is for one alone.
END
    put site/private/missive.html 644 <<'END'
<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Missive</title>
<p>What's in a name? That which we call a rose by any other name would smell as sweet.
END
    put site/romeo-only/letter.html 644 <<'END'
<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Letter</title>
<p>Good night, good night! Parting is such sweet sorrow.
END
}

# romeo is USER2: /romeo-only/ is allowed to USER2 alone.
start_jidgate() {
    local http_port admin_port
    read -r http_port admin_port <<< "$(free_ports 2)"
    http_url=http://127.0.0.1:$http_port
    admin_url=http://127.0.0.1:$admin_port
    put database.url 600 <<< "$database_url"
    put database-admin.url 600 <<< "$database_admin_url"
    put jidgate.conf 640 <<END
# The demo's configuration.
[xmpp]
domain = $component
server = 127.0.0.1:$component_port
secret-file = $state/component.secret
host = $domain
[database]
url-file = $state/database.url
[http]
listen = 127.0.0.1:$http_port
admin-listen = 127.0.0.1:$admin_port
[confirm]
per-account = 1
per-account-rate = 0
per-address-rate = 0
[site.demo]
host = 127.0.0.1
host = localhost
origin = $http_url
root = $state/site
allow = *@$domain
mode = bypass
[rule.demo.1]
path = /private/
mode = block
[rule.demo.2]
path = /romeo-only/
mode = block
allow = romeo@$domain
END
    step "Bringing the database's schema forward …" as_demo_user \
        "$state/bin/jidgate" migrate --config "$state/jidgate.conf" \
        --database.url-file "$state/database-admin.url"
    step "Checking the configuration …" as_demo_user \
        "$state/bin/jidgate" check --config "$state/jidgate.conf"
    launch jidgate "$state/bin/jidgate" serve --config "$state/jidgate.conf"
    step "Starting jidgate …" wait_for jidgate "being ready" is_ready "$admin_port"
}

is_ready() {
    (
        exec 3<>"/dev/tcp/127.0.0.1/$1"
        printf 'GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n' >&3
        head -n 1 <&3 | grep -q ' 200 '
    ) 2>/dev/null
}

write_environment() {
    local file=$dir/demo.env
    (
        umask 077
        while IFS='|' read -r key value; do
            printf "%s='%s'\n" "$key" "$value"
        done > "$file.new" <<END
JIDGATE|$state/bin/jidgate
JIDGATE_CONF|$state/jidgate.conf
JIDGATE_PID|$(pid_of jidgate)
JIDGATE_LOG|$state/log/jidgate.log
XMPP_SERVER|$server
XMPP_PID|$(pid_of xmpp)
XMPP_DOMAIN|$domain
XMPP_HOST|127.0.0.1
XMPP_C2S_PORT|$c2s_port
XMPP_C2S_TLS_PORT|$c2s_tls_port
XMPP_CA|$state/certs/ca.pem
COMPONENT_JID|$component
COMPONENT_PORT|$component_port
COMPONENT_SECRET_FILE|$state/component.secret
HTTP_URL|$http_url
ADMIN_URL|$admin_url
DATABASE_URL|$database_url
DATABASE_ADMIN_URL|$database_admin_url
USER1_JID|juliet@$domain
USER1_PASSWORD|$juliet_password
USER2_JID|romeo@$domain
USER2_PASSWORD|$romeo_password
PROTECTED_URL|$http_url/private/missive.html
END
    )
    give_to_caller "$file.new"
    mv "$file.new" "$file"
}

value_of() {
    (
        . "$dir/demo.env"
        echo "${!1}"
    )
}

what_to_try() {
    cat <<END
jidgate runs behind $(value_of XMPP_SERVER). What to try, in this order:

  1. Log in as $(value_of USER1_JID) with an XMPP client: server 127.0.0.1, port $(value_of XMPP_C2S_PORT),
     password $(value_of USER1_PASSWORD),
     authority $(value_of XMPP_CA)
  2. Ask for the page with a code that you make up:
       curl -u '$(value_of USER1_JID):sesame' $(value_of PROTECTED_URL)
  3. The client shows the question; confirm it there, or answer the message with OK. curl goes on.
  4. A certificate for the account, and what the account then has:
       $(value_of JIDGATE) cert new $(value_of USER1_JID)
       ${SUDO_UID:+sudo }$(value_of JIDGATE) cert add --config $(value_of JIDGATE_CONF) \\
           --account $(value_of USER1_JID) --name phone $(value_of USER1_JID).crt
     or: the client's menu of commands at $(value_of COMPONENT_JID), "Manage certificates"

All settings: $dir/demo.env    Log: $(value_of JIDGATE_LOG)
End it with: ${SUDO_UID:+sudo }deploy/demo down$([ "$dir" = "$checkout/.demo" ] || echo " --dir '$dir'")
END
}
