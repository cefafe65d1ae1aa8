#!/usr/bin/env bash
# Renders kong.yml.template from the environment and becomes Kong, in the foreground.
#
#   docker-entrypoint.sh          render into $GATEWAY_STATE_DIR/kong.yml, then run Kong until a signal
#   docker-entrypoint.sh render   print the rendered file and end
#
# The variables are those of kong/settings.py, which says what each means; a bad one is named, and Kong does not start.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

fail() {
  printf 'gateway: %s\n' "$1" >&2
  exit 2
}

# whole NAME LOWEST HIGHEST
whole() {
  local value=${!1-}
  [[ $value =~ ^(0|[1-9][0-9]{0,8})$ ]] && ((value >= $2 && value <= $3)) ||
    fail "$1 must be a whole number from $2 to $3, not '$value'"
}

# target NAME: one host:port. The replicas of a build are the addresses its name resolves to.
target() {
  [[ ${!1} =~ ^[A-Za-z0-9._-]+:[0-9]{1,5}$ ]] || fail "$1 must be one host:port, not '${!1}'"
}

# The split, and whether either build may stand in for the other: not where it is to get nothing.
set_weights() {
  USER_SERVICE_V1_WEIGHT=$P_VALUE
  USER_SERVICE_V2_WEIGHT=$((100 - P_VALUE))
  USER_SERVICE_BACKUP_WEIGHT=$((P_VALUE > 0 && P_VALUE < 100))
}

set_credentials() {
  local keys key list=''
  IFS=, read -ra keys <<<"$API_KEYS"
  for key in ${keys[@]+"${keys[@]}"}; do
    [[ $key =~ ^[A-Za-z0-9_-]{16,128}$ ]] ||
      fail "API_KEYS must be keys of 16 to 128 letters, digits, - and _, separated by commas"
    list+=${list:+, }"{\"key\": \"$key\"}"
  done
  API_KEY_CREDENTIALS="[$list]"
  [[ -n $list ]] && API_KEY_REQUIRED=true || API_KEY_REQUIRED=false
}

refuse_strangers_without_keys() {
  [[ $API_KEY_REQUIRED == true ]] && return
  case ${GATEWAY_ADDRESS:-${KONG_PROXY_LISTEN%:*}} in
    127.* | localhost | '[::1]' | ::1) ;;
    *) fail "API_KEYS must be set where the gateway is reached beyond loopback (${GATEWAY_ADDRESS:-$KONG_PROXY_LISTEN})" ;;
  esac
}

# pem NAME: PEM in base64.
pem() {
  [[ $(base64 -d 2>/dev/null <<<"${!1-}") == *"-----BEGIN "* ]] || fail "$1 must be PEM in base64, in one line"
}

check_tls() {
  [[ -z $GATEWAY_TLS_LISTEN ]] && return
  [[ $GATEWAY_TLS_LISTEN =~ ^[A-Za-z0-9._:[]+\]?:[0-9]{1,5}$ ]] ||
    fail "GATEWAY_TLS_LISTEN must be one address:port, not '$GATEWAY_TLS_LISTEN'"
  pem GATEWAY_TLS_CERTIFICATE
  pem GATEWAY_TLS_KEY
}

# TLS beside the plain listener, with certificate and key in files that only Kong reads.
serve_tls() {
  [[ -z $GATEWAY_TLS_LISTEN ]] && return
  export KONG_SSL_CERT=$KONG_PREFIX/gateway.crt KONG_SSL_CERT_KEY=$KONG_PREFIX/gateway.key
  (umask 077 && base64 -d <<<"$GATEWAY_TLS_CERTIFICATE" >"$KONG_SSL_CERT" && base64 -d <<<"$GATEWAY_TLS_KEY" >"$KONG_SSL_CERT_KEY")
  KONG_PROXY_LISTEN+=", $GATEWAY_TLS_LISTEN http2 ssl"
  unset GATEWAY_TLS_KEY
}

