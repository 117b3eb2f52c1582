package config

import (
	"errors"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/quality"
)

// LoadRules is Load for the rules alone: of the rest of the file it asks no more than
// that its settings exist, and of sources their types. So a file that is tried and not
// run needs no secret, and no variable but those that the rules name.
func LoadRules(path string, env func(name string) (string, bool)) (Rules, error) {
	path, data, err := readProject(path)
	if err != nil {
		return Rules{}, err
	}
	tree, err := parse(path, data, env, rulesSpec(), (*builder).buildRules)
	if err != nil {
		return Rules{}, err
	}
	return tree.Rules, nil
}

// rulesSpec is the spec without what no rule depends on.
func rulesSpec() field {
	root := spec()
	for i := range root.fields {
		f := &root.fields[i]
		switch f.key {
		case "name", "streams", "identity", "golden":
		case "sources":
			source := *f.item
			source.variants = slices.Clone(source.variants)
			for j := range source.variants {
				source.variants[j].fields = ignoring(source.variants[j].fields)
			}
			f.item = &source
		default:
			f.shape = ignored
		}
	}
	return root
}

// ignoring gives fields by the same names, of which nothing is asked.
func ignoring(fields []field) []field {
	all := make([]field, len(fields))
	for i, f := range fields {
		all[i] = field{key: f.key, shape: ignored}
	}
	return all
}

func (b *builder) buildRules(v *value) {
	b.identity(v.get("identity"))
	b.buildSources(v.get("sources"))
	b.buildStreams(v.get("streams"))
	b.golden(v.get("golden"))
	b.tree.Rules.sort()
	if len(b.list) == 0 {
		b.judge(v, b.tree.Rules.validate())
	}
}

// validate asks every room for the faults of its part of the rules.
func (r *Rules) validate() (all []error) {
	all = append(all, contract.Validate(r.Streams)...)
	all = append(all, cleanse.Validate(r.Cleanse)...)
	all = append(all, quality.Validate(r.Quality)...)
	return append(all, r.Identity.Validate())
}

// ReadRules reads rules that somebody sent, in Marshal's form. It fails with
// CodeBadFix.
func ReadRules(data []byte) (Rules, error) {
	var r Rules
	if err := json.Unmarshal(data, &r, json.RejectUnknownMembers(true)); err != nil {
		return Rules{}, errs.New(CodeBadFix, "the rules are not of this version's form").Fix("have a kith of the server's version send them")
	}
	if all := each(errors.Join(r.validate()...)); len(all) > 0 {
		return Rules{}, errs.New(CodeBadFix, all[0].What).At(all[0].Where).Fix(all[0].Mend)
	}
	return r.canonical(), nil
}
