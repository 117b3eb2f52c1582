package servers

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// installation is what scripts/servers.sh brought.
type installation struct {
	java      string
	classPath string
	archive   string // of classes that are loaded at a start
}

// kafkaInstalled finds Kafka below KITH_SERVERS_DIR, or bin/servers of the module that
// the current folder belongs to.
func kafkaInstalled() (installation, error) {
	missing := func(err error) (installation, error) {
		return installation{}, fmt.Errorf("Apache Kafka is not installed: %w; run scripts/servers.sh install", err) //nolint:staticcheck // it is a name
	}
	dir := os.Getenv("KITH_SERVERS_DIR")
	if dir == "" {
		root, err := moduleRoot()
		if err != nil {
			return missing(err)
		}
		dir = filepath.Join(root, "bin", "servers")
	}
	dir, err := filepath.Abs(filepath.Join(dir, "kafka"))
	if err != nil {
		return missing(err)
	}
	jars, err := filepath.Glob(filepath.Join(dir, "libs", "*.jar")) // sorted, as they were for the archive
	if err != nil {
		return missing(err)
	}
	if len(jars) == 0 {
		return missing(fmt.Errorf("%s: %w", dir, fs.ErrNotExist))
	}
	java := "java"
	if home := os.Getenv("JAVA_HOME"); home != "" {
		java = filepath.Join(home, "bin", "java")
	}
	if java, err = exec.LookPath(java); err != nil {
		return missing(err)
	}
	return installation{java: java, classPath: strings.Join(jars, ":"), archive: filepath.Join(dir, "classes.jsa")}, nil
}

// moduleRoot is the nearest folder above the current one with a go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", errors.New("KITH_SERVERS_DIR is not set, and no module lies around " + dir)
		}
	}
}

// command runs a class of Kafka's. The first options make a start fast and small: it is most
// of what a test does with a broker. A longer bench may want the better compiler back: -XX:TieredStopAtLevel=4.
func (k *Kafka) command(ctx context.Context, class string, args ...string) *exec.Cmd {
	options := []string{
		"-Xms64m", "-Xmx320m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError",
		"-Xshare:auto", "-XX:SharedArchiveFile=" + k.installed.archive, "-Xlog:cds=off", "-Xlog:cds+dynamic=off",
		"-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
		"-Dorg.slf4j.simpleLogger.showDateTime=true", "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
		"-cp", k.installed.classPath,
	}
	options = append(options, k.java...)
	return exec.CommandContext(context.WithoutCancel(ctx), k.installed.java, append(append(options, class), args...)...)
}

// create makes the configuration of each broker, and formats its folder.
func (k *Kafka) create(ctx context.Context, o KafkaOptions) error {
	n := o.Brokers
	if n == 0 {
		n = 3
	}
	if err := os.MkdirAll(k.dir, 0o700); err != nil {
		return err
	}
	if o.Secure {
		c, err := certify(k.dir, k.Host, k.User)
		if err != nil {
			return err
		}
		k.Certificates = c
	}
	listeners := []string{plain, controller}
	if o.Secure {
		listeners = append(listeners, sasl, mutual)
	}
	if o.Proxied {
		listeners = append(listeners, proxied)
	}
	ports, err := freePorts(ctx, k.side, k.Host, n*len(listeners))
	if err != nil {
		return err
	}
	var voters []string
	for i := range n {
		b := &broker{ports: map[string]int{}}
		for j, l := range listeners {
			b.ports[l] = ports[i*len(listeners)+j]
		}
		k.brokers = append(k.brokers, b)
		voters = append(voters, fmt.Sprintf("%d@%s", i+1, address(k.Host, b.ports[controller])))
		if o.Proxied {
			if b.proxy, err = newProxy(k.side, k.Host, address(k.Host, b.ports[proxied])); err != nil {
				return err
			}
		}
	}
	for i := range n {
		if err := k.configure(i, o, listeners, strings.Join(voters, ",")); err != nil {
			return err
		}
	}
	return k.format(ctx)
}

