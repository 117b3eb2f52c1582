package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/kithdata/kith/internal/api"
	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/identity"
	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/pipeline"
	"github.com/kithdata/kith/internal/record"
)

// stewards implements api.Stewards.
type stewards struct{ a *App }

// Decide appends a decision to the log. It names nodes: a profile stands for all
// its members at this moment.
func (s stewards) Decide(ctx context.Context, d *api.Decision) (*api.Decided, error) {
	var raw [12]byte
	_, _ = rand.Read(raw[:]) // never fails since Go 1.24
	id := "decision-" + hex.EncodeToString(raw[:])
	decision := identity.Decision{ID: id, Decided: clock.Micros(s.a.clock.Now()), Verb: d.Action}
	if d.Action == identity.Withdraw {
		return s.withdraw(ctx, d, decision)
	}
	var err error
	if decision.A, err = s.names(ctx, d.A); err != nil {
		return nil, err
	}
	if decision.B, err = s.names(ctx, d.B); err != nil {
		return nil, err
	}
	return s.put(ctx, decision)
}

func (s stewards) put(ctx context.Context, d identity.Decision) (*api.Decided, error) {
	props := d.Props()
	if _, err := identity.ParseDecision(props); err != nil {
		return nil, err
	}
	pos, err := s.a.door.PutControl(ctx, pipeline.StreamDecision, d.ID, props)
	if err != nil {
		return nil, err
	}
	return &api.Decided{ID: d.ID, Token: pos.Token()}, nil
}

