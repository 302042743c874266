# A pool on loopback: certificates, configurations, processes. Source it after common.sh.
#
# Layout of the state folder ($dir):
#   pool.conf, created          number of nodes, first port; whether creation has finished
#   ca/                         one authority for the API's certificates, one for the nodes among themselves
#   officers/officer-K.{key,crt}
#   nodes/node-I/               node.yaml, certificates, data/, hsmd.log, hsmd.pid
#   administrator.{json,secret} credentials of the first administrator
#   application.{json,secret}   credentials of a principal that may create and use keys
#   security-domain.json        what the officers received
#   azure/                      the Azure CLI's configuration and log-in, after "quickstart az"
#
# For tests of a new pool, from the environment:
#   QUICKSTART_READS            `reads` of the initialisation file
#   QUICKSTART_UNACTIVATED      if set, the security domain is left to be downloaded
#   QUICKSTART_BLOB_HOSTS       blob services for backups, host:port, separated by commas
#   QUICKSTART_BLOB_AUTHORITY   PEM of the authority that signs their certificates
#   QUICKSTART_BACKUPS_FILE     further lines for the section "backups" of each node
#   QUICKSTART_SPARE_RSA_KEYS   RSA pairs of each size that each node makes in advance (default 1)
#   QUICKSTART_UNPINNED         if set, the officers aren't fixed by the initialisation file
#   QUICKSTART_NAME             the pool's name (default quickstart)
#   QUICKSTART_FIRST_ID         the id of node-1 (default 1)
#   QUICKSTART_PEER_OFFSET      how far from a node's peer port the port is that the others are told of

node_port() { echo $((port + $1 - 1)); }
peer_port() { echo $((port + nodes + $1 - 1)); }
# Where the others reach a node: another port, if something stands between the nodes.
peer_address() { echo "127.0.0.1:$(($(peer_port "$1") + ${QUICKSTART_PEER_OFFSET:-0}))"; }
endpoint() { echo "https://127.0.0.1:$(node_port "$1")"; }
endpoints() { for i in $(seq "$nodes"); do endpoint "$i"; done | paste -sd' '; }
required_officers=2 officer_count=3
pool_name() { echo "${QUICKSTART_NAME:-quickstart}"; }
node_id() { echo $(($1 + ${QUICKSTART_FIRST_ID:-1} - 1)); }

pool_load() {
    [ -f "$dir/pool.conf" ] || die "there is no pool at $dir" "make one with: deploy/quickstart"
    # shellcheck disable=SC1091
    . "$dir/pool.conf"
}

# Runs hsmctl as the administrator.
as_administrator() {
    AZURE_CLIENT_ID=$(json_field clientId "$dir/administrator.json") QUORATE_CLIENT_SECRET_FILE="$dir/administrator.secret" \
        QUORATE_ENDPOINTS=$(endpoints) QUORATE_CA="$dir/ca/api-ca.crt" "$binaries/hsmctl" "$@"
}

# Runs hsmctl as the application, against one node.
as_application() {
    local node=$1
    shift
    AZURE_CLIENT_ID=$(json_field clientId "$dir/application.json") QUORATE_CLIENT_SECRET_FILE="$dir/application.secret" \
        QUORATE_ENDPOINTS=$(endpoint "$node") QUORATE_CA="$dir/ca/api-ca.crt" "$binaries/hsmctl" "$@"
}

