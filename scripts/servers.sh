#!/usr/bin/env bash
# Real servers for tests and benches: PostgreSQL and OpenSSH from Debian, Apache Kafka from its jars
# on Maven Central, Versity's S3 gateway from its Go module. internal/servers runs them.
#
#   servers.sh install    installs what is missing; at once when all is there
#   servers.sh run [DIR]  runs a PostgreSQL and three brokers until it is interrupted
#
# Kafka comes to bin/servers/kafka, or KITH_SERVERS_DIR/kafka where that is set.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh

kafka=4.1.2
gateway=1.8.0 # Versity's, which speaks S3
logging=1.7.36 # slf4j-simple, of the line that Kafka is built with
plugin=3.8.1   # of Maven, which copies the jars
target=$(realpath -m "${KITH_SERVERS_DIR:-bin/servers}")/kafka

java=java
[ -z "${JAVA_HOME:-}" ] || java=$JAVA_HOME/bin/java

java_version() { # the main number, 0 when there is none
  local text
  text=$("$java" -version 2>&1) || true
  [[ $text =~ version\ \"([0-9]+) ]] && echo "${BASH_REMATCH[1]}" || echo 0
}

# The programs, from Debian.
install_programs() {
  local no_cluster=/etc/postgresql-common/createcluster.d/kith.conf
  compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || need postgres postgresql
  [ "$(java_version)" -ge 17 ] || packages+=(default-jre-headless)
  need /usr/sbin/sshd openssh-server
  need ip iproute2
  [ -e "$target/$kafka" ] || need mvn maven
  [ ${#packages[@]} -gt 0 ] || return 0
  # Debian would make and start a cluster of its own, which nobody here wants.
  if command -v apt-get >/dev/null; then
    as_root mkdir -p "${no_cluster%/*}"
    echo 'create_main_cluster = false' | as_root tee "$no_cluster" >/dev/null
  fi
  install_packages
  as_root rm "$no_cluster"
  if [ "$(java_version)" -lt 17 ]; then
    echo "servers.sh: Kafka $kafka needs Java 17 or newer, and $java is $(java_version)" >&2
    exit 1
  fi
}

# Kafka's jars. The empty file named like the version says that all are there.
install_kafka() {
  [ ! -e "$target/$kafka" ] || return 0
  echo "fetching Apache Kafka $kafka to $target"
  cat >"$work/pom.xml" <<EOF
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>kith</groupId><artifactId>servers</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$kafka</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>$logging</version></dependency>
  </dependencies>
</project>
EOF
  mvn --batch-mode --quiet -Dstyle.color=never --no-transfer-progress --strict-checksums --file "$work/pom.xml" \
    "org.apache.maven.plugins:maven-dependency-plugin:$plugin:copy-dependencies" -DincludeScope=runtime "-DoutputDirectory=$work/libs"
  rm -rf "$target"
  mkdir -p "$target"
  mv "$work/libs" "$target/libs"
  touch "$target/$kafka"
}

# A gateway that speaks S3. The Go command tells which version a program is of.
install_gateway() {
  local to=${target%/*}
  ! "${GO:-go}" version -m "$to/versitygw" 2>/dev/null | grep -q "versitygw[[:space:]]v$gateway[[:space:]]" || return 0
  echo "building the S3 gateway $gateway"
  mkdir -p "$to"
  (cd "$work" && GOFLAGS='' GOBIN=$to "${GO:-go}" install "github.com/versity/versitygw/cmd/versitygw@v$gateway")
}

# An archive of the classes that a broker loads (class data sharing), made by one that
# starts and ends: a third off each start, and a quarter off its memory. It fits one
# build of Java; where it does not, brokers start without.
install_archive() {
  local build log=$work/log at jars pid
  build=$("$java" -version 2>&1 | tail -1)
  [ "$(cat "$target/classes.java" 2>/dev/null)" != "$build" ] || return 0
  echo "archiving Kafka's classes"
  at=127.$((1 + RANDOM % 254)).$((RANDOM % 256)).$((1 + RANDOM % 254)) # nobody else is there
  cat >"$work/server.properties" <<EOF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@$at:9093
listeners=PLAIN://$at:9092,CONTROLLER://$at:9093
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAIN
listener.security.protocol.map=PLAIN:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$work/data
EOF
  jars=$(printf '%s\n' "$target"/libs/*.jar | LC_ALL=C sort | paste -sd :)
  "$java" -cp "$jars" -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
    kafka.tools.StorageTool format --cluster-id a2l0aC1raXRoLWtpdGgtaw \
    --config "$work/server.properties" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
  rm -f "$target/classes.jsa"
  "$java" -cp "$jars" -Xmx320m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:ArchiveClassesAtExit="$target/classes.jsa" \
    kafka.Kafka "$work/server.properties" >"$log" 2>&1 &
  pid=$!
  for _ in $(seq 600); do
    ! grep -q 'Kafka Server started' "$log" && kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  kill "$pid" 2>/dev/null || true
  wait "$pid" || true # by the signal
  [ -e "$target/classes.jsa" ] || { tail -20 "$log" >&2; exit 1; }
  echo "$build" >"$target/classes.java"
}

case ${1:-} in
install)
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  install_programs
  install_kafka
  install_archive
  install_gateway
  ;;
run)
  shift
  exec go run ./internal/servers/run "$@"
  ;;
*)
  sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2
  exit 2
  ;;
esac
