# Shared by the scripts of this folder: messages, system packages, the Swift toolchain. Source it; it needs bash.

quorate_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# For messages, which go to standard error; NO_COLOR: https://no-color.org
if [ -t 2 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'; else bold='' dim='' red='' green='' plain=''; fi

step() { printf '%s==>%s %s\n' "$bold$green" "$plain" "$*" >&2; }
note() { printf '    %s\n' "$*" >&2; }
die() {
    printf '%serror:%s %s\n' "$bold$red" "$plain" "$1" >&2
    shift
    for line in "$@"; do printf '       %s\n' "$line" >&2; done
    exit 1
}

# The libraries that the build links, by Debian package.
quorate_packages=(libssl-dev libsqlite3-dev libnghttp2-dev pkg-config openssl curl)

# Installs the given Debian packages where they are missing; says which, where it may not.
need_packages() {
    local missing=() package
    command -v dpkg-query >/dev/null || { note "not a Debian system: assuming that $* are installed"; return; }
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    local sudo=()
    if [ "$(id -u)" -ne 0 ]; then
        if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
            sudo=(sudo)
        else
            die "these packages are missing: ${missing[*]}" "install them with: sudo apt-get install -y ${missing[*]}" \
                "then run this again"
        fi
    fi
    step "Installing ${missing[*]}"
    "${sudo[@]}" apt-get update -qq >/dev/null || die "apt-get update failed" "check the machine's package sources"
    DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq "${missing[@]}" >/dev/null ||
        die "apt-get could not install ${missing[*]}"
}

need_swift() {
    command -v swift >/dev/null ||
        die "there is no Swift toolchain on the PATH" "install Swift 6.1 or later from swift.org and run this again"
    local version major minor
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
    major=${version%%.*} minor=${version#*.}
    if [ "${major:-0}" -lt 6 ] || { [ "$major" -eq 6 ] && [ "${minor:-0}" -lt 1 ]; }; then
        die "Swift ${version:-of an unknown version} is too old" "Quorate needs Swift 6.1 or later"
    fi
}

# Makes the Python environment of the tests with public clients; its folder is $test_clients.
need_test_clients() {
    local wanted=$quorate_root/Tests/EndToEnd/requirements.txt
    test_clients=$quorate_root/.build/test-clients
    [ -x "$test_clients/bin/pytest" ] && cmp -s "$wanted" "$test_clients/requirements.txt" || {
        # What is there is kept and brought up to date: without a network it would be gone.
        [ -x "$test_clients/bin/pip" ] || python3 -m venv "$test_clients"
        "$test_clients/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
        cp "$wanted" "$test_clients/requirements.txt"
    }
}

azure_cli_version=2.91.0

# Installs the Azure CLI, unmodified, into an environment of its own; its program is $azure_cli.
need_azure_cli() {
    local folder=$quorate_root/.build/azure-cli
    azure_cli=$folder/bin/az
    [ "$(cat "$folder/version" 2>/dev/null)" != "$azure_cli_version" ] || return 0
    step "Installing the Azure CLI $azure_cli_version (some minutes, once)"
    [ -x "$folder/bin/pip" ] || python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check "azure-cli==$azure_cli_version" ||
        die "the Azure CLI could not be installed" "pip's messages are above"
    echo "$azure_cli_version" >"$folder/version"
}
