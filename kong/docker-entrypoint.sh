#!/usr/bin/env bash
# Renders kong.yml.template from the environment and becomes Kong, in the foreground.
#
#   docker-entrypoint.sh          render into $GATEWAY_STATE_DIR/kong.yml, then run Kong until a signal
#   docker-entrypoint.sh render   print the rendered file and end
#
# The variables are those of gateway/settings.py, which says what each means; a bad one is named, and Kong does not start.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

fail() {
  printf 'gateway: %s\n' "$1" >&2
  exit 2
}

# read_secret NAME: where NAME_FILE names a file, NAME is what that holds, for this process alone.
read_secret() {
  local file=${1}_FILE text
  [[ -n ${!file-} ]] || return 0
  [[ -z ${!1-} ]] || fail "$1 and $file are both set: set one of them"
  text=$(cat "${!file}" 2>/dev/null) || fail "$file: ${!file} cannot be read"
  while [[ $text == *[$'\r\n'] ]]; do text=${text%?}; done
  [[ -n $text ]] || fail "$file: ${!file} is empty"
  printf -v "$1" %s "$text"
  export -n "${1?}"
}

# whole NAME LOWEST HIGHEST
whole() {
  local value=${!1-}
  [[ $value =~ ^(0|[1-9][0-9]{0,10})$ ]] && ((value >= $2 && value <= $3)) ||
    fail "$1 must be a whole number from $2 to $3, not '$value'"
}

