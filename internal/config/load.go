package config

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"

	"github.com/kithdata/kith/internal/api"
	"github.com/kithdata/kith/internal/destination/webhook"
	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/pipeline"
	"github.com/kithdata/kith/internal/source/file"
	"github.com/kithdata/kith/internal/source/tracking"
	hook "github.com/kithdata/kith/internal/source/webhook"
	"github.com/kithdata/kith/internal/warehouse"
)

// MaxFile is the most bytes that a configuration file may have.
const MaxFile = 4 << 20

// FileName is what a project's file is called.
const FileName = "kith.yaml"

// Tree is every room's Config, from one file. All its paths are absolute.
type Tree struct {
	Name      string
	Path      string        // of the file itself
	Data      string        // folder of the embedded log and state, the warehouse, keys and audit chain
	Engine    engine.Config // exactly one of its two is there; see EmbeddedAt for the other
	Files     []file.Config
	Tracking  []tracking.Config
	Hooks     []hook.Config // webhooks that come in
	Webhooks  []webhook.Config
	Warehouse warehouse.Config
	API       api.Config
	Pipeline  pipeline.Config
	Rules     Rules
	// Contracts holds, by full stream name, the file that the stream's contract is
	// mirrored to, whether or not it exists yet.
	Contracts map[string]string
}

// Load reads the file at path, or kith.yaml within it where path is a folder. env
// looks variables up. The error joins all that is wrong, each an *errs.Error that
// says where and how to mend it.
func Load(path string, env func(name string) (string, bool)) (*Tree, error) {
	path, data, err := readProject(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, data, env)
}

// readProject reads a project's file, by its own path or its folder's.
func readProject(path string) (string, []byte, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, FileName)
	}
	f, err := os.Open(path)
	if err != nil {
		return path, nil, errs.New(CodeUnreadable, "cannot be opened: "+reason(err)).At(path).
			Fix("name a project's file or folder, or make one with kith init")
	}
	defer func() { _ = f.Close() }() // only read from
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return path, nil, errs.New(CodeUnreadable, "cannot be read: "+reason(err)).At(path).Fix("check the disk and the file's rights")
	}
	return path, data, nil
}

// Parse is Load of a file's content: path is its name in faults, and its folder is
// where relative paths start.
func Parse(path string, data []byte, env func(name string) (string, bool)) (*Tree, error) {
	return parse(path, data, env, spec(), (*builder).build)
}

func parse(path string, data []byte, env func(name string) (string, bool), whole field, build func(*builder, *value)) (*Tree, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, errs.New(CodeUnreadable, "has no absolute path: "+reason(err)).At(path).Fix("change into a folder that exists")
	}
	r := &reader{faults: &faults{file: path}, env: env, dir: filepath.Dir(abs)}
	if len(data) > MaxFile {
		r.addAt(1, 1, CodeTooLarge, fmt.Sprintf("the file has more than %d bytes", MaxFile), "a project's file is a few pages; check that it is the one you meant")
		return nil, r.err()
	}
	b := &builder{reader: r, tree: &Tree{Path: abs, Contracts: map[string]string{}}}
	if root := r.document(data); root != nil {
		if isNull(root) || root.Kind == 0 {
			root = &yaml.Node{Kind: yaml.MappingNode, Line: 1, Column: 1}
		}
		if v := r.read(root, whole, "", 0); v != nil {
			build(b, v)
		}
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return b.tree, nil
}

func loadYAML(data []byte, doc *yaml.Node) error {
	return yaml.Load(data, doc, yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
}

// builder fills the tree from values that fit their fields, and checks what lies
// between them.
type builder struct {
	*reader
	tree    *Tree
	sources map[string]sourceKind
	types   []string // identifier types, strongest first
	mailbox bool     // e-mail identifiers name mailboxes
}

// sourceKind is what streams need to know of a source.
type sourceKind struct {
	kind  string // as the type key says; "" where that was faulty
	index int    // within the tree's list of its kind
	node  *yaml.Node
}

func (b *builder) build(v *value) {
	t := b.tree
	t.Name = v.get("name").text()
	if t.Name != "" && !validProject(t.Name) {
		b.add(v.get("name").at(), CodeName, "name has characters or a length that no label can hold", "use up to 100 letters, digits, spaces, dots, dashes and underscores")
	}
	t.Data = b.resolve(v.get("data").textOr("data"))
	b.engine(v.get("engine"))
	b.warehouse(v.get("warehouse"))
	b.server(v.get("server"))
	b.pipeline(v.get("pipeline"))
	b.quarantine(v.get("quarantine"))
	b.identity(v.get("identity"))
	b.buildSources(v.get("sources"))
	b.buildStreams(v.get("streams"))
	b.golden(v.get("golden"))
	b.destinations(v.get("destinations"))
	t.Rules.sort()
	if len(b.list) == 0 {
		b.rooms(v)
	}
}
