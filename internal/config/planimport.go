package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/kit/errs"
)

// Codes of what can keep a tracking plan from being imported.
const (
	CodePlanFile       errs.Code = "tracking_plan"
	CodeContractExists errs.Code = "contract_exists"
)

// PlanRequest says which tracking plan to import, and where to.
type PlanRequest struct {
	Project string // its folder or file
	Plan    string // the plan's file
	Source  string // the tracking source that the plan is of
	Dir     string // folder of contracts, relative to the project
	Force   bool   // write over files that say something else
}

// PlanImport is what an import made.
type PlanImport struct {
	Files   []PlanFile `json:"files"`
	Left    []string   `json:"left_out,omitempty"` // what became no contract
	Streams string     `json:"streams"`            // YAML, to be put into the project's file
}

// PlanFile is one contract of an import.
type PlanFile struct {
	Path   string   `json:"path"` // as kith.yaml names it
	Stream string   `json:"stream"`
	Event  string   `json:"event,omitempty"`
	Fields int      `json:"fields"`
	State  string   `json:"state"` // made, unchanged or overwritten
	Left   []string `json:"left_out,omitempty"`

	text []byte
	at   string // the path, absolute
}

// ImportPlan writes the contracts of a tracking plan to files, one each. It writes
// either all of them or, where one is there already with another content, none.
func ImportPlan(req PlanRequest) (*PlanImport, error) {
	if !validName(req.Source, true) {
		return nil, errs.New(CodeName, "the source's name cannot be one").Fix("name the tracking source as kith.yaml does, with --source")
	}
	text, err := readPlan(req.Plan)
	if err != nil {
		return nil, err
	}
	plan, err := contract.ParseTrackingPlan(text)
	if err != nil {
		return nil, errs.Wrap(CodePlanFile, "importing a tracking plan", err).At(req.Plan)
	}
	project := req.Project
	if info, err := os.Stat(project); err == nil && !info.IsDir() {
		project = filepath.Dir(project)
	}
	files := planFiles(plan, req.Source, req.Dir)
	for i := range files {
		if files[i].at = filepath.FromSlash(files[i].Path); !filepath.IsAbs(files[i].at) {
			files[i].at = filepath.Join(project, files[i].at)
		}
	}
	if err := settle(files, req.Force); err != nil {
		return nil, err
	}
	for _, f := range files {
		if err := f.write(); err != nil {
			return nil, errs.New(CodeContractFile, "cannot be written: "+reason(err)).At(f.Path).Fix("name a folder that can be written to, with --dir")
		}
	}
	streams, err := planStreams(files, req.Source)
	if err != nil {
		return nil, err
	}
	return &PlanImport{Files: files, Left: plan.Left, Streams: streams}, nil
}

func readPlan(path string) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // the reader names the file
	if err != nil {
		return nil, errs.New(CodePlanFile, "cannot be read: "+reason(err)).At(path).Fix("name a file that holds a tracking plan as JSON")
	}
	defer f.Close() //nolint:errcheck // it was read only
	text, err := io.ReadAll(io.LimitReader(f, contract.MaxPlanBytes+1))
	if err != nil {
		return nil, errs.New(CodePlanFile, "cannot be read: "+reason(err)).At(path).Fix("name a file that holds a tracking plan as JSON")
	}
	return bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), nil
}

// planStreamOf is the stream of a tracking source that a call's records are in.
func planStreamOf(call string) string {
	switch call {
	case "identify":
		return "users"
	case "track":
		return "events"
	}
	return call + "s"
}

