#!/bin/sh
# Puts the programs of all apps, with the packages that they load by name when they run, into a folder:
# assemble.sh FOLDER, in the root of a built checkout.
set -eu
out=$1
mkdir -p "$out"

# All else that a program imports is in its bundle. Of these packages npm names also those that they need themselves.
npm ls --all --parseable --omit=dev --workspace=libs/aws-wire >"$out/packages"
sed -n "s,^$PWD/\(node_modules/.*\),\1,p" "$out/packages" | grep -v '^node_modules/@coffer/' | sort |
  while read -r package; do
    # One that lies in another one's folder came with that.
    [ -e "$out/$package" ] || { mkdir -p "$out/${package%/*}" && cp -R "$package" "$out/$package"; }
  done
rm "$out/packages"
[ -d "$out/node_modules/@aws-sdk/client-s3" ] || { echo 'the packages of libs/aws-wire are not installed' >&2; exit 1; }

for app in apps/*; do
  [ -f "$app/dist/program/main.js" ] || { echo "$app is not built" >&2; exit 1; }
  mkdir -p "$out/$app/dist/program"
  cp "$app/package.json" "$out/$app/"
  cp "$app"/dist/program/*.js "$out/$app/dist/program/"
done
