#!/bin/sh
# Makes the secrets that docker-compose.yml mounts, each at random. Those that are there stay, so it may run again.
# usage: sh deploy/compose/make-secrets.sh [FOLDER]
set -eu
folder=${1:-$(dirname "$0")/secrets}
umask 077
mkdir -p "$folder"
cd "$folder"

secret() {
  [ -s "$1" ] || printf %s "$(head -c 24 /dev/urandom | base64)" > "$1"
}

sha256() {
  if command -v sha256sum > /dev/null; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
}

secret token               # senders, and users of console and API
secret clickhouse-halfopen # Halfopen at ClickHouse
secret clickhouse-grafana  # Grafana at ClickHouse
secret grafana-admin       # the user admin of Grafana

cat > clickhouse-passwords.new << END
<clickhouse>
  <users>
    <halfopen><password_sha256_hex>$(sha256 < clickhouse-halfopen)</password_sha256_hex></halfopen>
    <grafana><password_sha256_hex>$(sha256 < clickhouse-grafana)</password_sha256_hex></grafana>
  </users>
</clickhouse>
END
mv -f clickhouse-passwords.new clickhouse-passwords.xml

# The servers run as users of their own, and each must read its file. Others on this machine are kept out by the folder.
chmod 444 ./*
chmod 700 .
echo "secrets are in $folder"