json_field() { sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p" "$2" | head -n 1; }

# --- certificates -------------------------------------------------------------------------------------------------------

make_authority() { # name, subject
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$dir/ca/$1.key" -out "$dir/ca/$1.crt" -days 3650 \
        -subj "/CN=$2" -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' -addext 'keyUsage=critical,keyCertSign,cRLSign' \
        2>>"$dir/openssl.log"
}

issue() { # authority, folder and name of the result, subject, extensions
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$2.key" -out "$2.csr" -subj "/CN=$3" 2>>"$dir/openssl.log"
    openssl x509 -req -in "$2.csr" -CA "$dir/ca/$1.crt" -CAkey "$dir/ca/$1.key" -CAcreateserial -days 825 -out "$2.crt" \
        -extfile <(printf '%s\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\nbasicConstraints=critical,CA:FALSE\n' "$4") \
        2>>"$dir/openssl.log"
    rm -f "$2.csr"
}

make_certificates() {
    step "Making certificates for $nodes node(s) and keys for $officer_count officers"
    mkdir -p "$dir"/ca "$dir"/officers "$dir"/nodes
    make_authority api-ca 'Quorate quickstart API CA'
    make_authority node-ca 'Quorate quickstart node CA'
    local i
    for i in $(seq "$nodes"); do
        mkdir -p "$dir/nodes/node-$i"
        issue api-ca "$dir/nodes/node-$i/api" "node-$i" \
            $'subjectAltName=IP:127.0.0.1,DNS:localhost\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth'
        issue node-ca "$dir/nodes/node-$i/node" "node-$i" \
            "subjectAltName=URI:quorate:$(pool_name)/$(node_id "$i")"$'\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth'
    done
    for i in $(seq "$officer_count"); do
        openssl req -x509 -newkey rsa:3072 -nodes -keyout "$dir/officers/officer-$i.key" -out "$dir/officers/officer-$i.crt" \
            -days 3650 -subj "/CN=Officer $i" 2>>"$dir/openssl.log" &
    done
    wait
}

# --- configuration ------------------------------------------------------------------------------------------------------

public_key() { openssl pkey -in "$1" -pubout -outform DER 2>>"$dir/openssl.log" | base64 -w0; }

# Lines that let nodes use further places for backups.
backup_places() {
    [ -z "${QUICKSTART_BLOB_HOSTS:-}" ] || printf '  blob_hosts: [%s]\n' "$QUICKSTART_BLOB_HOSTS"
    [ -z "${QUICKSTART_BLOB_AUTHORITY:-}" ] || printf '  authority_file: %s\n' "$QUICKSTART_BLOB_AUTHORITY"
    [ -z "${QUICKSTART_BACKUPS_FILE:-}" ] || sed 's/^/  /' "$QUICKSTART_BACKUPS_FILE"
}

make_configurations() {
    mkdir -p -m 700 "$dir/backups"
    local i members='' pool_id
    pool_id=$(openssl rand -hex 16)
    for i in $(seq "$nodes"); do
        members+="  - id: $(node_id "$i")
    name: node-$i
    endpoint: $(endpoint "$i")
    peer_address: $(peer_address "$i")
    public_key: $(public_key "$dir/nodes/node-$i/node.key")
"
    done
    for i in $(seq "$nodes"); do
        cat >"$dir/nodes/node-$i/node.yaml" <<YAML
node:
  id: $(node_id "$i")
  name: node-$i
  pool: $(pool_name)
  pool_id: $pool_id
  data_folder: data
api:
  listen: 127.0.0.1:$(node_port "$i")
  certificate_file: api.crt
  key_file: api.key
  hosts: [localhost:$(node_port "$i")]
  connections_per_source: 12288   # all clients have one address here
peers:
  listen: 127.0.0.1:$(peer_port "$i")
  certificate_file: node.crt
  key_file: node.key
  authority_file: ../../ca/node-ca.crt
members:
$members
backups:
  directory: ../../backups
$(backup_places)
crypto:
  spare_rsa_keys: ${QUICKSTART_SPARE_RSA_KEYS:-1}
YAML
    done
    "$binaries/hsmctl" credential generate --display-name Administrator --secret-file "$dir/administrator.secret" --json \
        >"$dir/administrator.json"
    local fingerprints=''
    for i in $(seq "$officer_count"); do
        fingerprints+="  - $(openssl x509 -noout -fingerprint -sha256 -in "$dir/officers/officer-$i.crt" | cut -d= -f2)"$'\n'
    done
    make_attester
    cat >"$dir/initialize.yaml" <<YAML
tenant_id: $(cat /proc/sys/kernel/random/uuid)
administrators:
  - display_name: Administrator
    object_id: $(json_field objectId "$dir/administrator.json")
    client_id: $(json_field clientId "$dir/administrator.json")
    secret_sha256: $(json_field secretSha256 "$dir/administrator.json")
audiences: [$(for i in $(seq "$nodes"); do echo "https://localhost:$(node_port "$i")"; done | paste -sd,)]
$([ -n "${QUICKSTART_UNPINNED:-}" ] || printf 'officer_fingerprints:\n%s' "$fingerprints")
release_authorities:
  - issuer: https://attester.quickstart.invalid
    keys_file: $dir/attester/keys.json
${QUICKSTART_READS:+reads: $QUICKSTART_READS}
YAML
}

# An attestation service to try key release with: whatever its key signs of an environment, the pool believes.
make_attester() {
    local point
    mkdir -p "$dir/attester"
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$dir/attester/attester.key" 2>/dev/null
    point=$(openssl pkey -in "$dir/attester/attester.key" -pubout -outform DER | tail -c 64 | base64 -w0)
    coordinate() { printf %s "$point" | base64 -d | "$1" -c 32 | base64 -w0 | tr '+/' '-_' | tr -d =; }
    printf '{"keys":[{"kty":"EC","crv":"P-256","kid":"attester-1","x":"%s","y":"%s"}]}\n' \
        "$(coordinate head)" "$(coordinate tail)" >"$dir/attester/keys.json"
    chmod 600 "$dir/attester/"*
}

# --- processes ----------------------------------------------------------------------------------------------------------

node_pid() { # prints the pid of a running node
    local pid
    pid=$(cat "$dir/nodes/node-$1/hsmd.pid" 2>/dev/null) || return 1
    # "exe": for a moment, while the daemon starts itself over without backtraces.
    # Z and X: killed, but not yet gone.
    case $(sed -n 's/^[0-9]* (\(.*\)) \(.\).*/\1 \2/p' "/proc/${pid:-0}/stat" 2>/dev/null) in
    *' Z' | *' X') return 1 ;;
    'hsmd '* | 'exe '*) echo "$pid" ;;
    *) return 1 ;;
    esac
}