// configure writes the properties of one broker.
func (k *Kafka) configure(i int, o KafkaOptions, listeners []string, voters string) error {
	b := k.brokers[i]
	name := fmt.Sprintf("kafka-%d", i)
	data := k.dir
	if i < len(o.Disks) && o.Disks[i] != "" {
		data = o.Disks[i]
	}
	data = filepath.Join(data, name)
	b.properties, b.log = filepath.Join(k.dir, name+".properties"), filepath.Join(k.dir, name+".log")
	var listen, advertise, protocols []string
	for _, l := range listeners {
		at := address(k.Host, b.ports[l])
		listen = append(listen, l+"://"+at)
		if l == proxied {
			at = b.proxy.Addr()
		}
		if l != controller {
			advertise = append(advertise, l+"://"+at)
		}
		protocol := map[string]string{sasl: "SASL_SSL", mutual: "SSL"}[l]
		if protocol == "" {
			protocol = "PLAINTEXT"
		}
		protocols = append(protocols, l+":"+protocol)
	}
	copies := strconv.Itoa(min(3, len(k.brokers)))
	least := strconv.Itoa(min(2, len(k.brokers)))
	settings := map[string]string{
		"process.roles": "broker,controller", "node.id": strconv.Itoa(i + 1), "log.dirs": data,
		"controller.quorum.voters": voters, "controller.listener.names": controller, "inter.broker.listener.name": plain,
		"listeners": strings.Join(listen, ","), "advertised.listeners": strings.Join(advertise, ","),
		"listener.security.protocol.map": strings.Join(protocols, ","),

		"auto.create.topics.enable":  "false",
		"default.replication.factor": copies, "min.insync.replicas": least,
		"offsets.topic.replication.factor": copies, "offsets.topic.num.partitions": "5",
		"transaction.state.log.replication.factor": copies, "transaction.state.log.min.isr": least, "transaction.state.log.num.partitions": "5",

		// Few threads: many brokers and what they are tested with share a machine.
		"num.network.threads": "2", "num.io.threads": "4", "num.replica.fetchers": "1", "num.recovery.threads.per.data.dir": "1",
		"background.threads": "2", "group.coordinator.threads": "1", "log.cleaner.dedupe.buffer.size": "4194304",

		// A dead broker is noticed within seconds, and a group needs no grace at its start.
		"broker.heartbeat.interval.ms": "500", "broker.session.timeout.ms": "3000",
		"controller.quorum.append.linger.ms": "5", // its other times are Kafka's own: shorter ones make a busy machine vote again and again
		"controller.socket.timeout.ms":       "2000", "replica.socket.timeout.ms": "2000", "socket.connection.setup.timeout.ms": "2000",
		"replica.lag.time.max.ms": "5000", "replica.fetch.backoff.ms": "200",
		"group.initial.rebalance.delay.ms": "0", "group.min.session.timeout.ms": "1000",
		"group.consumer.min.session.timeout.ms": "1000", "group.consumer.session.timeout.ms": "3000",
		"group.consumer.min.heartbeat.interval.ms": "100", "group.consumer.heartbeat.interval.ms": "500",
		"transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
	}
	if o.Secure {
		maps.Copy(settings, k.secure())
	}
	maps.Copy(settings, o.Settings)
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&text, "%s=%s\n", name, strings.ReplaceAll(settings[name], `\`, `\\`))
	}
	return os.WriteFile(b.properties, []byte(text.String()), 0o600)
}

// secure gives the settings of the listeners that ask for something.
func (k *Kafka) secure() map[string]string {
	const modules = "org.apache.kafka.common.security."
	return map[string]string{
		"ssl.keystore.type": "PEM", "ssl.keystore.location": k.Certificates.serverBoth,
		"ssl.truststore.type": "PEM", "ssl.truststore.location": k.Certificates.CA,
		"listener.name.mutual.ssl.client.auth":              "required",
		"listener.name.sasl.sasl.enabled.mechanisms":        "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
		"listener.name.sasl.plain.sasl.jaas.config":         fmt.Sprintf("%splain.PlainLoginModule required user_%s=%q;", modules, k.User, k.Password),
		"listener.name.sasl.scram-sha-256.sasl.jaas.config": modules + "scram.ScramLoginModule required;",
		"listener.name.sasl.scram-sha-512.sasl.jaas.config": modules + "scram.ScramLoginModule required;",
		"connection.failed.authentication.delay.ms":         "10",
	}
}

// newClusterID is a random UUID as Kafka writes it. None begins with a dash, which would
// make it an option of the command that it is given to.
func newClusterID() string {
	id := make([]byte, 16)
	for {
		_, _ = rand.Read(id) // it never fails
		if text := base64.RawURLEncoding.EncodeToString(id); text[0] != '-' {
			return text
		}
	}
}

// format makes the brokers' folders known to each other as one cluster, and the user of
// SCRAM known to it.
func (k *Kafka) format(ctx context.Context) error {
	args := []string{"format", "--cluster-id", newClusterID()}
	if k.Certificates != nil {
		for _, mechanism := range []string{"SCRAM-SHA-256", "SCRAM-SHA-512"} {
			args = append(args, "--add-scram", fmt.Sprintf("%s=[name=%s,password=%s]", mechanism, k.User, k.Password))
		}
	}
	failed := make([]error, len(k.brokers))
	var all sync.WaitGroup
	for i, b := range k.brokers {
		all.Go(func() {
			p, err := launch(k.command(ctx, "kafka.tools.StorageTool", slices.Concat(args, []string{"--config", b.properties})...), k.side, nil, b.log)
			if err == nil {
				err = p.wait(ctx)
			}
			failed[i] = err
		})
	}
	all.Wait()
	return errors.Join(failed...)
}
