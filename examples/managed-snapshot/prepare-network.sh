#!/usr/bin/env bash
# prepare-network.sh VPC SUBNET SUBNET [SUBNET…]: once, the drill's security group, subnet group and probe function.
# HARNESS_SECURITY_GROUP is the group of the machine that drills; PROBE_ROLE a role that may run in a VPC.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
vpc=${1:?which VPC}
shift
[ $# -ge 2 ] || { echo "name two subnets of different zones, without a route to the world" >&2; exit 64; }
: "${HARNESS_SECURITY_GROUP:?}" "${PROBE_ROLE:?}"

group=$(aws ec2 create-security-group --group-name restoreproof-drill --vpc-id "$vpc" \
  --description "restore drills: no way out" --query GroupId --output text)
# A new group may send anywhere. This one reaches PostgreSQL within itself and nothing else.
aws ec2 revoke-security-group-egress --group-id "$group" --protocol all --port all --cidr 0.0.0.0/0 >/dev/null
aws ec2 authorize-security-group-egress --group-id "$group" --protocol tcp --port 5432 --source-group "$group" >/dev/null
for from in "$group" "$HARNESS_SECURITY_GROUP"; do
  aws ec2 authorize-security-group-ingress --group-id "$group" --protocol tcp --port 5432 --source-group "$from" >/dev/null
done
aws rds create-db-subnet-group --db-subnet-group-name restoreproof-drill \
  --db-subnet-group-description "restore drills" --subnet-ids "$@" >/dev/null

archive=$(mktemp --suffix .zip)
python3 -m zipfile --create "$archive" "$here/probe/handler.py"
subnets=$(IFS=,; echo "$*")
aws lambda create-function --function-name restoreproof-probe --runtime python3.13 --handler handler.handler \
  --role "$PROBE_ROLE" --timeout 10 --zip-file "fileb://$archive" \
  --vpc-config "SubnetIds=$subnets,SecurityGroupIds=$group" >/dev/null
rm "$archive"
echo "DRILL_SECURITY_GROUP=$group DRILL_SUBNET_GROUP=restoreproof-drill PROBE_FUNCTION=restoreproof-probe"