# Prints the flag that hsmd needs where this user may not lock the memory that holds keys.
memory_flag() {
    ulimit -S -l "$(ulimit -H -l)"
    [ "$(id -u)" -eq 0 ] || [ "$(ulimit -l)" = unlimited ] || [ "$(ulimit -l)" -ge 4096 ] || echo --allow-unlocked
}

note_memory() {
    [ -z "$(memory_flag)" ] ||
        note "you may lock only $(ulimit -H -l) KiB of memory: keys could reach the swap (cure: raise memlock in limits.conf to 8192)"
}

stopped() { # node
    tail -n 5 "$dir/nodes/node-$1/hsmd.log" >&2
    # A pool that was never finished is of no use: nothing of it goes on.
    [ -f "$dir/created" ] || pool_down
    die "node-$1 has stopped" "its log is $dir/nodes/node-$1/hsmd.log"
}

start_node() { # node, further arguments
    local i=$1
    shift
    node_pid "$i" >/dev/null && return
    (
        cd "$dir/nodes/node-$i"
        umask 077
        # A daemon keeps no file of its caller's open, such as a lock.
        for open in /proc/self/fd/*; do
            open=${open##*/}
            [ "$open" -le 2 ] || eval "exec $open>&-"
        done
        exec setsid "$binaries/hsmd" --config node.yaml $(memory_flag) "$@" >>hsmd.log 2>&1 </dev/null
    ) &
    echo $! >"$dir/nodes/node-$i/hsmd.pid"
    # Until the shell has become the daemon, its pid names another program.
    local tries=0
    until node_pid "$i" >/dev/null; do
        kill -0 "$(cat "$dir/nodes/node-$i/hsmd.pid")" 2>/dev/null && [ $((tries += 1)) -lt 1500 ] || break
        sleep 0.02
    done
}

health() { curl -s --max-time 2 --cacert "$dir/ca/api-ca.crt" "$(endpoint "$1")/quorate/v1/health" || true; }
health_field() { health "$1" | sed -n "s/.*\"$2\":\"\([^\"]*\)\".*/\1/p"; }