// withdraw takes back the latest decision on the pair.
func (s stewards) withdraw(ctx context.Context, d *api.Decision, decision identity.Decision) (*api.Decided, error) {
	a, err := s.names(ctx, d.A)
	if err != nil {
		return nil, err
	}
	b, err := s.names(ctx, d.B)
	if err != nil {
		return nil, err
	}
	err = s.a.view(ctx, func(r engine.Reader, number uint32, g *generation) error {
		of, found, err := g.identity.DecisionOn(r, number, a, b)
		if err == nil && !found {
			err = errs.New("decision_unknown", "there is no decision on this pair").Fix("name the nodes that the decision named")
		}
		decision.Of = of
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.put(ctx, decision)
}

// names turns references into the names of nodes.
func (s stewards) names(ctx context.Context, refs []api.Ref) (names []identity.Name, err error) {
	for _, ref := range refs {
		if ref.Profile == "" {
			name, err := s.name(ctx, ref)
			if err != nil {
				return nil, err
			}
			names = append(names, name)
			continue
		}
		id, err := record.ParseProfileID(ref.Profile)
		if err != nil {
			return nil, err
		}
		row, err := profiles(s).Read(ctx, id, api.AsOf{})
		if err != nil {
			return nil, err
		}
		err = s.a.view(ctx, func(r engine.Reader, number uint32, g *generation) error {
			for _, member := range append([]record.NodeKey{row.ID}, row.Aliases...) {
				name, found, err := g.identity.NameOf(r, number, member)
				if err != nil {
					return err
				}
				if found {
					names = append(names, name)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return names, nil
}

func (s stewards) name(ctx context.Context, ref api.Ref) (identity.Name, error) {
	if ref.Customer != nil {
		return identity.Name{Source: ref.Customer.Source, Stream: ref.Customer.Stream, Key: ref.Customer.Key}, nil
	}
	ids := s.a.refine.cleanse.Canonical([]record.Identifier{{Type: ref.Identifier.Type, Value: ref.Identifier.Value}})
	if len(ids) > 1 {
		var err error
		if ids, err = s.known(ctx, ids); err != nil {
			return identity.Name{}, err
		}
		if len(ids) != 1 {
			return identity.Name{}, errs.New("bad_reference", fmt.Sprintf("the telephone number has no country code, and %d of those it could be are known", len(ids))).
				Fix("write it with + and its country code")
		}
	}
	if len(ids) == 0 {
		return identity.Name{Type: ref.Identifier.Type, Value: ref.Identifier.Value}, nil
	}
	return identity.Name{Type: ids[0].Type, Value: ids[0].Value}, nil
}

// known keeps the identifiers that some record has.
func (s stewards) known(ctx context.Context, ids []record.Identifier) (out []record.Identifier, err error) {
	err = s.a.view(ctx, func(r engine.Reader, number uint32, g *generation) error {
		for _, id := range ids {
			_, found, err := g.identity.NameOf(r, number, s.a.hasher.Identifier(id))
			if err != nil {
				return err
			}
			if found {
				out = append(out, id)
			}
		}
		return nil
	})
	return out, err
}

// node gives the node that a reference names; a profile stands for its founder.
func (s stewards) node(ctx context.Context, ref api.Ref) (record.NodeKey, error) {
	if ref.Profile != "" {
		return record.ParseProfileID(ref.Profile)
	}
	n, err := s.name(ctx, ref)
	if err != nil {
		return record.NodeKey{}, err
	}
	if n.Type != "" {
		return s.a.hasher.Identifier(record.Identifier{Type: n.Type, Value: n.Value}), nil
	}
	return s.a.hasher.Customer(n.Source, n.Stream, n.Key), nil
}

func apiRef(n identity.Name) api.Ref {
	if n.Type != "" {
		return api.Ref{Identifier: &api.Identifier{Type: n.Type, Value: n.Value}}
	}
	return api.Ref{Customer: &api.CustomerRef{Source: n.Source, Stream: n.Stream, Key: n.Key}}
}

// Review lists the links that were refused.
func (s stewards) Review(ctx context.Context, cursor string, limit int) (items []api.ReviewItem, next string, err error) {
	var after record.NodeKey
	if cursor != "" {
		if after, err = record.ParseProfileID(cursor); err != nil {
			return nil, "", err
		}
	}
	err = s.a.view(ctx, func(r engine.Reader, number uint32, g *generation) error {
		refused, err := g.identity.Review(r, number, after, limit)
		if err != nil {
			return err
		}
		for _, f := range refused {
			a, _, err := g.identity.NameOf(r, number, f.A)
			if err != nil {
				return err
			}
			b, _, err := g.identity.NameOf(r, number, f.B)
			if err != nil {
				return err
			}
			kind := "refused"
			if f.Class == identity.Must {
				kind = "contradiction"
			}
			item := api.ReviewItem{ID: f.A.String() + f.B.String(), Kind: kind, A: apiRef(a), B: apiRef(b), Reason: f.Why.String(), Detail: f.Type}
			items = append(items, item)
		}
		if len(refused) >= limit {
			next = refused[len(refused)-1].A.String()
		}
		return nil
	})
	return items, next, err
}

// Explain tells why two nodes are, or are not, one person.
func (s stewards) Explain(ctx context.Context, a, b api.Ref) (*api.Explanation, error) {
	from, err := s.node(ctx, a)
	if err != nil {
		return nil, err
	}
	to, err := s.node(ctx, b)
	if err != nil {
		return nil, err
	}
	out := &api.Explanation{Steps: []api.ExplainStep{}}
	err = s.a.view(ctx, func(r engine.Reader, number uint32, g *generation) error {
		e, err := g.identity.Explain(r, number, from, to)
		if err != nil {
			return err
		}
		x := explainer{r: r, number: number, g: g, out: out}
		return x.tell(e, from, to)
	})
	return out, err
}

// explainer puts identity's explanation into names and words.
type explainer struct {
	r      engine.Reader
	number uint32
	g      *generation
	out    *api.Explanation
}

func (x *explainer) tell(e identity.Explanation, from, to record.NodeKey) error {
	x.out.Same = e.Same
	for at, node := range map[*string]record.NodeKey{&x.out.ProfileA: from, &x.out.ProfileB: to} {
		id, found, gone, err := x.g.identity.ResolveID(x.r, x.number, node)
		if err != nil {
			return err
		}
		if found && !gone {
			*at = id.String()
		}
	}
	for _, step := range e.Path {
		if err := x.step(step.From, step.To, api.ExplainStep{Kind: kindOf(step.Class), Taken: true, Rule: ruleOf(step), Detail: supportOf(step)}); err != nil {
			return err
		}
	}
	for _, f := range e.Refused {
		if err := x.step(f.A, f.B, api.ExplainStep{Kind: kindOf(f.Class), Rule: f.Why.String(), Detail: f.Type + f.Decision}); err != nil {
			return err
		}
	}
	for _, k := range e.Generic {
		if err := x.step(k, k, api.ExplainStep{Kind: "exact", Rule: "generic", Detail: "too many people carry this value: it links nobody"}); err != nil {
			return err
		}
	}
	x.out.Summary = summaryOf(e)
	return nil
}

func (x *explainer) step(a, b record.NodeKey, s api.ExplainStep) error {
	for at, node := range map[*api.Ref]record.NodeKey{&s.A: a, &s.B: b} {
		name, _, err := x.g.identity.NameOf(x.r, x.number, node)
		if err != nil {
			return err
		}
		*at = apiRef(name)
	}
	x.out.Steps = append(x.out.Steps, s)
	return nil
}

func kindOf(c identity.Class) string {
	switch c {
	case identity.Must:
		return "must_link"
	case identity.Scored:
		return "scored"
	}
	return "exact"
}

func ruleOf(s identity.Step) string {
	switch {
	case s.Decision != "":
		return "decision " + s.Decision
	case s.Alias:
		return "alias"
	}
	return "same record"
}

// supportOf says what supports a link between two identifiers; one between a source
// customer and its identifier is supported by that customer's live record.
func supportOf(s identity.Step) string {
	var parts []string
	if s.Events {
		parts = append(parts, "events or consents name both")
	}
	if s.Objects > 0 {
		parts = append(parts, fmt.Sprintf("%d live objects name both", s.Objects))
	}
	return strings.Join(parts, "; ")
}

func summaryOf(e identity.Explanation) string {
	var text string
	switch {
	case e.Same:
		text = fmt.Sprintf("one person, by %d links", len(e.Path))
		if len(e.Path) == 1 {
			text = "one person, by one link"
		}
	case len(e.Refused) > 0:
		text = "two people: links between them were refused"
	case len(e.Generic) > 0:
		text = "two people: all that they share is generic"
	default:
		text = "two people: nothing that was received links them"
	}
	if e.Pending {
		text += " (a re-solve is queued: this may change)"
	}
	return text
}
