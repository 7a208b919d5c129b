#!/bin/bash
# Installs Podman and podman-compose on Debian, as root or through sudo, where no container engine is: install.sh
# May be run again at any time: what is there already is left alone.
set -euo pipefail
if command -v docker >/dev/null && docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1; then
  echo 'A Docker engine with compose is here.'
  exit 0
fi

export DEBIAN_FRONTEND=noninteractive
sudo=()
[ "$(id -u)" -eq 0 ] || sudo=(sudo)
# runc, since it runs where crun may not; catatonit would only be an init, which no container here asks for.
packages=(podman runc buildah netavark aardvark-dns iptables uidmap mmdebstrap python3-venv)
wanted=()
for package in "${packages[@]}"; do
  dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || wanted+=("$package")
done
if [ "${#wanted[@]}" -gt 0 ]; then
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${wanted[@]}"
fi

python="${XDG_CACHE_HOME:-$HOME/.cache}/coffer-containers/python"
if ! "$python/bin/podman-compose" --version >/dev/null 2>&1; then
  python3 -m venv "$python"
  "$python/bin/pip" install --quiet --disable-pip-version-check 'podman-compose>=1.6,<2'
fi
podman --version
"$python/bin/podman-compose" --version | head -1