render() {
  local line name
  while IFS= read -r line || [[ -n $line ]]; do
    if [[ $line != \#* ]]; then
      while [[ $line =~ \$\{([A-Z0-9_]+)\} ]]; do
        name=${BASH_REMATCH[1]}
        [[ -n ${!name+set} ]] || fail "kong.yml.template names \${$name}, which is not a variable of the gateway"
        line=${line/"\${$name}"/${!name}}
      done
    fi
    printf '%s\n' "$line"
  done <"$here/kong.yml.template"
}

state=${GATEWAY_STATE_DIR:-.aware/gateway}
# The weight that was set last outlives a restart; P_VALUE is only the first.
if [[ -s $state/weight ]]; then P_VALUE=$(<"$state/weight"); fi
: "${USER_SERVICE_V1_TARGET:=user-service-v1:5000}" "${USER_SERVICE_V2_TARGET:=user-service-v2:5000}"
: "${ORDER_SERVICE_TARGET:=order-service:5000}" "${API_KEYS:=}"
: "${REQUEST_SIZE_LIMIT:=1048576}" "${RATE_LIMIT_PER_MINUTE:=600000}"
: "${GATEWAY_TLS_LISTEN:=}" "${KONG_PROXY_LISTEN:=127.0.0.1:8000}" "${KONG_ADMIN_LISTEN:=127.0.0.1:8001}"
whole P_VALUE 0 100
whole REQUEST_SIZE_LIMIT 1 999999999
whole RATE_LIMIT_PER_MINUTE 1 999999999
for name in USER_SERVICE_V1_TARGET USER_SERVICE_V2_TARGET ORDER_SERVICE_TARGET; do target $name; done
set_weights
set_credentials
refuse_strangers_without_keys
check_tls

if [[ ${1-} == render ]]; then
  render
  exit
fi

mkdir -p "$state"
state=$(cd "$state" && pwd)
rendered=$(render)
# It holds the keys. Kong's own files keep the usual mode: its workers may be another user.
(umask 077 && printf '%s\n' "$rendered" >"$state/kong.yml.new")
mv -f "$state/kong.yml.new" "$state/kong.yml"
export KONG_DATABASE=off KONG_DECLARATIVE_CONFIG=$state/kong.yml KONG_NGINX_DAEMON=off
export KONG_PROXY_LISTEN KONG_ADMIN_LISTEN KONG_PREFIX=${KONG_PREFIX:-$state/kong}
export KONG_ANONYMOUS_REPORTS=off KONG_PROXY_ACCESS_LOG=/dev/stdout KONG_PROXY_ERROR_LOG=/dev/stderr
export KONG_ADMIN_ACCESS_LOG=/dev/stdout KONG_ADMIN_ERROR_LOG=/dev/stderr
# A name's addresses change with every replica; the name server's own word of how long to keep them is for other networks.
export KONG_DNS_VALID_TTL=${KONG_DNS_VALID_TTL:-1} KONG_DNS_STALE_TTL=${KONG_DNS_STALE_TTL:-4}
export KONG_DNS_NOT_FOUND_TTL=${KONG_DNS_NOT_FOUND_TTL:-1} KONG_DNS_ERROR_TTL=${KONG_DNS_ERROR_TTL:-1}
export KONG_DNS_ORDER=${KONG_DNS_ORDER:-LAST,A,CNAME}
for kind in JSON HTML PLAIN XML; do export "KONG_ERROR_TEMPLATE_$kind=$here/problem.json.template"; done
mkdir -p "$KONG_PREFIX"
# Sockets of a Kong that was killed would keep this one from starting.
find "$KONG_PREFIX" -type s -delete
serve_tls
kong prepare -p "$KONG_PREFIX"
nginx=/usr/local/openresty/nginx/sbin/nginx
exec "$nginx" -p "$KONG_PREFIX" -c nginx.conf
