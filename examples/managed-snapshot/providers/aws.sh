# shellcheck shell=bash
# Amazon RDS. DRILL_SUBNET_GROUP and DRILL_SECURITY_GROUP are those of prepare-network.sh, PROBE_FUNCTION its function.
# Needs jq and version 2 of the aws command, whose credentials are whatever it finds.

restore_instance() {
  : "${DRILL_SUBNET_GROUP:?}" "${DRILL_SECURITY_GROUP:?}"
  local said password
  if ! said=$(aws rds restore-db-instance-from-db-snapshot \
    --db-instance-identifier "$DRILL_INSTANCE" --db-snapshot-identifier "$1" \
    --db-subnet-group-name "$DRILL_SUBNET_GROUP" --vpc-security-group-ids "$DRILL_SECURITY_GROUP" \
    --no-publicly-accessible --no-multi-az --no-deletion-protection \
    --tags "Key=restoreproof-drill,Value=${RESTOREPROOF_DRILL_ID:-by-hand}" 2>&1); then
    echo "$said" >&2
    case $said in *DBSnapshotNotFound*) exit 66 ;; *) exit 69 ;; esac
  fi
  aws rds wait db-instance-available --db-instance-identifier "$DRILL_INSTANCE"
  # The snapshot's administrator has production's password. The drill's own goes in by a file that only we may read.
  password=$(mktemp)
  jq --null-input '{DBInstanceIdentifier: env.DRILL_INSTANCE, MasterUserPassword: env.DRILL_DB_PASSWORD, ApplyImmediately: true}' >"$password"
  aws rds modify-db-instance --cli-input-json "file://$password" >/dev/null
  rm "$password"
}

# A function in the instance's subnets, with the instance's security group, tries the connection.
connect_from_inside() {
  local answer
  answer=$(mktemp)
  aws lambda invoke --function-name "${PROBE_FUNCTION:?}" --cli-binary-format raw-in-base64-out \
    --payload "{\"host\": \"$1\", \"port\": $2}" "$answer" >/dev/null
  jq --raw-output '.answer // "the function failed"' "$answer"
  rm "$answer"
}

remove_instance() {
  aws rds delete-db-instance --db-instance-identifier "$DRILL_INSTANCE" --skip-final-snapshot \
    --delete-automated-backups >/dev/null
  aws rds wait db-instance-deleted --db-instance-identifier "$DRILL_INSTANCE"
}