# Waits until a node's health shows a value: node, field, value, seconds.
await() {
    local deadline=$((SECONDS + $4))
    until [ "$(health_field "$1" "$2")" = "$3" ]; do
        # Looked at twice: a daemon that starts itself over looks like an ended one for a moment.
        node_pid "$1" >/dev/null || { sleep 0.5 && node_pid "$1" >/dev/null; } || stopped "$1"
        [ $SECONDS -lt $deadline ] || die "node-$1 did not become $3 within $4 s" "its log is $dir/nodes/node-$1/hsmd.log"
        sleep 0.1
    done
}

await_all() { for i in $(seq "$nodes"); do await "$i" "$1" "$2" "$3"; done; }

pool_up() {
    umask 077
    ready_from=$(date +%s%N)
    if [ -f "$dir/pool.conf" ] && [ ! -f "$dir/created" ]; then
        note "the last attempt at $dir did not finish: starting over"
        (pool_load && pool_down)
        rm -rf -- "$dir"
    fi
    if [ -f "$dir/pool.conf" ]; then
        local asked_nodes=$nodes asked_port=$port
        pool_load
        { [ -z "$nodes_given" ] || [ "$asked_nodes" = "$nodes" ]; } && { [ -z "$port_given" ] || [ "$asked_port" = "$port" ]; } ||
            note "using the pool at $dir as it was made: $nodes node(s) from port $port"
        pool_resume
    else
        pool_create
    fi
    ready_ms=$((($(date +%s%N) - ready_from) / 1000000))
}

# Before anything is made.
require_ports() {
    local one
    for one in $(seq "$port" $((port + 2 * nodes - 1))); do
        ! (exec 3<>"/dev/tcp/127.0.0.1/$one") 2>/dev/null ||
            die "port $one of this machine is in use" "choose $((2 * nodes)) free ports with --port FIRST"
    done
}

pool_create() {
    [ ! -e "$dir" ] || [ -z "$(ls -A "$dir")" ] || die "$dir is not empty and holds no pool" "choose another folder with --dir"
    require_ports
    mkdir -p "$dir"
    printf 'nodes=%s\nport=%s\n' "$nodes" "$port" >"$dir/pool.conf"
    make_certificates
    make_configurations
    step "Starting $nodes node(s) on 127.0.0.1"
    note_memory
    start_node 1 --initialize "$dir/initialize.yaml"
    local i
    for i in $(seq 2 "$nodes"); do start_node "$i"; done
    await_all seal unsealed 20
    if [ -n "${QUICKSTART_UNACTIVATED:-}" ]; then
        touch "$dir/created" "$dir/demo.done"
        return
    fi
    step "Activating: the security domain goes to $officer_count officers, any $required_officers of whom can open the pool"
    local certificates=()
    for i in $(seq "$officer_count"); do certificates+=(--officer "$dir/officers/officer-$i.crt"); done
    as_administrator security-domain download "${certificates[@]}" --required "$required_officers" \
        --out "$dir/security-domain.json" >&2
    await_all phase activated 10
    touch "$dir/created"
}

pool_resume() {
    local i running=0
    for i in $(seq "$nodes"); do node_pid "$i" >/dev/null && running=$((running + 1)); done
    [ "$running" = "$nodes" ] || { step "Starting $((nodes - running)) node(s)" && note_memory; }
    for i in $(seq "$nodes"); do start_node "$i"; done
    for i in $(seq "$nodes"); do
        local deadline=$((SECONDS + 20))
        until [ -n "$(health_field "$i" seal)" ]; do
            node_pid "$i" >/dev/null || stopped "$i"
            [ $SECONDS -lt $deadline ] || die "node-$i does not answer" "its log is $dir/nodes/node-$i/hsmd.log"
            sleep 0.1
        done
    done
    local sealed=0
    for i in $(seq "$nodes"); do [ "$(health_field "$i" seal)" = unsealed ] || sealed=$((sealed + 1)); done
    if [ "$sealed" = "$nodes" ]; then
        step "All nodes are sealed: $required_officers officers open the pool"
        local officers=()
        for i in $(seq "$required_officers"); do officers+=(--officer "$dir/officers/officer-$i.crt:$dir/officers/officer-$i.key"); done
        QUORATE_ENDPOINTS=$(endpoint 1) QUORATE_CA="$dir/ca/api-ca.crt" "$binaries/hsmctl" unseal \
            --security-domain "$dir/security-domain.json" --node-certificate "$dir/nodes/node-1/node.crt" "${officers[@]}" >&2
    fi
    await_all seal unsealed 30
}

