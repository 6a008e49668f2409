#!/usr/bin/env bash
# Debian's rsyslog with its RELP and TLS modules, which tests use as a real sender. Installs what is missing when run as root; fails and says what to do otherwise.
set -euo pipefail
mkdir -p "$(dirname "$0")/../target"
exec 9>"$(dirname "$0")/../target/.rsyslog.lock"
flock 9

is_there() {
    PATH=$PATH:/usr/sbin command -v rsyslogd >/dev/null || return 1
    for module in omrelp imfile lmnsd_gtls; do
        compgen -G "/usr/lib*/rsyslog/$module.so" >/dev/null || compgen -G "/usr/lib/*/rsyslog/$module.so" >/dev/null || return 1
    done
}

is_there && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends rsyslog rsyslog-relp rsyslog-gnutls >/dev/null
fi
is_there || {
    echo "the tests need rsyslogd with omrelp, imfile and lmnsd_gtls: apt-get install rsyslog rsyslog-relp rsyslog-gnutls" >&2
    exit 1
}
