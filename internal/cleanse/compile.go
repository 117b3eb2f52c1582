package cleanse

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/kit/errs"
)

// maxRenamed bounds how many paths with dots a stream remembers the names of.
const maxRenamed = 4096

// attrName is the attribute's name of a field that no attribute reads.
func (st *stream) attrName(path string) string {
	if strings.IndexByte(path, '.') < 0 {
		return path
	}
	if name, ok := st.renamed.Load(path); ok {
		return name.(string)
	}
	name := strings.ReplaceAll(path, ".", "_")
	if st.count.Add(1) <= maxRenamed {
		st.renamed.Store(strings.Clone(path), name)
	}
	return name
}

// compile makes a stream's rules ready; its config is valid.
func (s *Stage) compile(c StreamConfig) (*stream, error) {
	st := &stream{name: c.Stream, consent: c.Consent}
	if st.consent == nil {
		st.consent = &ConsentConfig{Purpose: attrPurpose, Channel: attrChannel, Status: attrStatus, Proof: attrProof}
	}
	for _, a := range c.Attributes {
		st.order = append(st.order, a.Name)
	}
	slices.Sort(st.order)
	region := ""
	for _, a := range c.Attributes {
		if len(a.More) > 0 || len(asksOf(a.Steps)) > 0 {
			if err := s.combine(st, a); err != nil {
				return nil, err
			}
		} else {
			ch, err := s.chain(a.Steps, a.Type)
			if err != nil {
				return nil, err
			}
			st.attrs = append(st.attrs, attribute{name: a.Name, from: a.From, chain: ch})
		}
		for _, step := range a.Steps {
			if step.Name == "phone" {
				region = cmp.Or(region, step.Args["region"])
				s.assume(step.Args["region"])
			}
		}
	}
	for i := range st.attrs {
		st.attrs[i].place, _ = slices.BinarySearch(st.order, st.attrs[i].name)
	}
	for i := range st.combined {
		st.combined[i].place, _ = slices.BinarySearch(st.order, st.combined[i].name)
	}
	st.orderLate()
	compileFills(st, c)
	slices.SortStableFunc(st.attrs, func(a, b attribute) int {
		return cmp.Or(strings.Compare(a.from, b.from), strings.Compare(a.name, b.name))
	})
	var err error
	if st.phone, err = s.naming(typePhone, region); err != nil {
		return nil, err
	}
	provider := ""
	if c.Mailbox {
		provider = mailbox
		s.mu.Lock()
		s.mailboxes = true
		s.mu.Unlock()
	}
	if st.email, err = s.naming(typeEmail, provider); err != nil {
		return nil, err
	}
	for _, id := range c.Identifiers {
		m := identifier{typ: id.Type, from: id.From, chain: st.canonicalChain(id.Type), raw: id.Type == typePhone && region == ""}
		for _, a := range c.Attributes { // the first that reads the field
			if a.From == id.From && len(a.More) == 0 {
				m.attr = a.Name
				st.asking = st.asking || len(asksOf(a.Steps)) > 0
				n := len(a.Steps)
				m.ready = n > 0 && a.Type == "" && a.Steps[n-1].Name == id.Type && !(c.Mailbox && id.Type == typeEmail) && st.canonicalChain(id.Type) != nil // the steps are called as the types are
				break
			}
		}
		st.ids = append(st.ids, m)
	}
	return st, nil
}

func (s *Stage) assume(region string) {
	if region == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.regions[strings.ToUpper(region)] = true
}

// chain compiles steps and a final type, once for each spelling.
func (s *Stage) chain(steps []StepConfig, typ string) (*chain, error) {
	return s.spelt(spelling(steps, typ), func() (*chain, error) {
		c, faults := compileChain(steps, typ)
		if len(faults) > 0 {
			return nil, faults[0]
		}
		return c, nil
	})
}

// naming compiles the canonical form of a type's identifiers, once for each region, or way to read it;
// nil for types that have none. No configured step is spelt as these are.
func (s *Stage) naming(typ, region string) (*chain, error) {
	step := namingStep(typ, region)
	if step == nil {
		return nil, nil
	}
	return s.spelt("naming "+typ+" "+region, func() (*chain, error) {
		return &chain{steps: []stepFunc{step}, cached: true}, nil
	})
}

func (s *Stage) spelt(key string, compile func() (*chain, error)) (*chain, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.chains[key]; c != nil {
		return c, nil
	}
	c, err := compile()
	if err != nil {
		return nil, err
	}
	c.id = uint32(len(s.chains))
	s.chains[key] = c
	return c, nil
}

// spelling tells chains apart: equal ones, and only they, have one spelling.
func spelling(steps []StepConfig, typ string) string {
	var b strings.Builder
	for _, s := range steps {
		fmt.Fprintf(&b, "%q", s.Name)
		for _, name := range sortedNames(s.Args) {
			fmt.Fprintf(&b, "%q=%q", name, s.Args[name])
		}
		if s.List != nil {
			fmt.Fprintf(&b, "%q", s.List)
		}
		b.WriteByte(';')
	}
	return b.String() + typ
}

func sortedNames[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// ValidateStep gives the faults of one step by itself: what it says of other attributes
// is judged with the stream.
func ValidateStep(s StepConfig) []error {
	_, faults := compileChain([]StepConfig{s}, "")
	all := make([]error, len(faults))
	for i, fault := range faults {
		all[i] = fault
	}
	return all
}

// Validate gives every fault of a configuration.
func Validate(cfg []StreamConfig) []error {
	var faults []error
	seen := map[string]bool{}
	for i, c := range cfg {
		at := "streams." + c.Stream
		switch {
		case c.Stream == "":
			faults = append(faults, errs.New("stream_name", "a stream has no name").At("streams["+strconv.Itoa(i)+"]"))
		case seen[c.Stream]:
			faults = append(faults, errs.New("stream_twice", "two streams have this name").At(at))
		}
		seen[c.Stream] = true
		faults = append(faults, validateStream(at, c)...)
	}
	return faults
}

func validateStream(at string, c StreamConfig) []error {
	var faults []error
	names := map[string]bool{}
	for _, a := range c.Attributes {
		here := at + ".attributes." + a.Name
		if a.Name == "" || names[a.Name] {
			faults = append(faults, errs.New("attribute_name", "the attribute has no name, or one that is there twice").At(here))
		}
		names[a.Name] = true
		if a.From == "" {
			faults = append(faults, errs.New("attribute_from", "the attribute reads no field").At(here+".from").Fix("name the field it is made from"))
		}
		for _, from := range a.More {
			if from == "" {
				faults = append(faults, errs.New("attribute_from", "the attribute reads a field without a name").At(here+".from").Fix("name each field it is made from"))
			}
		}
		_, bad := compileChain(a.Steps, a.Type)
		for _, fault := range bad {
			fault.Where = here + fault.Where
			faults = append(faults, fault)
		}
		if a.Fill != nil {
			faults = append(faults, validateFill(here+".fill", c, a)...)
		}
	}
	faults = append(faults, validateAsks(at, c)...)
	for i, id := range c.Identifiers {
		if id.Type == "" || id.From == "" {
			faults = append(faults, errs.New("identifier_from", "the identifier has no type, or reads no field").At(at+".identifiers["+strconv.Itoa(i)+"]"))
		}
	}
	if k := c.Consent; k != nil && (k.Purpose == "" || k.Status == "") {
		faults = append(faults, errs.New("consent_paths", "a consent stream must say where purpose and status are").At(at+".consent").
			Fix("name a field, or a constant in single quotes"))
	}
	return faults
}