pool_down() {
    local i pid
    for i in $(seq "$nodes"); do
        pid=$(node_pid "$i") || continue
        step "Stopping node-$i (pid $pid)"
        kill "$pid"
    done
    for i in $(seq "$nodes"); do
        local deadline=$((SECONDS + 15))
        while pid=$(node_pid "$i"); do
            [ $SECONDS -lt $deadline ] || { kill -9 "$pid" && note "node-$i did not stop in 15 s and was killed"; }
            sleep 0.1
        done
        rm -f "$dir/nodes/node-$i/hsmd.pid"
    done
}

pool_status() { # yes = JSON
    local i pid role seal separator=''
    if [ "$1" = yes ]; then printf '{"nodes":['; else printf '%-10s %-8s %-26s %-10s %s\n' NODE PID ENDPOINT ROLE SEAL; fi
    for i in $(seq "$nodes"); do
        pid=$(node_pid "$i") || pid=
        role=$(health_field "$i" role) seal=$(health_field "$i" seal)
        if [ "$1" = yes ]; then
            printf '%s{"name":"node-%s","pid":%s,"endpoint":"%s","role":"%s","sealState":"%s"}' "$separator" "$i" "${pid:-null}" \
                "$(endpoint "$i")" "${role:-unreachable}" "${seal:-unknown}"
            separator=,
        else
            printf '%-10s %-8s %-26s %-10s %s\n' "node-$i" "${pid:--}" "$(endpoint "$i")" "${role:-down}" "${seal:--}"
        fi
    done
    [ "$1" != yes ] || printf ']}\n'
}

pool_env() {
    cat <<TEXT
export QUORATE_ENDPOINTS="$(endpoints)"
export QUORATE_CA="$dir/ca/api-ca.crt"
export REQUESTS_CA_BUNDLE="$dir/ca/api-ca.crt"
export AZURE_TENANT_ID="adfs"
export AZURE_CLIENT_ID="$(json_field clientId "$dir/administrator.json")"
export AZURE_CLIENT_SECRET="$(cat "$dir/administrator.secret")"
export AZURE_AUTHORITY_HOST="$(endpoint 1)"
# This throw-away pool's administrator secret stands above and in $dir (mode 0600): keep it out of shared shells and logs.
TEXT
}

# Logs the Azure CLI in as the administrator, with a configuration below the state folder, and prints what makes a shell use it.
pool_az() {
    local az administrator tenant base="https://localhost:$port"
    az=${AZ:-$(command -v az || echo "$quorate_root/.build/azure-cli/bin/az")}
    [ -x "$az" ] || die "there is no Azure CLI on the PATH" "install it, for example with: pipx install azure-cli==$azure_cli_version"
    administrator=$(json_field clientId "$dir/administrator.json")
    tenant=$(sed -n 's/^tenant_id: //p' "$dir/initialize.yaml")
    mkdir -p -m 700 "$dir/azure"
    (
        umask 077
        export AZURE_CONFIG_DIR="$dir/azure" REQUESTS_CA_BUNDLE="$dir/ca/api-ca.crt" AZURE_CORE_COLLECT_TELEMETRY=0
        "$az" cloud show --name quorate --output none 2>/dev/null ||
            "$az" cloud register --name quorate --endpoint-resource-manager "$base" --only-show-errors
        "$az" cloud set --name quorate --only-show-errors
        # The secret is read from its file: on the command line others could see it.
        "$az" login --service-principal --username "$administrator" --password "@$dir/administrator.secret" --tenant "$tenant" \
            --output none --only-show-errors
    ) >&2 || die "the Azure CLI could not log in" "its messages are above"
    cat <<TEXT
export AZURE_CONFIG_DIR="$dir/azure"
export REQUESTS_CA_BUNDLE="$dir/ca/api-ca.crt"
export AZURE_CORE_COLLECT_TELEMETRY=0
# Now, for instance: az keyvault key list --hsm-name localhost:$port
TEXT
}