// planFiles names each contract's file. Names are made of letters, digits and
// underscores, whatever the events are called, and differ in more than case.
func planFiles(plan *contract.TrackingPlan, source, dir string) []PlanFile {
	files := make([]PlanFile, len(plan.Calls))
	taken := map[string]bool{}
	name := func(i int, slug string) {
		free := slug
		for n := 2; taken[free]; n++ {
			free = fmt.Sprintf("%s_%d", slug, n)
		}
		taken[free] = true
		files[i].Path = filepath.ToSlash(filepath.Join(dir, source, free+".json"))
	}
	for i, c := range plan.Calls { // those of whole streams first: their names do not depend on events
		files[i] = PlanFile{Stream: source + "." + planStreamOf(c.Call), Event: c.Event, Fields: c.Fields, Left: c.Left, text: c.Text}
		if c.Event == "" {
			name(i, planStreamOf(c.Call))
		}
		if c.Event == "" && c.Call != "identify" && c.Call != "group" {
			files[i].Event = contract.AnyEvent
		}
	}
	for i, c := range plan.Calls {
		switch {
		case c.Event == "":
		case c.Call == "track":
			name(i, slug(c.Event))
		default:
			name(i, c.Call+"_"+slug(c.Event))
		}
	}
	return files
}

// maxSlug is the longest name of a file that is made of an event's.
const maxSlug = 80

// devices are what Windows takes for no file.
var devices = regexp.MustCompile(`^(con|prn|aux|nul|com.|lpt.)$`)

// slug is a name that a file can have on every system.
func slug(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case b.Len() >= maxSlug:
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	s := strings.TrimSuffix(b.String(), "_")
	switch {
	case s == "":
		return "event"
	case devices.MatchString(s):
		return "event_" + s
	}
	return s
}

// settle finds out what becomes of each file, and fails where one would be lost.
func settle(files []PlanFile, force bool) error {
	var faults []error
	for i := range files {
		f := &files[i]
		old, err := os.ReadFile(f.at)
		switch {
		case err == nil && bytes.Equal(old, f.text):
			f.State = "unchanged"
		case errors.Is(err, fs.ErrNotExist):
			f.State = "made"
		case force:
			f.State = "overwritten"
		default:
			faults = append(faults, errs.New(CodeContractExists, "the file is there already, and says something else").At(f.Path).
				Fix("import into another folder with --dir, or write over it with --force"))
		}
	}
	if more := len(faults) - maxFaults; more > 0 {
		faults = append(faults[:maxFaults], errs.New(CodeManyFaults, fmt.Sprintf("and %d files more", more)))
	}
	return errors.Join(faults...)
}

func (f *PlanFile) write() error {
	if f.State == "unchanged" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(f.at), 0o755); err != nil { //nolint:gosec // contracts are for others to read
		return err
	}
	mode := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if f.State == "overwritten" {
		mode = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	file, err := os.OpenFile(f.at, mode, 0o644) //nolint:gosec // contracts are for others to read
	if err != nil {
		return err
	}
	_, err = file.Write(f.text)
	return errors.Join(err, file.Close())
}

// planStreams is what to put into a project's file.
func planStreams(files []PlanFile, source string) (string, error) {
	streams := &yaml.Node{Kind: yaml.MappingNode}
	for _, name := range []string{"events", "pages", "screens", "users", "groups"} {
		full := source + "." + name
		settings, events := &yaml.Node{Kind: yaml.MappingNode}, &yaml.Node{Kind: yaml.MappingNode}
		for _, f := range files {
			switch {
			case f.Stream != full:
			case f.Event == "":
				settings.Content = append(settings.Content, yamlText("contract", 0), yamlText(f.Path, 0))
			default:
				events.Content = append(events.Content, yamlText(f.Event, yaml.DoubleQuotedStyle), yamlText(f.Path, 0))
			}
		}
		if len(events.Content) > 0 {
			settings.Content = append(settings.Content, yamlText("contracts", 0), events)
		}
		if len(settings.Content) > 0 {
			streams.Content = append(streams.Content, yamlText(full, 0), settings)
		}
	}
	if len(streams.Content) == 0 {
		return "", nil
	}
	out, err := yaml.Dump(&yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{yamlText("streams", 0), streams}})
	if err != nil {
		return "", errs.Wrap(CodePlanFile, "writing the streams of a tracking plan", err)
	}
	return string(out), nil
}

func yamlText(s string, style yaml.Style) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s, Style: style}
}
