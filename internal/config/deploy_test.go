package config_test

import (
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/kithdata/kith/internal/config"
)

const deploy = "../../deploy"

// examples are what the variables of deploy may be.
var examples = map[string]string{
	"KITH_WEB_KEY": "a-write-key", "KITH_HASH_KEY": strings.Repeat("0f", 32), "KITH_KAFKA_PASSWORD": "a-password",
	"KITH_DSN": "postgres://kith:a-password@db:5432/kith?sslmode=verify-full", "KITH_BROKERS": "kafka-1:9092,kafka-2:9092,kafka-3:9092",
	"KITH_ADVERTISE": "http://kith-1:8471",
}

// deployed reads the documents of a YAML file.
func deployed(t *testing.T, path string) (all []map[string]any) {
	t.Helper()
	for text := range strings.SplitSeq("\n"+deployedText(t, path), "\n---\n") {
		var doc map[string]any
		if err := yaml.Load([]byte(text), &doc); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all = append(all, doc)
	}
	return all
}

func deployedText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(deploy, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// under walks maps and lists: names, and numbers of list items.
func under(t *testing.T, doc any, path ...any) any {
	t.Helper()
	for i, step := range path {
		switch at := doc.(type) {
		case map[string]any:
			name, _ := step.(string)
			value, ok := at[name]
			if !ok {
				t.Fatalf("there is no %v", path[:i+1])
			}
			doc = value
		case []any:
			n, ok := step.(int)
			if !ok || n >= len(at) {
				t.Fatalf("there is no %v", path[:i+1])
			}
			doc = at[n]
		default:
			t.Fatalf("%v is neither map nor list", path[:i])
		}
	}
	return doc
}

func TestDeployedYAMLParses(t *testing.T) {
	n := 0
	err := filepath.WalkDir(deploy, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(path) == ".yaml" {
			rel, _ := filepath.Rel(deploy, path)
			for _, doc := range deployed(t, rel) {
				if len(doc) == 0 {
					t.Errorf("%s has an empty document", rel)
				}
			}
			n++
		}
		return err
	})
	if err != nil || n < 6 {
		t.Errorf("%d files: %v", n, err)
	}
}

// TestDeployedProjects: they load, on a cluster, and not while a secret is empty.
func TestDeployedProjects(t *testing.T) {
	for _, path := range []string{"kith.yaml", "kubernetes/kith.yaml"} {
		at, text := filepath.Join(deploy, path), deployedText(t, path)
		asked := map[string]bool{}
		tree, err := config.Parse(at, []byte(text), func(name string) (string, bool) {
			asked[name] = true
			value, ok := examples[name]
			return value, ok
		})
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if tree.Engine.Cluster == nil || tree.Engine.Cluster.HashKey == "" || tree.Engine.Cluster.Advertise == "" || len(tree.Tracking) == 0 {
			t.Errorf("%s: an engine, a hash key, an address or a source is missing", path)
		}
		for name := range asked {
			_, err := config.Parse(at, []byte(text), func(n string) (string, bool) {
				if n == name {
					return "", true
				}
				return examples[n], true
			})
			if err == nil {
				t.Errorf("%s loads with %s empty", path, name)
			}
		}
	}
}

// variables are the names that a file of NAME=VALUE lines sets; all values must be empty.
func variables(t *testing.T, path string) (names []string) {
	t.Helper()
	for line := range strings.Lines(deployedText(t, path)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || value != "" {
			t.Errorf("%s: %s has a value", path, name)
		}
		names = append(names, name)
	}
	return names
}

// TestNoDeployedPasswordHasADefault: what compose takes from outside it insists on, and
// each process is given all that its project asks for.
func TestNoDeployedPasswordHasADefault(t *testing.T) {
	compose := deployedText(t, "compose.yaml")
	env := variables(t, ".env.example")
	used := map[string]bool{}
	for _, m := range regexp.MustCompile(`\$\{([A-Z_]+)([^}]*)\}`).FindAllStringSubmatch(compose, -1) {
		used[m[1]] = true
		if !slices.Contains(env, m[1]) || !strings.HasPrefix(m[2], ":?") {
			t.Errorf("%s is not in .env.example, or need not be set", m[0])
		}
	}
	if len(used) != len(env) {
		t.Errorf("of %v, compose uses %v", env, used)
	}
	secret := regexp.MustCompile(`(?i)^\s*-?\s*"?[\w.]*(password|secret|_key|dsn)"?:\s*(\S.*)$`)
	for _, path := range []string{"compose.yaml", "kith.yaml", "kubernetes/kith.yaml", "kubernetes/statefulset.yaml"} {
		for line := range strings.Lines(deployedText(t, path)) {
			if m := secret.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil && !strings.Contains(m[2], "${") {
				t.Errorf("%s has a secret in the clear: %s", path, strings.TrimSpace(line))
			}
		}
	}
	asks := func(path string) (names []string) {
		for _, m := range regexp.MustCompile(`\$\{([A-Z_]+)\}`).FindAllStringSubmatch(deployedText(t, path), -1) {
			names = append(names, m[1])
		}
		return names
	}
	services, _ := under(t, deployed(t, "compose.yaml")[0], "services").(map[string]any)
	for _, name := range []string{"kith-1", "kith-2"} {
		given, _ := under(t, services, name, "environment").(map[string]any)
		for _, asked := range asks("kith.yaml") {
			if given[asked] == nil {
				t.Errorf("%s is not given %s", name, asked)
			}
		}
	}
	given := variables(t, "kubernetes/secret.env.example")
	pod := under(t, deployed(t, "kubernetes/statefulset.yaml")[0], "spec", "template", "spec", "containers", 0, "env")
	for _, e := range pod.([]any) {
		given = append(given, under(t, e, "name").(string))
	}
	for _, asked := range asks("kubernetes/kith.yaml") {
		if !slices.Contains(given, asked) {
			t.Errorf("Pods are not given %s", asked)
		}
	}
}

