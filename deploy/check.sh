#!/usr/bin/env bash
# Checks all that is in this folder, as far as it can be without a cluster. What
# is not installed is passed over, unless REQUIRE=1; the Go toolchain fetches the
# rest by its exact version. The comparisons with the program are Go tests.
set -euo pipefail
cd "$(dirname "$0")"

KUSTOMIZE=sigs.k8s.io/kustomize/kustomize/v5@v5.8.1
VALIDATE=sigs.k8s.io/kubectl-validate@v0.0.4
KEDA=github.com/kedacore/keda/v2@v2.21.0
OPERATOR=github.com/prometheus-operator/prometheus-operator@v0.85.0
COMPOSE=github.com/compose-spec/compose-go/v2/cmd@v2.16.2
DOCKERFILE=dockerfile-utils@0.16.3
EXPOSURE=20 # of the units, as systemd-analyze counts, in tenths; 100 is all

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# has reports whether a program is there; one that must be and is not is an end.
has() {
  command -v "$1" >/dev/null && return 0
  if [ "${REQUIRE:-0}" = 1 ]; then
    echo "deploy: $1 is not installed" >&2
    exit 1
  fi
  echo "deploy: $1 is not installed; $2 not checked"
  return 1
}

# module prints the folder of a Go module, which it fetches without building it.
module() { go mod download -json "$1" | sed -n 's/.*"Dir": "\(.*\)",/\1/p'; }

if has promtool 'alert rules'; then
  promtool check config prometheus/prometheus.yml
  promtool test rules prometheus/rules_test.yaml
fi

echo 'deploy: Kubernetes'
mkdir "$work/crds" "$work/built"
cp "$(module $KEDA)"/config/crd/bases/keda.sh_{scaledobjects,triggerauthentications}.yaml "$work/crds"
cp "$(module $OPERATOR)"/example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml "$work/crds"
cp -r kubernetes "$work"
# build NAME COMPONENT... builds the base with these components.
build() {
  mkdir "$work/kubernetes/$1"
  printf '%s\n' 'resources: [../base]' 'namespace: receipts' "components: [$(printf '../components/%s, ' "${@:2}")]" \
    > "$work/kubernetes/$1/kustomization.yaml"
  go run $KUSTOMIZE build "$work/kubernetes/$1" > "$work/built/$1.yaml"
}
go run $KUSTOMIZE build kubernetes/base > "$work/built/base.yaml"
components=$(cd kubernetes/components && echo *)
for component in $components; do build "with-$component" "$component"; done
build with-all $components # any of them goes with the others
if grep -q 'kubernetes.io/name: redis$' "$work/built/with-managed-redis.yaml" ||
  [ "$(grep -c 'cidr: 10.0.16.0/20' "$work/built/with-managed-redis.yaml")" -ne "$(grep -c 'kind: NetworkPolicy' kubernetes/base/network.yaml)" ]; then
  echo 'deploy: a pod does not reach the managed Redis' >&2
  exit 1
fi
# The cluster would make the name.
sed 's/generateName: \(.*\)-$/name: \1/' kubernetes/operator.yaml > "$work/built/operator.yaml"
go run $VALIDATE --version 1.30 --local-crds "$work/crds" "$work/built"

echo 'deploy: compose'
cp -r compose.yaml redis prometheus grafana "$work"
touch "$work/monitor.hash" # everybody has their own
(cd "$work" && go run $COMPOSE compose.yaml > composed.yaml)

echo 'deploy: Dockerfile'
if command -v npx >/dev/null; then
  npx --yes $DOCKERFILE lint Dockerfile
fi
if docker info >/dev/null 2>&1; then
  docker build -q -f Dockerfile -t revoker:check ..
  docker run --rm revoker:check demo </dev/null
fi

# What the Dockerfile does, by hand: the program alone, without a shell, a user's
# name, a time zone or a resolver, and not as root.
image=$work/image
install -d -m 0755 "$image"
install -d -m 1777 "$image/tmp"
(cd .. && CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o "$image/revoker" ./cmd/revoker)
if ldd "$image/revoker" >/dev/null 2>&1; then
  echo 'deploy: the program is linked dynamically, and would not run in an empty image' >&2
  exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
  chmod 0755 "$work"
  env -i "$(command -v chroot)" --userspec=65532:65532 "$image" /revoker demo --ui 127.0.0.1:0 </dev/null | tail -n 3
fi

if has systemd-analyze 'units'; then
  mkdir "$work/units"
  for unit in systemd/*.service; do # the program is not installed here
    name=${unit##*/}
    name=${name/@./@9464.} # of a template, one of its units
    sed 's|^ExecStart=/usr/local/bin/revoker|ExecStart=/bin/true|' "$unit" > "$work/units/$name"
    systemd-analyze security --offline=true --threshold=$EXPOSURE "$work/units/$name" | tail -n 1
  done
  systemd-analyze verify "$work"/units/*.service
fi
echo 'deploy: all is well'
