#!/bin/sh
# Makes the broker's password file from the environment, then becomes the broker.
#
#   SIGAP_GATEWAY_PASSWORD   of the users gateway and gateway-backlog
#   SIGAP_FLEET_PASSWORD     of the simulated units ambulans-01 and so on; vehicles get one each instead
#   SIGAP_FLEET_UNITS        how many of those there are
#   SIGAP_BROKER_USERS       file of further users, name:password a line: vehicles, bridges, phones; none if it is not there
#
# Passwords never stand on a command line, where every process could read them.
set -eu
umask 077
data=${SIGAP_BROKER_DATA:-/mosquitto/data}
config=${SIGAP_BROKER_CONFIG:-/mosquitto/config/mosquitto.conf}
users=${SIGAP_BROKER_USERS:-/mosquitto/config/users}

for password in "$SIGAP_GATEWAY_PASSWORD" "$SIGAP_FLEET_PASSWORD"; do
    case $password in
        *:* | *"
"*) echo "a broker password must have neither a colon nor a line break" >&2; exit 1 ;;
    esac
    if [ "${#password}" -lt 12 ]; then echo "a broker password must have at least 12 characters" >&2; exit 1; fi
done

health=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
{
    echo "gateway:$SIGAP_GATEWAY_PASSWORD"
    echo "gateway-backlog:$SIGAP_GATEWAY_PASSWORD"
    echo "health:$health"
    unit=1
    while [ "$unit" -le "${SIGAP_FLEET_UNITS:-12}" ]; do
        printf 'ambulans-%02d:%s\n' "$unit" "$SIGAP_FLEET_PASSWORD"
        unit=$((unit + 1))
    done
    if [ -f "$users" ]; then grep -v -e '^#' -e '^[[:space:]]*$' "$users" || true; fi
} > "$data/passwords.new"
mosquitto_passwd -U "$data/passwords.new" # hashes them in place
mv "$data/passwords.new" "$data/passwords"
printf '%s' "$health" > "$data/health"
if [ "$(id -u)" = 0 ]; then # the broker drops to this user, and reads the files as it
    chown -R mosquitto:mosquitto "$data"
fi
unset SIGAP_GATEWAY_PASSWORD SIGAP_FLEET_PASSWORD
exec mosquitto -c "$config"