// portOf is the port that a project listens on.
func portOf(t *testing.T, path string) string {
	t.Helper()
	tree, err := config.Parse(filepath.Join(deploy, path), []byte(deployedText(t, path)), func(name string) (string, bool) { return examples[name], true })
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(tree.API.Listen)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func TestComposePortsMatch(t *testing.T) {
	port := portOf(t, "kith.yaml")
	if !strings.Contains(deployedText(t, "Dockerfile"), "EXPOSE "+port+"\n") {
		t.Error("the image exposes another port")
	}
	services, _ := under(t, deployed(t, "compose.yaml")[0], "services").(map[string]any)
	published := map[string]bool{}
	for name, service := range services {
		if !strings.HasPrefix(name, "kith-") {
			continue
		}
		u, err := url.Parse(under(t, service, "environment", "KITH_ADVERTISE").(string))
		if err != nil || u.Hostname() != name || u.Port() != port || under(t, service, "hostname") != name {
			t.Errorf("%s advertises %v", name, u)
		}
		parts := strings.Split(under(t, service, "ports", 0).(string), ":")
		if len(parts) != 3 || parts[0] != "127.0.0.1" || parts[2] != port || published[parts[1]] {
			t.Errorf("%s publishes %v", name, parts)
		}
		published[parts[1]] = true
		if check := fmt.Sprint(under(t, service, "healthcheck", "test")); !strings.Contains(check, "/127.0.0.1/"+port+" ") || !strings.Contains(check, "/readyz") {
			t.Errorf("%s is asked by %s", name, check)
		}
		for broker := range strings.SplitSeq(under(t, service, "environment", "KITH_BROKERS").(string), ",") {
			host, _, _ := net.SplitHostPort(broker)
			if listeners := fmt.Sprint(under(t, services, host, "environment", "KAFKA_ADVERTISED_LISTENERS")); !strings.Contains(listeners, "CLIENT://"+broker) {
				t.Errorf("%s calls %s, which advertises %s", name, broker, listeners)
			}
		}
	}
	if len(published) < 2 {
		t.Errorf("%d processes", len(published))
	}
}

func TestKubernetesPortsMatch(t *testing.T) {
	port := portOf(t, "kubernetes/kith.yaml")
	set := deployed(t, "kubernetes/statefulset.yaml")[0]
	container := under(t, set, "spec", "template", "spec", "containers", 0)
	if got := fmt.Sprint(under(t, container, "ports", 0, "containerPort")); got != port {
		t.Errorf("the container has port %s", got)
	}
	name := under(t, container, "ports", 0, "name")
	for probe, path := range map[string]string{"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"} {
		if get := under(t, container, probe, "httpGet"); under(t, get, "port") != name || under(t, get, "path") != path {
			t.Errorf("%s asks %v", probe, get)
		}
	}
	labels := fmt.Sprint(under(t, set, "spec", "template", "metadata", "labels"))
	headless := ""
	for _, service := range deployed(t, "kubernetes/service.yaml") {
		if under(t, service, "spec", "ports", 0, "targetPort") != name || fmt.Sprint(under(t, service, "spec", "ports", 0, "port")) != port ||
			fmt.Sprint(under(t, service, "spec", "selector")) != labels {
			t.Errorf("a service leads elsewhere: %v", service)
		}
		if spec, _ := under(t, service, "spec").(map[string]any); spec["clusterIP"] == "None" {
			headless = under(t, service, "metadata", "name").(string)
		}
	}
	if under(t, set, "spec", "serviceName") != headless {
		t.Errorf("the Pods' names are not those of service %q", headless)
	}
	advertised := ""
	for _, e := range under(t, container, "env").([]any) {
		if under(t, e, "name") == "KITH_ADVERTISE" {
			advertised = under(t, e, "value").(string)
		}
	}
	if want := "http://$(POD_NAME)." + headless + ".$(POD_NAMESPACE).svc.cluster.local:" + port; advertised != want {
		t.Errorf("Pods advertise %s, want %s", advertised, want)
	}
	budget := deployed(t, "kubernetes/poddisruptionbudget.yaml")[0]
	if fmt.Sprint(under(t, budget, "spec", "selector", "matchLabels")) != labels {
		t.Error("the disruption budget is of other Pods")
	}
}
