# What the demos share: the programs, a temporary folder, and the servers that they start. A demo sources it in the folder of
# the project.

# build PRODUCT...: sets `binaries` to the folder with the programs. WRIT_BINARY is one that is built already, with the others
# beside it.
build() {
    if [ -n "${WRIT_BINARY:-}" ]; then
        binaries=$(dirname "$WRIT_BINARY")
        return
    fi
    script/setup build
    local product options
    options=$(script/build-options)
    # The options are words.
    # shellcheck disable=SC2086
    for product; do swift build --product "$product" $options; done
    binaries=$PWD/.build/debug
}

# When the demo ends, the processes are stopped and the folder is removed.
folder=$(mktemp -d)
processes=()
cleanup() {
    for process in "${processes[@]}"; do
        kill "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
    rm -rf "$folder"
}
trap cleanup EXIT

# persists COMMAND...: runs the command until it succeeds, 100 times at most. A service on a busy machine may ask to come again.
persists() {
    local trial
    for ((trial = 0; trial < 100; trial++)); do
        "$@" 2>"$folder/attempt.log" && return
        sleep 0.1
    done
    echo "$0: $1 does not succeed" >&2
    cat "$folder"/*.log >&2
    exit 1
}

# answers URL [TENTHS]: waits until a server answers there, 200 tenths of a second at most.
answers() {
    local trial
    for ((trial = 0; trial < ${2:-200}; trial++)); do
        curl --silent --output /dev/null "$1" && return
        sleep 0.1
    done
    echo "$0: nothing answers at $1" >&2
    cat "$folder"/*.log >&2
    exit 1
}
