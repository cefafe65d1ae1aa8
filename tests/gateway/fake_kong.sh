#!/usr/bin/env bash
# In the place of the kong command, where none can be had: `kong prepare` keeps the variables that it was given, and writes
# a configuration for Debian's nginx, which then runs with what Kong's own template would make of them.
set -euo pipefail
[[ $1 == prepare ]]
mkdir -p "$KONG_PREFIX"/{pids,dbless.lmdb,body}
env -0 >"$KONG_PREFIX/environment"
touch "${KONG_NGINX_PROXY_ACCESS_LOG% *}"
cat >"$KONG_PREFIX/nginx.conf" <<END
${KONG_NGINX_USER:+user $KONG_NGINX_USER;}
daemon $KONG_NGINX_DAEMON;
pid pids/nginx.pid;
worker_processes 2;
# Each worker has this file open, as Kong's have their database.
error_log dbless.lmdb/data.mdb;
events {}
http {
    client_body_temp_path body;
    proxy_temp_path body;
    include $KONG_NGINX_HTTP_INCLUDE;
    server {
        listen $KONG_PROXY_LISTEN;
        access_log $KONG_PROXY_ACCESS_LOG;
        access_log $KONG_NGINX_PROXY_ACCESS_LOG;
        client_max_body_size $KONG_NGINX_PROXY_CLIENT_MAX_BODY_SIZE;
        error_page 413 /problem;
        add_header X-Request-Id \$http_x_request_id always;
        location = /problem { internal; default_type application/problem+json; return 413 '{}'; }
        location = /nothing { return 404; }
        location / { proxy_pass http://$ORDER_SERVICE_TARGET; }
    }
}
END