# targets NAME MOST: up to so many host:port with commas. The replicas of a version may also be the addresses of one name.
targets() {
  local one list
  IFS=, read -ra list <<<"${!1}"
  ((${#list[@]} > 0 && ${#list[@]} <= $2)) || fail "$1 must be host:port, not '${!1}'"
  for one in "${list[@]}"; do
    [[ $one =~ ^[A-Za-z0-9._-]+:[0-9]{1,5}$ ]] || fail "$1 must be host:port, not '${!1}'"
  done
}

# with_weight TARGETS VERSION WEIGHT: they as JSON, without the brackets; without a tag where there is one version only.
with_weight() {
  local one list json=''
  IFS=, read -ra list <<<"$1"
  for one in "${list[@]}"; do
    json+="${json:+, }{\"target\": \"$one\", \"weight\": $3${2:+, \"tags\": [\"$2\"]}}"
  done
  printf '%s' "$json"
}

# target_of PROCESS: the setting that says where it is.
target_of() {
  local name=${1^^}
  printf '%s_TARGET' "${name//-/_}"
}

# read_target PROCESS: its targets, checked, in $read; those of Docker Compose where the setting is empty.
read_target() {
  local name
  name=$(target_of "$1")
  printf -v "$name" %s "${!name:-$1:5000}"
  targets "$name" 1000
  read=${!name}
}

# What services.txt says: the targets of each service, and of each version, with the other's where that is not to get nothing.
# The weight that was set last outlives a restart; the setting is only the first. The paper's has the name that it always had.
set_targets() {
  local name setting first rest read one other kept percent v1 v2
  SPLITS=''
  while read -r name setting first rest; do
    [[ $name != '#' ]] || continue
    read_target "$first"
    one=$read
    if [[ $setting == - ]]; then
      printf -v "$(target_of "$name")S" %s "[$(with_weight "$one" '' 100)]"
      continue
    fi
    read_target "$rest"
    other=$read
    kept=$state/weight
    [[ $setting == P_VALUE ]] || kept+=-$name
    if [[ -s $kept ]]; then printf -v "$setting" %s "$(<"$kept")"; fi
    whole "$setting" 0 100
    percent=${!setting} v1=${first#"$name"-} v2=${rest#"$name"-}
    SPLITS+="${SPLITS:+, }kong_${name//-/_} = {name = \"$name\", percent = $percent, first = \"$v1\", rest = \"$v2\"}"
    printf -v "$(target_of "$name")S" %s "[$(with_weight "$one" "$v1" "$percent"), $(with_weight "$other" "$v2" $((100 - percent)))]"
    ((percent > 0 && percent < 100)) || read=''
    printf -v "$(target_of "$first")S" %s "[$(with_weight "$one" "$v1" 65535)${read:+, $(with_weight "$other" "$v2" 1)}]"
    printf -v "$(target_of "$rest")S" %s "[$(with_weight "$other" "$v2" 65535)${read:+, $(with_weight "$one" "$v1" 1)}]"
  done <"$here/services.txt"
}

# The consumers of API_KEYS, by name: a caller may have several keys.
set_consumers() {
  local entries entry name key place=0 seen=, names=()
  local -A keys
  IFS=, read -ra entries <<<"$API_KEYS"
  for entry in ${entries[@]+"${entries[@]}"}; do
    [[ -n $entry ]] || continue
    place=$((place + 1))
    [[ $entry =~ ^(([A-Za-z0-9][A-Za-z0-9._-]{0,63}):)?([A-Za-z0-9_-]{16,128})$ ]] ||
      fail "API_KEYS must be NAME:KEY, several with commas: a name of letters, digits, ., - and _, a key of 16 to 128 letters, digits, - and _"
    # A key without a name, as it was once written, is named by its place in the list.
    name=${BASH_REMATCH[2]:-key-$place} key=${BASH_REMATCH[3]}
    [[ $seen != *",$key,"* ]] || fail "API_KEYS has the same key twice"
    seen+=$key,
    [[ -n ${keys[$name]-} ]] || names+=("$name")
    keys[$name]+="${keys[$name]:+, }{\"key\": \"$key\"}"
  done
  CONSUMERS=''
  for name in ${names[@]+"${names[@]}"}; do
    CONSUMERS+="${CONSUMERS:+$'\n'  }- {\"username\": \"$name\", \"keyauth_credentials\": [${keys[$name]}]}"
  done
}

# whole_key BODY: whether the base64 of a public key is as long as it says.
whole_key() {
  local size bytes
  size=$(base64 -d 2>/dev/null <<<"$1" | wc -c) || return
  [[ $JWT_ALGORITHM == ES256 ]] && bytes=0,87 || bytes=$(base64 -d <<<"$1" | od -An -tu1 -j2 -N2 | tr -s ' ' ,)
  IFS=, read -ra bytes <<<"${bytes#,}"
  ((size == bytes[0] * 256 + bytes[1] + 4))
}

# The key that tokens are signed with, in lines of 64 characters, and the one algorithm that it is for.
set_token() {
  local claim name=JWT_PUBLIC_KEY pem=$JWT_PUBLIC_KEY body=''
  [[ -z ${JWT_PUBLIC_KEY_FILE-} ]] || name=JWT_PUBLIC_KEY_FILE
  JWT_ALGORITHM='' JWT_SECRETS='[]' JWT_KEY_CLAIM=alg
  for claim in JWT_ISSUER JWT_AUDIENCE; do
    [[ -z ${!claim} || -n $pem ]] || fail "$claim is set, but JWT_PUBLIC_KEY is not"
    [[ ${!claim} =~ ^[A-Za-z0-9._~:/@+=-]{0,255}$ ]] || fail "$claim must be up to 255 letters, digits and . _ ~ : / @ + = -, not '${!claim}'"
  done
  [[ -n $pem ]] || return 0
  [[ $pem == *-----BEGIN* ]] || pem=$(base64 -d 2>/dev/null <<<"$pem" | tr -d '\0') || pem=''
  if [[ $pem =~ ^[[:space:]]*-----BEGIN\ PUBLIC\ KEY-----([A-Za-z0-9+/=[:space:]]+)-----END\ PUBLIC\ KEY-----[[:space:]]*$ ]]; then
    body=${BASH_REMATCH[1]//[[:space:]]/}
  fi
  case $body in
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE*) JWT_ALGORITHM=ES256 ;;
    MII[B-E]?[DTjz]ANBgkqhkiG9w0BAQEFAAOCA*) JWT_ALGORITHM=RS256 ;;
  esac
  [[ -n $JWT_ALGORITHM ]] && whole_key "$body" || fail "$name must be a public key in PEM: RSA of 2048 bits or more, or EC on P-256"
  pem=$(printf -- '-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n.' "$(fold -w 64 <<<"$body")")
  pem=${pem%.}
  [[ -z $JWT_ISSUER ]] || JWT_KEY_CLAIM=iss
  JWT_SECRETS="[{\"key\": \"${JWT_ISSUER:-$JWT_ALGORITHM}\", \"algorithm\": \"$JWT_ALGORITHM\", \"rsa_public_key\": \"${pem//$'\n'/\\n}\"}]"
}

# check_callers NAME: names out of API_KEYS, or * for everybody.
check_callers() {
  local one list
  IFS=, read -ra list <<<"${!1}"
  for one in ${list[@]+"${list[@]}"}; do
    [[ $one =~ ^([A-Za-z0-9][A-Za-z0-9._-]{0,63}|\*)$ ]] || fail "$1 must be names of callers with commas, or *, not '${!1}'"
    [[ $one == '*' || $CONSUMERS == *"\"username\": \"$one\""* ]] || fail "$1 names $one, who has no key in API_KEYS"
  done
}

# Where Kong's spans go, if anywhere, and which part of the traces that begin with it.
set_traces() {
  TRACES_ENDPOINT=$OTEL_EXPORTER_OTLP_ENDPOINT TRACES_RATIO=$OTEL_TRACES_SAMPLER_ARG TRACES_ENABLED=false
  while [[ $TRACES_ENDPOINT == */ ]]; do TRACES_ENDPOINT=${TRACES_ENDPOINT%/}; done
  [[ $TRACES_RATIO =~ ^(0(\.[0-9]{1,9})?|1(\.0{1,9})?)$ ]] || fail "OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, not '$TRACES_RATIO'"
  if [[ -z $TRACES_ENDPOINT ]]; then
    TRACES_ENDPOINT=http://127.0.0.1:4318 # Kong wants an address even where nothing is sent.
    return
  fi
  [[ $TRACES_ENDPOINT =~ ^https?://(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?$ ]] || fail "OTEL_EXPORTER_OTLP_ENDPOINT must be http://host:port, not '$TRACES_ENDPOINT'"
  TRACES_ENABLED=true
}

refuse_strangers() {
  [[ -n $CONSUMERS$JWT_ALGORITHM ]] && CREDENTIALS_ASKED=true || CREDENTIALS_ASKED=false
  [[ $CREDENTIALS_ASKED == true ]] && return
  case ${GATEWAY_ADDRESS:-${KONG_PROXY_LISTEN%:*}} in
    127.* | localhost | '[::1]' | ::1) ;;
    *) fail "API_KEYS must be set where the gateway is reached beyond loopback (${GATEWAY_ADDRESS:-$KONG_PROXY_LISTEN})" ;;
  esac
}

# A route that does not say what it asks for would be open, and one that asks for what nobody can have is a mistake.
check_routes() {
  local template routes asking
  template=$(<"$here/kong.yml.template")
  routes=$(grep -c '^ *strip_path:' <<<"$template" || true)
  asking=$(grep -cE '^ *\$\{(open|key|token|key_or_token|key_and_token)\.yaml\}$' <<<"$template" || true)
  # One more is for what no route takes.
  ((asking == routes + 1)) || fail "a route of kong.yml.template does not say what it asks for: write \${key.yaml} under its plugins"
  [[ $CREDENTIALS_ASKED == true ]] || return 0
  [[ -n $CONSUMERS || $template != *\{key.yaml\}* && $template != *\{key_and_token.yaml\}* ]] ||
    fail "API_KEYS must be set: a route of kong.yml.template asks for a key"
  [[ -n $JWT_ALGORITHM || $template != *\{token.yaml\}* && $template != *\{key_and_token.yaml\}* ]] ||
    fail "JWT_PUBLIC_KEY must be set: a route of kong.yml.template asks for a token"
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

# fill_in FILE INDENT: its lines with every variable's value, and every file of this folder that it names.
fill_in() {
  local line name
  while IFS= read -r line || [[ -n $line ]]; do
    if [[ $line =~ ^(\ *)\$\{([a-z_]+\.[a-z]+)\}$ ]]; then
      fill_in "$here/${BASH_REMATCH[2]}" "$2${BASH_REMATCH[1]}"
      continue
    fi
    if [[ $line != \#* && -n $line ]]; then
      line=$2$line
      while [[ $line =~ \$\{([A-Z0-9_]+)\} ]]; do
        name=${BASH_REMATCH[1]}
        [[ -n ${!name+set} ]] || fail "${1##*/} names \${$name}, which is not a variable of the gateway"
        line=${line/"\${$name}"/"${!name}"}
      done
    fi
    printf '%s\n' "$line"
  done <"$1"
}

# While Kong runs as process $1: where its log has more than 16 MiB, it becomes the older one, and nginx opens a new one.
rotate() {
  while sleep 5 && kill -0 "$1" 2>/dev/null; do
    if [[ -f $access_log && $(stat -c %s "$access_log") -gt 16777216 ]]; then
      mv -f "$access_log" "$access_log.1"
      (umask 077 && touch "$access_log")
      kill -USR1 "$1"
    fi
  done
}

# title PID: what nginx calls the process, in $title.
title() {
  title=''
  { IFS= read -r -d '' title <"/proc/$1/cmdline"; } 2>/dev/null || true
}

# After kill -9 of its master, nginx's workers go on, hold the ports, and would answer beside the new ones. They are known
# by their title, a parent that is none of nginx's, and Kong's database, which each has open.
end_leftovers() {
  local process pid title pids=()
  for process in /proc/[0-9]*; do
    pid=${process#/proc/}
    title "$pid"
    [[ $title == "nginx: "* && $title != "nginx: master"* ]] || continue
    title "$(sed -n 's/^PPid:\t//p' "$process/status" 2>/dev/null)"
    [[ $title != "nginx: "* ]] || continue
    [[ -n $(find "$process/fd" -lname "$KONG_PREFIX/*" -print -quit 2>/dev/null) ]] || continue
    pids+=("$pid")
  done
  ((${#pids[@]} == 0)) && return
  printf 'gateway: ending %s workers of a Kong that was killed\n' "${#pids[@]}" >&2
  kill -KILL "${pids[@]}" 2>/dev/null || true
  for pid in "${pids[@]}"; do
    while [[ -e /proc/$pid/fd/0 ]]; do sleep 0.05; done
  done
}

# How many requests a caller may make within a second, where no setting says: a tenth of a minute's, at least 100, and never more than a minute's.
set_burst() {
  if ((RATE_LIMIT_PER_SECOND > RATE_LIMIT_PER_MINUTE)); then
    fail 'RATE_LIMIT_PER_SECOND is more than RATE_LIMIT_PER_MINUTE'
  fi
  ((RATE_LIMIT_PER_SECOND == 0)) || return 0
  RATE_LIMIT_PER_SECOND=$((RATE_LIMIT_PER_MINUTE / 10))
  ((RATE_LIMIT_PER_SECOND >= 100)) || RATE_LIMIT_PER_SECOND=100
  ((RATE_LIMIT_PER_SECOND <= RATE_LIMIT_PER_MINUTE)) || RATE_LIMIT_PER_SECOND=$RATE_LIMIT_PER_MINUTE
}

state=${GATEWAY_STATE_DIR:-.aware/gateway}
: "${API_KEYS:=}" "${JWT_PUBLIC_KEY:=}" "${JWT_ISSUER:=}" "${JWT_AUDIENCE:=}"
: "${OTEL_EXPORTER_OTLP_ENDPOINT:=}" "${OTEL_TRACES_SAMPLER_ARG:=1}"
: "${REQUEST_SIZE_LIMIT:=1048576}" "${RATE_LIMIT_PER_MINUTE:=6000}" "${RATE_LIMIT_PER_SECOND:=0}"
: "${VERSION_CALLERS:=}" "${READ_ONLY_CALLERS:=}" "${GATEWAY_TLS_LISTEN:=}" "${KONG_PROXY_LISTEN:=127.0.0.1:8000}" "${KONG_ADMIN_LISTEN:=127.0.0.1:8001}"
whole REQUEST_SIZE_LIMIT 1 99999999999
whole RATE_LIMIT_PER_MINUTE 1 999999999
whole RATE_LIMIT_PER_SECOND 0 999999999
set_burst
set_targets
for secret in API_KEYS JWT_PUBLIC_KEY GATEWAY_TLS_CERTIFICATE GATEWAY_TLS_KEY; do read_secret "$secret"; done
set_consumers
check_callers VERSION_CALLERS
check_callers READ_ONLY_CALLERS
set_token
set_traces
refuse_strangers
check_routes
check_tls

if [[ ${1-} == render ]]; then
  fill_in "$here/kong.yml.template" ''
  exit
fi

mkdir -p "$state"
state=$(cd "$state" && pwd)
rendered=$(fill_in "$here/kong.yml.template" '')
# It holds the keys. Kong's own files keep the usual mode: its workers may be another user.
(umask 077 && printf '%s\n' "$rendered" >"$state/kong.yml.new")
mv -f "$state/kong.yml.new" "$state/kong.yml"
export KONG_DATABASE=off KONG_DECLARATIVE_CONFIG=$state/kong.yml KONG_NGINX_DAEMON=off
export KONG_PROXY_LISTEN KONG_PREFIX=${KONG_PREFIX:-$state/kong} KONG_ANONYMOUS_REPORTS=off
# reuseport: a new connection goes to any worker, so that each can be asked what it does.
export KONG_ADMIN_LISTEN="$KONG_ADMIN_LISTEN reuseport"
# tokens.lua reads the claims of a token, which are JSON.
export KONG_UNTRUSTED_LUA_SANDBOX_REQUIRES=${KONG_UNTRUSTED_LUA_SANDBOX_REQUIRES:-cjson.safe}
# Nothing else listens unasked, and no answer says what the gateway is.
export KONG_ADMIN_GUI_LISTEN=${KONG_ADMIN_GUI_LISTEN:-off} KONG_STATUS_LISTEN=${KONG_STATUS_LISTEN:-off}
export KONG_HEADERS=${KONG_HEADERS:-off}
# The plugin sends what Kong records, which by itself is nothing; how much of that is sampled, the plugin says.
if [[ $TRACES_ENABLED == true ]]; then export KONG_TRACING_INSTRUMENTATIONS=${KONG_TRACING_INSTRUMENTATIONS:-request} KONG_TRACING_SAMPLING_RATE=$TRACES_RATIO; fi
# nginx stops reading a body at the limit, whatever its length was said to be; Kong's plugin would read it to its end.
export KONG_NGINX_PROXY_CLIENT_MAX_BODY_SIZE=$REQUEST_SIZE_LIMIT
# As root, nginx would run its workers as another user, who cannot open Kong's database below a private folder.
if ((EUID == 0)); then export KONG_NGINX_USER=${KONG_NGINX_USER:-root root}; fi
# One line a request, and none for the Admin API's.
case ${LOG_FORMAT:-auto} in
  console) format=console ;;
  auto) [[ -t 1 ]] && format=console || format=json ;;
  *) format=json ;;
esac
export KONG_NGINX_HTTP_INCLUDE=$here/access_log.conf KONG_PROXY_ACCESS_LOG="/dev/stdout gateway_$format"
# The same to a file, which a rollout reads; `rotate` keeps it from growing.
access_log=$state/access-$(uname -n).log
export KONG_NGINX_PROXY_ACCESS_LOG="$access_log gateway_json"
export KONG_PROXY_ERROR_LOG=/dev/stderr KONG_ADMIN_ACCESS_LOG=off KONG_ADMIN_ERROR_LOG=/dev/stderr
# A name's addresses change with every replica; the name server's own word of how long to keep them is for other networks.
export KONG_DNS_VALID_TTL=${KONG_DNS_VALID_TTL:-1} KONG_DNS_STALE_TTL=${KONG_DNS_STALE_TTL:-4}
export KONG_DNS_NOT_FOUND_TTL=${KONG_DNS_NOT_FOUND_TTL:-1} KONG_DNS_ERROR_TTL=${KONG_DNS_ERROR_TTL:-1}
export KONG_DNS_ORDER=${KONG_DNS_ORDER:-LAST,A,CNAME}
for kind in JSON HTML PLAIN XML; do export "KONG_ERROR_TEMPLATE_$kind=$here/problem.json.template"; done
mkdir -p "$KONG_PREFIX"
end_leftovers
# Sockets of a Kong that was killed would keep this one from starting.
find "$KONG_PREFIX" -type s -delete
serve_tls
kong prepare -p "$KONG_PREFIX"
nginx=/usr/local/openresty/nginx/sbin/nginx
[[ -x $nginx ]] || nginx=$(command -v nginx) || fail "there is a kong command, but no nginx of OpenResty"
# `kong prepare` has made it already, for everybody to read.
touch "$access_log"
chmod 600 "$access_log"
rotate $$ </dev/null >/dev/null 2>&1 &
exec "$nginx" -p "$KONG_PREFIX" -c nginx.conf
