# Shared by the scripts beside it; sourced, not run.

sandbox=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$sandbox/../.." && pwd)
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$HOME/.cache/pilothouse/target}
wasm=wasm32-unknown-unknown
# What make says of its jobs is for makes alone.
unset MAKEFLAGS MFLAGS

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
die() { printf '%s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Is this compiler as new as the workspace asks for?
recent() {
    local have want
    have=$("$1" --version 2>/dev/null | cut -d' ' -f2) || return 1
    want=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$repo/Cargo.toml")
    [ -n "$have" ] && printf '%s\n' "$want" "$have" | sort -CV
}

# Can this compiler build for the browser? A target that we made ourselves fits one version of the compiler only.
builds_wasm() {
    local lib made_for
    recent "$1" || return 1
    lib=$("$1" --print target-libdir --target $wasm)
    made_for=$lib/made-for
    ls "$lib"/libcore-*.rlib >/dev/null 2>&1 && { [ ! -e "$made_for" ] || [ "$(cat "$made_for")" = "$("$1" --version)" ]; }
}

# The compiler on the PATH where it will do, else Debian's.
native_rustc() { if recent rustc; then echo rustc; else echo /usr/bin/rustc; fi; }
wasm_rustc() { if builds_wasm rustc; then echo rustc; else echo /usr/bin/rustc; fi; }

# run_cargo RUSTC ARGS... : the cargo that belongs to this compiler.
run_cargo() {
    local rustc=$1
    shift
    if [ "$rustc" = rustc ]; then cargo "$@"; else RUSTC=$rustc "${rustc%rustc}cargo" "$@"; fi
}

# The browser half has a target folder of its own: two builds in one folder wait for each other.
native_cargo() { run_cargo "$(native_rustc)" "$@"; }
wasm_cargo() { CARGO_TARGET_DIR=$CARGO_TARGET_DIR/web run_cargo "$(wasm_rustc)" "$@"; }

# build_wasm [OPTIONS] : compiles the browser half. Its relocations stay in: by them it is cut into parts.
build_wasm() { wasm_cargo rustc -p pilothouse-app --lib --crate-type cdylib --features hydrate --target $wasm "$@" -- -C link-arg=--emit-relocs; }

# make_certificates DIR : an authority, ca.pem, and what it signed for this machine, cert.pem and key.pem.
make_certificates() {
    local dir=$1 subject='subjectAltName=IP:127.0.0.1,DNS:localhost'
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj '/CN=the authority of the sandbox' \
        -keyout "$dir/ca-key.pem" -out "$dir/ca.pem"
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=127.0.0.1' -keyout "$dir/key.pem" -out "$dir/request.pem"
    openssl x509 -req -in "$dir/request.pem" -CA "$dir/ca.pem" -CAkey "$dir/ca-key.pem" -CAcreateserial -days 30 \
        -extfile <(echo "$subject") -out "$dir/cert.pem"
}