# --- first signature ----------------------------------------------------------------------------------------------------

# Gives a principal a role. One that it has already is no mistake.
assign() { # role, scope, object id
    local said
    said=$(as_administrator role assignment create --role "$1" --scope "$2" --assignee "$3" 2>&1 >/dev/null) && return
    [[ $said == *RoleAssignmentExists* ]] || { printf '%s\n' "$said" >&2 && return 1; }
}

# After an interruption all of it is done again, and finds what is there already.
pool_demo() {
    [ ! -f "$dir/demo.done" ] || return 0
    local work="$dir/demo" i administrator
    mkdir -p "$work"
    step "Creating an application principal that may create and use keys"
    # Its identifiers are written when its secret is: without them the secret is of no use.
    if [ -z "$(json_field objectId "$dir/application.json" 2>/dev/null)" ]; then
        rm -f "$dir/application.secret"
        as_administrator principal create --display-name application --secret-file "$dir/application.secret" --json \
            >"$dir/application.json"
    fi
    administrator=$(json_field objectId "$dir/administrator.json")
    assign 'Managed HSM Crypto User' /keys "$(json_field objectId "$dir/application.json")"
    # Lets the administrator of this throw-away pool use keys too, so that one set of credentials is enough to try everything.
    assign 'Managed HSM Crypto User' / "$administrator"
    assign 'Managed HSM Crypto Officer' / "$administrator"

    step "Creating an RSA and an EC key, signing on one node, verifying on the others and with openssl"
    echo 'Quorate signs.' >"$work/message.txt"
    as_application 1 key create demo-rsa --type RSA-HSM --size 2048 >/dev/null
    as_application 1 key create demo-ec --type EC-HSM --curve P-256 >/dev/null
    local key algorithm
    for key in demo-rsa:RS256 demo-ec:ES256; do
        algorithm=${key#*:} key=${key%:*}
        as_application 1 key sign "$key" --algorithm "$algorithm" --file "$work/message.txt" --out "$work/$key.raw"
        for i in $(seq "$nodes"); do
            as_application "$i" key verify "$key" --algorithm "$algorithm" --file "$work/message.txt" --signature "$work/$key.raw" \
                >/dev/null
            note "$key $algorithm signature verified on node-$i"
        done
        as_application 1 key show "$key" --pem >"$work/$key.pem"
        as_application 1 key sign "$key" --algorithm "$algorithm" --file "$work/message.txt" --format der --out "$work/$key.sig"
        openssl dgst -sha256 -verify "$work/$key.pem" -signature "$work/$key.sig" "$work/message.txt" >/dev/null
        note "$key $algorithm signature verified with openssl"
    done
    touch "$dir/demo.done"
}

pool_summary() {
    local again='' hsmctl=${binaries#"$PWD"/}/hsmctl
    [ "$dir" = "$quorate_root/.quorate" ] || again=" --dir $dir"
    step "The pool is ready (${ready_ms} ms after the build)"
    pool_status no
    cat <<TEXT

Try next:
  eval "\$(deploy/quickstart env$again)"
  $hsmctl pool status
  $hsmctl key create signing --type EC-HSM --curve P-256
  $hsmctl key sign signing --algorithm ES256 --file README.md --format der --out README.sig
  $hsmctl audit tail $dir/nodes/node-1/data/audit

Stop it with deploy/quickstart down$again, start it again with deploy/quickstart up$again,
delete it with deploy/quickstart wipe$again.
TEXT
}
